"""A backup as the user `operator` takes it: of all databases, and of what can be opened again."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from operations.archive import catalogue
from operations.archive.manifest import Manifest
from operations.archive.taking import take
from operations.failure import CannotRun
from operations.progress import Count, Watch
from operations.sealed import look, troubles
from operations.server import Client, Session, connected
from shared.access import ALL_DATABASES


def back_up(uri: str, folder: Path, watch: Watch, *, unproven: bool = False) -> Manifest:
    """All databases as of one moment, in the new folder `folder`.

    Args: unproven: take it also if it is in doubt that people's names can be opened; the manifest
        then tells the doubts.
    Raises: CannotRun: it is in doubt, or as `take`; may be repeated.
    """
    with connected(uri) as client:
        documents = sum(
            client[each.database][each.name].estimated_document_count()
            for each in catalogue.collections(client, ALL_DATABASES)
        )
        count = Count(watch, "Backing up", documents)
        examine = partial(_doubts, client, unproven)
        return take(client, ALL_DATABASES, folder, lambda _, written: count.add(written), examine)


def _doubts(client: Client, unproven: bool, session: Session) -> list[str]:
    found = list(troubles(look(client["participants"], session)))
    if found and not unproven:
        raise CannotRun(
            "; ".join(f"{each.text} (remedy: {each.remedy})" for each in found)
            + ". No backup was taken; --unproven takes it all the same"
        )
    return [each.text for each in found]
