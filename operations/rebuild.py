"""A rebuild of reporting's projections, as the user `operator` runs it."""

from __future__ import annotations

import time

from operations.failure import CannotRun
from operations.server import connected
from services.reporting.handlers.rebuild import Outcome, Rebuild, Watch
from services.reporting.store.building import Building, event_logs
from shared.errors import HubError
from shared.store.replay import Stopped


def rebuild_reporting(
    uri: str, watch: Watch, *, dry_run: bool = False, keep: bool = False, fresh: bool = False
) -> Outcome:
    """As `Rebuild.run`. Raises: CannotRun: it was stopped, or the database failed: run it again."""
    try:
        with connected(uri) as client:
            building = Building(client["reporting"])
            rebuild = Rebuild(building, event_logs(client), watch, time.sleep)
            return rebuild.run(dry_run=dry_run, keep=keep, fresh=fresh)
    except Stopped as error:
        raise CannotRun(f"rebuild: {error}") from error
    except (CannotRun, HubError) as error:
        # Of a database's error the class alone: its text may repeat what it was sent.
        why = error if isinstance(error, CannotRun) else type(error.__cause__ or error).__name__
        raise CannotRun(f"rebuild: {why}; run it again to go on") from error
