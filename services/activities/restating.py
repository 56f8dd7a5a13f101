"""Has scores restated while the service runs (`services.activities.handlers.restating`)."""

from __future__ import annotations

import logging
import threading
from typing import Final

from services.activities.handlers.restating import restate
from services.activities.store import ActivityStore
from shared.errors import Unavailable
from shared.host.component import Component
from shared.host.store import store_of
from shared.telemetry import describe

log = logging.getLogger(__name__)

RETRY_S: Final = 5.0
AGAIN_S: Final = 600.0  # a replica of the release before may tell sums until it is replaced


class Restating(Component):
    """A thread that looks when the service starts, and again from time to time."""

    def start(self) -> None:
        self._store = store_of(self.container, ActivityStore)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="restating", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(RETRY_S)

    def _run(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = AGAIN_S
            try:
                if done := restate(self._store, lambda: not self._stopping.is_set()):
                    log.info("the scores of %d sheets were told anew", done)
            except Unavailable as error:
                log.warning("scores not told anew yet: %s", describe(error.__cause__ or error))
                wait = RETRY_S
            except Exception:  # the next look may be luckier; nothing else depends on it
                log.exception("scores not told anew")
