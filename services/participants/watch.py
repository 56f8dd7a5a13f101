"""Watches the data key while the service runs, and has it proved that what is sealed can be opened.

Every replica looks for itself whether the key is still there, because what it seals without one is
lost; one of them, under a lease, proves and notes (`services.participants.store.proof`), and
seals anew what the release before has sealed (`services.participants.store.resealing`).
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from services.participants.layout import KEYLESS_COUNT, LOST, OPENED, UNREADABLE_COUNT
from services.participants.store import ParticipantStore
from services.participants.store.proof import prove
from services.participants.store.resealing import count_left, reseal
from shared.errors import Unavailable
from shared.host.component import Component
from shared.host.store import store_of
from shared.store.lease import Lease
from shared.telemetry import describe

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0
PROVE_S: Final = 30.0
RESEAL_S: Final = 1.0  # in each look
_LEASE_S: Final = 15.0


class DataKey(Component):
    """Not ready while the data key is lost."""

    _store: ParticipantStore

    def start(self) -> None:
        self._store = store_of(self.container, ParticipantStore)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="data key", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(LOOK_S)

    def ready(self) -> bool:
        """Whether the data key was there and opened when it was last looked for."""
        return self._thread.is_alive() and not self._store.cipher.lost

    def _run(self) -> None:
        lease = Lease(self._store.db, "proof", _LEASE_S)
        prove_at = time.monotonic()
        while not self._stopping.is_set():
            try:
                self._look()
                if lease.held() and time.monotonic() >= prove_at:
                    prove_at = time.monotonic() + PROVE_S
                    self._prove()
                if lease.held() and self._store.cipher.needs_before:
                    self._reseal()
            except Unavailable as error:  # whether the database answers, others watch
                log.warning("data key not looked for: %s", describe(error.__cause__ or error))
            except Exception:  # the watch outlives whatever it meets: nobody else looks for the key
                log.exception("data key not looked for")
            self._stopping.wait(LOOK_S)

    def _look(self) -> None:
        cipher = self._store.cipher
        before = cipher.lost
        cipher.check()
        if cipher.lost and not before:
            log.critical(
                "the data key is gone from %s, or is another: nothing is sealed or opened until it "
                "is back; restore it from the newest backup that holds it (foscao restore --keys)",
                cipher.vault.full_name,
            )
        elif before and not cipher.lost:
            log.warning("the data key is back")

    def _reseal(self) -> None:
        """For a while: people are registered beside it."""
        until = time.monotonic() + RESEAL_S
        passed_over = set[str]()
        while reseal(self._store, passed_over):
            if time.monotonic() > until or self._stopping.is_set():
                break
        if left := count_left(self._store):
            log.info("%d records of the release before are still to be sealed anew", left)
        else:
            log.warning("all records of the release before are sealed anew")

    def _prove(self) -> None:
        proof = prove(self._store)
        if proof[LOST] or proof[UNREADABLE_COUNT] or proof[KEYLESS_COUNT]:
            log.critical(
                "what is sealed cannot all be opened: %d keys lost, those of %d people gone, %d of "
                "%d records unreadable; see foscao doctor",
                len(proof[LOST]),
                proof[KEYLESS_COUNT],
                proof[UNREADABLE_COUNT],
                proof[UNREADABLE_COUNT] + proof[OPENED],
            )
