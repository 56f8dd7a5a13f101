"""Work that a service does beside its requests, by itself: when it starts, and again from time to
time.

An errand catches up with what a release before has left behind, or what a fault has cut off; it
finds by itself what is to be done, and on most looks there is nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

from shared.errors import Unavailable
from shared.host.component import Component
from shared.host.store import store_of
from shared.store.lease import Lease
from shared.store.mongo import Store
from shared.telemetry import describe

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Store)

RETRY_S: Final = 5.0
AGAIN_S: Final = 600.0  # a replica of the release before may add to it until it is replaced
_LEASE_S: Final = 15.0


class Errand(Component, Generic[S]):
    """A thread that works on the store, in one replica at a time.

    Args: kind: of the store. work: takes the store and a question to be asked before each
        transaction, whether to go on; returns how much it has done. It bears being cut off anywhere
        and begun again, for a moment even beside another replica. done: what to log of that number.
        again_s: until the next look.
    """

    def __init__(
        self,
        kind: type[S],
        work: Callable[[S, Callable[[], bool]], int],
        done: str,
        again_s: float = AGAIN_S,
    ) -> None:
        self._kind = kind
        self._work = work
        self._done = done
        self._again_s = again_s

    def start(self) -> None:
        store = store_of(self.container, self._kind)
        lease = Lease(store.db, self.attr_name, _LEASE_S)
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(store, lease), name=self.attr_name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(RETRY_S)

    def _run(self, store: S, lease: Lease) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = self._again_s
            try:
                if done := self._work(store, lambda: not self._stopping.is_set() and lease.held()):
                    log.info(self._done, done)
            except Unavailable as error:
                log.warning("%s put off: %s", self.attr_name, describe(error.__cause__ or error))
                wait = RETRY_S
            except Exception:  # the next look may be luckier; nothing else depends on it
                log.exception("%s failed", self.attr_name)
        with suppress(Unavailable):
            lease.release()
