"""A backup put back from its verification to the first event that is published again: the order of
the steps, and what must be so before anything is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from operations.archive import broker, catalogue, keys, positions
from operations.archive.format import Damaged
from operations.archive.manifest import Manifest
from operations.archive.positions import Gap
from operations.archive.putting import put
from operations.archive.republishing import republish
from operations.failure import CannotRun
from operations.progress import Count, Watch
from operations.server import Client, connected
from operations.settings import Settings
from shared.access import ALL_DATABASES

Confirm = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Restored:
    """The backup that was put back, what it left of the feed's positions, and how many events are
    published again."""

    manifest: Manifest
    gap: Gap
    events: int


def restore(
    settings: Settings,
    folder: Path,
    watch: Watch,
    confirm: Confirm,
    *,
    replace: bool = False,
    new_broker: bool = False,
    feed_gap: int = positions.GAP,
) -> Restored:
    """Replace all databases by the backup's, and have the broker forget what is newer.

    Args: confirm: asked once before anything is deleted. replace: the databases may hold something.
        new_broker: there is an empty one, of which nothing is asked. feed_gap: more entries than
        the feed can have got between the backup and its loss.
    Raises: CannotRun: the backup is damaged or a service runs, and nothing was touched; the broker
        or the database failed, and the databases are incomplete: restore again, replacing them.
    """
    with _readable(folder):
        manifest = _verified(folder, watch)
        with connected(settings.mongo_uri) as client:
            held = _held(client, manifest)
            if held and not replace:
                raise CannotRun(
                    f"the databases are not empty ({', '.join(held)}): nothing was touched; "
                    "--replace deletes what they hold"
                )
            if not new_broker:
                broker.require_stopped(settings.amqp_uri)
            if held and not confirm(f"Delete what {', '.join(held)} hold now?"):
                raise CannotRun("nothing was touched")
            if not new_broker:
                broker.forget_events(settings.amqp_uri, settings.retry_delays_s)
            replaced = positions.head(client)
            count = Count(watch, "Restoring", manifest.documents)
            put(client, manifest, folder, lambda _, written: count.add(written))
            gap = positions.leave_gap(client, replaced, feed_gap)
            return Restored(manifest, gap, republish(client, lambda _: None).events)


def restore_keys(settings: Settings, folder: Path, watch: Watch) -> list[str]:
    """Put lost data keys back, and nothing else; the ids of those put back.

    Raises: CannotRun: the backup is damaged, or as `keys.put_back`; may be repeated.
    """
    with _readable(folder):
        manifest = _verified(folder, watch)
        with connected(settings.mongo_uri) as client:
            return keys.put_back(client, manifest, folder)


def _verified(folder: Path, watch: Watch) -> Manifest:
    manifest = Manifest.load(folder)
    if lacking := set(ALL_DATABASES) - {file.database for file in manifest.files}:
        raise Damaged(f"{folder} lacks {', '.join(sorted(lacking))}")
    count = Count(watch, "Verifying", manifest.documents)
    manifest.verify(folder, lambda _, documents: count.add(documents))
    return manifest


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except Damaged as error:
        raise CannotRun(str(error)) from error
    except OSError as error:
        raise CannotRun(f"{folder}: {error.strerror}") from error


def _held(client: Client, manifest: Manifest) -> list[str]:
    """Which of the databases hold anything."""
    names = [file.database for file in manifest.files]
    return sorted({each.database for each in catalogue.collections(client, names)})
