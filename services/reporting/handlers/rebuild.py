"""Building the projections anew from the event logs, beside the live ones, and swapping them.

Owns the steps and what makes them safe to be cut off anywhere: every step is a transaction of its
own, and only the last, the swap, is seen by questions and by the events' consumer.

While a generation is being built, the consumer notes for it what it applies to the live one
(`missed`). So whatever the live one has when they are swapped, the new one has too: either it was
in a log before the building began, and was read there, or it is noted. What neither has comes
through the queue and is claimed in the new one; what only the new one has is claimed there when it
comes through the queue.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from services.reporting.handlers.difference import Difference, differences
from services.reporting.handlers.projecting import project, project_within
from services.reporting.store.building import LEASE_S, Building
from services.reporting.store.live import READ_TIMEOUT_S
from shared.events import Event
from shared.fail_points import fail_point
from shared.store.mongo import Tx
from shared.store.replay import IDS_ASKED, EventLog, Failure, Stopped, apply

SWAP_WITH: Final = 500  # events applied in the swap itself: live projecting waits as long
SWAP_TIMEOUT_S: Final = 20.0
# No question that began before the swap still reads the old projections after so long.
DROP_AFTER_S: Final = READ_TIMEOUT_S + 2.0

Watch = Callable[[str, int, int], None]
"""Told of progress: the step, how many events of it are done, of how many."""


@dataclass(slots=True)
class Outcome:
    """What a rebuild has found and done.

    `before` and `after`: how many events each generation had applied when they were compared; the
    figures may differ by those that one of them had not yet. `waiting`: events whose predecessor
    is failed or discarded. `swapped`: whether the new projections are live.
    """

    read: int = 0
    before: int = 0
    after: int = 0
    differences: list[Difference] = field(default_factory=list)
    failed: dict[str, Failure] = field(default_factory=dict)
    waiting: dict[str, Event] = field(default_factory=dict)
    swapped: bool = False

    @property
    def clean(self) -> bool:
        """Whether every event is applied, and no figure differs by it."""
        return not (self.differences or self.failed or self.waiting)


class Rebuild:
    """One rebuild, by one process; a second at the same time is refused.

    Args: building: in reporting's database; it and the logs belong to one cluster and one client.
        pause: how the time is passed until the old projections may be dropped.
    """

    def __init__(
        self,
        building: Building,
        logs: Sequence[EventLog],
        watch: Watch,
        pause: Callable[[float], None],
    ) -> None:
        self._building = building
        self._logs = logs
        self._watch = watch
        self._pause = pause
        self._outcome = Outcome()
        self._discarded: set[str] = set()

    def run(self, *, dry_run: bool = False, keep: bool = False, fresh: bool = False) -> Outcome:
        """Build, compare and swap; go on with what an earlier run of the same code left unfinished.

        Args: dry_run: drop what was built instead of swapping. keep: the old projections stay until
            the next rebuild. fresh: do not go on with an earlier run.
        Raises: Stopped: another rebuild is at work, or an event that the live projections have
            cannot be applied anew: nothing was swapped. Unavailable (retryable), a PyMongoError:
            the database failed; run it again.
        Effects: live projections are not touched before the swap; it is one transaction.
        """
        self._hold()
        try:
            self._begin(fresh)
            self._read_logs()
            self._catch_up()
            self._compare()
            if dry_run:
                self._building.abandon()
            else:
                self._swap(keep)
        finally:
            self._building.release()
        return self._outcome

    def _hold(self) -> None:
        if not self._building.held():
            raise Stopped(
                f"another rebuild is at work, or was cut off less than {LEASE_S:.0f} s ago"
            )

    def _begin(self, fresh: bool) -> None:
        if self._building.begin(_code(), fresh=fresh):
            fail_point("rebuild.after_begin")
        self._discarded = self._building.discarded()

    # Applying

    def _read_logs(self) -> None:
        marks = self._building.marks()
        done = self._building.applied()
        total = sum(log.count() for log in self._logs)
        for log in self._logs:
            for events, mark in log.read(marks.get(log.producer)):
                self._hold()
                self._apply(events)
                self._building.keep_mark(log.producer, mark)
                fail_point("rebuild.after_batch")
                self._outcome.read += len(events)
                done += len(events)
                self._watch("reading the event logs", done, max(done, total))

    def _apply(self, events: Sequence[Event]) -> None:
        wanted = [each for each in events if each.id not in self._discarded]
        early, failed = apply(partial(project, store=self._building.new), wanted)
        self._outcome.waiting.update({each.id: each for each in early})
        self._outcome.failed.update({each.event.id: each for each in failed})

    def _catch_up(self) -> None:
        """Apply what was applied to the live projections meanwhile, until hardly any is left.

        Raises: Stopped: one of these events cannot be applied.
        """
        done = 0
        while noted := self._building.missed(IDS_ASKED):
            self._hold()
            self._apply(self._building.histories(self._logs, noted))
            if stuck := self._building.wanting(noted):
                raise Stopped(self._explain(stuck))
            self._building.forget_missed(noted)
            done += len(noted)
            self._watch("catching up", done, done)
            if len(noted) < SWAP_WITH:
                break

    def _explain(self, ids: Sequence[str]) -> str:
        reasons = {
            self._outcome.failed[each].reason for each in ids if each in self._outcome.failed
        }
        return (
            f"{len(ids)} events of the live projections cannot be applied anew, nothing was "
            f"swapped: {', '.join(ids[:5])} ({', '.join(sorted(reasons)) or 'not in the logs'})"
        )

    # Comparing and swapping

    def _compare(self) -> None:
        self._watch("comparing the figures", 0, 0)
        with self._building.live.snapshot() as live, self._building.new.snapshot() as new:
            before, after = live.position() or {}, new.position() or {}
        self._outcome.before = before.get("events_applied", 0)
        self._outcome.after = after.get("events_applied", 0)
        self._outcome.differences = differences(self._building.live, self._building.new)
        # Some of those that could not be applied were by a later attempt.
        for kept in (self._outcome.failed, self._outcome.waiting):
            for each in set(kept).difference(self._building.wanting(list(kept))):
                del kept[each]

    def _swap(self, keep: bool) -> None:
        building = self._building
        old, _ = building.live.live()
        while not self._outcome.swapped:
            self._catch_up()
            fail_point("rebuild.before_swap")
            self._outcome.swapped = building.live.transact(
                partial(self._swap_within, old), SWAP_TIMEOUT_S
            )
        fail_point("rebuild.after_swap")
        building.tidy()
        if not keep:
            self._watch("letting the last questions to the old projections end", 0, 0)
            self._pause(DROP_AFTER_S)
            building.drop(old)

    def _swap_within(self, old: str, tx: Tx) -> bool:
        """Returns False if the live projections have meanwhile run too far ahead."""
        building = self._building
        building.stop_live(old, tx)
        noted = building.missed(SWAP_WITH + 1, tx)
        if len(noted) > SWAP_WITH:
            return False
        project_within(building.histories(self._logs, noted, tx), building.new, tx)
        if stuck := building.wanting(noted, tx):
            raise Stopped(self._explain(stuck))
        building.go_live(tx)
        return True


def _code() -> str:
    """Tells whether what an earlier run has built was built by the same code."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()
