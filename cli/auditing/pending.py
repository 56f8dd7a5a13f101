"""Questions put off and asked together: events that a copy or the feed does not show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cli.auditing import feed
from cli.auditing.log import Entry
from cli.auditing.reading import Databases
from cli.auditing.tally import Tally
from shared.subscriptions import listens

_TOGETHER: Final = 2_000  # events asked about at once


@dataclass(slots=True)
class Behind:
    """Events that a consumer's copies do not contain: a loss where it has claimed them; else the
    bus accounts for them."""

    db: Databases
    consumer: str
    _waiting: list[tuple[Tally, Entry]] = field(default_factory=list)

    def add(self, tally: Tally, event: Entry) -> None:
        if listens(self.consumer, event.type):
            self._waiting.append((tally, event))
            if len(self._waiting) >= _TOGETHER:
                self.resolve()

    def resolve(self) -> None:
        """Ask for the claims of those that wait, and name those that have one."""
        claims = self.db.claims(self.consumer, {event.id for _, event in self._waiting})
        for tally, event in self._waiting:
            if event.id in claims:
                tally.expect(event.id)
                tally.missing(
                    f"{event.name} was applied by {self.consumer}, and what it keeps of "
                    f"{event.noun} {event.subject} is older",
                    consumer=self.consumer,
                    **event.ids,
                )
        self._waiting.clear()


@dataclass(slots=True)
class Overtaken:
    """Claimed events without an item: right where a later step of the subject came first."""

    db: Databases
    tally: Tally
    _waiting: list[Entry] = field(default_factory=list)

    def add(self, event: Entry) -> None:
        self._waiting.append(event)
        if len(self._waiting) >= _TOGETHER:
            self.resolve()

    def resolve(self) -> None:
        """Ask what came after them, and name those that nothing has overtaken."""
        subjects = {event.subject for event in self._waiting if event.noun != "attendance"}
        fields = ("type", "sequence")
        later = [
            (subject, row["type"].partition(".")[0], row["sequence"], row["_id"])
            for subject, row in self.db.by("activities", "outbox", "subject", subjects, fields)
        ]
        asked = {event.id for event in self._waiting} | {each[3] for each in later}
        claims = self.db.claims("notifications", asked)
        for event in self._waiting:
            if not any(
                (subject, noun) == (event.subject, event.noun)
                and sequence > event.sequence
                and key in claims
                and claims[key] < claims[event.id]
                for subject, noun, sequence, key in later
            ):
                feed.lost(self.tally, event)
        self._waiting.clear()
