"""Questions put off and asked together: events that a consumer's copies do not contain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from operations.audit.log import Entry
from operations.audit.tally import Tally

_TOGETHER: Final = 2_000  # events asked about at once


@dataclass(slots=True)
class Behind:
    """Events that a consumer's copies do not contain: a loss where it has claimed them; else the
    bus accounts for them.

    claimed: tells which of some events the consumer has claimed.
    """

    consumer: str
    claimed: Callable[[set[str]], set[str]]
    _waiting: list[tuple[Tally, Entry]] = field(default_factory=list)

    def add(self, tally: Tally, event: Entry) -> None:
        if event.heard_by(self.consumer):
            self._waiting.append((tally, event))
            if len(self._waiting) >= _TOGETHER:
                self.resolve()

    def resolve(self) -> None:
        """Ask which of those that wait are claimed, and name these."""
        claimed = self.claimed({event.id for _, event in self._waiting})
        for tally, event in self._waiting:
            if event.id in claimed:
                tally.expect(event.id)
                tally.missing(
                    f"{event.name} was applied by {self.consumer}, and what it keeps of "
                    f"{event.record_type} {event.subject} is older",
                    consumer=self.consumer,
                    **event.ids,
                )
        self._waiting.clear()
