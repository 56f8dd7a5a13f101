"""Fail points: places in the code at which a process kills itself when told to, for tests of
crashes.

Owns the names. `FOSCAO_KILL_AT=relay.after_confirm` in a process's environment kills it (SIGKILL:
nothing is tidied up) the first time it comes by; `relay.after_confirm:3` the third time. Without
the variable, which no deployment sets, a point costs one comparison.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

NAMES: Final = (
    "transaction.before_commit",  # all written, nothing kept
    "transaction.after_commit",  # kept, and nobody knows
    "relay.before_publish",  # read from the outbox, not with the broker
    "relay.after_confirm",  # with the broker, not marked as published
    "consumer.before_apply",  # taken from the queue, nothing done
    "consumer.after_apply",  # applied, not acknowledged
    "consumer.after_delay",  # in a retry tier, not acknowledged
    "parking.after_park",  # in the parking lot, not acknowledged
    "rpc.before_reply",  # done, not answered
    "sender.after_post",  # the partner has it, the queue's cursor has not moved
    "gateway.before_answer",  # stored, the client not told
    "gateway.after_revoke",  # the key is dead, its webhooks are not closed
    "rebuild.after_begin",  # the consumer notes what it applies, nothing is read yet
    "rebuild.after_batch",  # part of the logs applied beside the live projections
    "rebuild.before_swap",  # all applied, the old projections live
    "rebuild.after_swap",  # the new ones live, the old ones still there
)


class _Appointment:
    """The point at which this process is to die, and how often it may still come by alive."""

    def __init__(self, told: str) -> None:
        self.name, _, count = told.partition(":")
        self._left = int(count or 1)
        self._lock = threading.Lock()

    def meet(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


_appointment = _Appointment(told) if (told := os.environ.get("FOSCAO_KILL_AT")) else None


def fail_point(name: str) -> None:
    """Die here if the environment said so. Does nothing else, ever."""
    if _appointment is not None and _appointment.name == name:
        _appointment.meet()
