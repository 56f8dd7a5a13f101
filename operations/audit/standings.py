"""Who counts: people ↔ what was told of how they stand ↔ what activities keeps of it ↔ the rows of
its sheets, each of which says where it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from operations.audit.groups import Subject
from operations.audit.log import AuditClock, Entry, as_read_by, steps
from operations.audit.tally import Tally
from services.activities.layout import (
    AGAIN,
    COUNTS_IN,
    HEARD_AT,
    IS_PRESENT,
    MERGED_INTO,
    STATUS,
    participant_of,
)
from shared.layout import VERSION, WITHDRAWN
from shared.types import Document

Behind = Callable[[Entry], None]

_LOOKED_AT_AGAIN: Final = timedelta(minutes=10)
"""After which activities has looked once more at the sheets of whom it heard something."""


class Told:
    """Whether of everybody who is withdrawn that was told, and of nobody else."""

    def __init__(self) -> None:
        self._withdrawn: set[str] = set()
        self._told: set[str] = set()

    def person(self, subject: Subject) -> None:
        if subject.stored is not None and subject.stored[WITHDRAWN]:
            self._withdrawn.add(subject.key)

    def standing(self, subject: Subject) -> None:
        if subject.stored is not None and subject.stored[WITHDRAWN]:
            self._told.add(subject.key)

    def check(self, tally: Tally) -> None:
        for each in self._withdrawn:
            tally.expect(each)
        for each in self._told:
            tally.find(each)
        for each in sorted(self._withdrawn - self._told):
            tally.missing(f"participant {each} is withdrawn, which was not told", participant=each)
        for each in sorted(self._told - self._withdrawn):
            tally.double(
                f"participant {each} was told to be withdrawn and is not", participant=each
            )


def check_copy(tally: Tally, subject: Subject, behind: Behind) -> None:
    """Compare what activities keeps of how a person stands with the log.

    Args: behind: told of each event that it does not contain yet.
    """
    key, copy = subject.key, subject.copy
    first, _ = steps(as_read_by("activities", subject.log))
    version = copy[VERSION] if copy else 0
    at = None
    for each in first:
        if each.sequence > version:
            behind(each)
        elif each.sequence == version:
            at = each
    if copy is None or not version:
        return
    tally.match(f"{key}#{version}")
    said = (WITHDRAWN, MERGED_INTO)
    if at is None or (not at.problem and [copy[n] for n in said] != [at.data[n] for n in said]):
        tally.differs(
            f"activities has participant {key} as of step {version}, and no event says that",
            participant=key,
        )


class Standings:
    """How people stand, as activities has heard it.

    Args: heard: of whom something was.
    """

    def __init__(self, heard: Iterable[Document], clock: AuditClock) -> None:
        self._heard = {each["_id"]: each for each in heard}
        self._clock = clock

    def check(self, tally: Tally, session: str, rows: Sequence[Document]) -> None:
        """Compare which rows of a sheet count with which should."""
        present = [row for row in rows if row[STATUS] == IS_PRESENT]
        count = {participant_of(row["_id"]) for row in present if COUNTS_IN not in row}
        people: dict[str, list[str]] = {}
        for who in sorted(participant_of(row["_id"]) for row in present):
            people.setdefault(self._person(who), []).append(who)
        shall = {
            person if person in ids else ids[0]
            for person, ids in people.items()
            if not self._of(person).get(WITHDRAWN)
        }
        if count == shall:
            tally.match(session, len(shall))
        elif any(self._lately(who) for person, ids in people.items() for who in (person, *ids)):
            tally.in_flight += 1
        else:
            tally.expect(session + "".join(sorted(shall)), len(shall))
            tally.find(session + "".join(sorted(count)), len(count))
            for each in sorted(count - shall):
                text = "counts, whose person is withdrawn or counted by another row"
                tally.double(
                    f"session {session}: the row of participant {each} {text}",
                    session=session,
                    participant=each,
                )
            for each in sorted(shall - count):
                tally.missing(
                    f"session {session}: the row of participant {each} should count and does not",
                    session=session,
                    participant=each,
                )

    def _of(self, who: str) -> Mapping[str, object]:
        return self._heard.get(who, {})

    def _person(self, who: str) -> str:
        return str(self._of(who).get(MERGED_INTO) or who)

    def _lately(self, who: str) -> bool:
        """Whether the person's sheets may not have followed yet."""
        heard = self._heard.get(who)
        if heard is None:
            return False
        age = abs(self._clock.now - heard[HEARD_AT])
        return self._clock.fresh(heard[HEARD_AT]) or (AGAIN in heard and age < _LOOKED_AT_AGAIN)
