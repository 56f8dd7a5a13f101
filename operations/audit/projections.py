"""Claimed → projected: each copy that a consumer keeps of a record is as of the last step that it
has claimed, and says the same; each person stands in the sets of what is known of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pyroaring import BitMap

from operations.audit.groups import Session, Subject
from operations.audit.log import Entry, as_read_by, steps
from operations.audit.tally import Tally
from services.reporting.layout import BITS, VERSION
from services.reporting.rules.projections import document, facts_by_day
from services.reporting.store.people import person_of
from shared.events import Event
from shared.record_types import RecordType

Behind = Callable[[Entry], None]


def check(tally: Tally, record_type: RecordType, subject: Subject, behind: Behind) -> None:
    """Compare reporting's copy of one record with the log.

    Args: behind: told of each event that the copy does not contain yet.
    """
    key, copy = subject.key, subject.copy
    first, _ = steps(as_read_by("reporting", subject.log))
    version = copy[VERSION] if copy else 0
    for each in first:
        if each.sequence > version:
            behind(each)
    if copy is None:
        return
    if version == 0:
        _stranger(tally, key, subject.stored)
        return
    tally.match(f"{key}#{version}")
    at = next((each for each in first if each.sequence == version), None)
    if at is not None:
        if not at.problem and not _alike(record_type, at, copy):
            tally.differs(
                f"reporting's copy of {record_type.name} {key} is not what step {version} says",
                **at.ids,
            )
    elif version > max(subject.last, first[-1].sequence if first else 0):
        tally.differs(
            f"reporting has {record_type.name} {key} as of step {version}, which nobody took",
            noun=record_type.name,
            subject=key,
        )


def check_known(tally: Tally, record_type: str, subject: Subject | Session, behind: Behind) -> None:
    """Compare the last step of a subject that notifications has applied with the log.

    Args: behind: as above.
    """
    key, known = subject.key, subject.known
    log = as_read_by("notifications", subject.log)
    for each in steps(log)[0]:
        if each.sequence > known:
            behind(each)
    if not known:
        return
    tally.match(f"{record_type}/{key}#{known}")
    if known > max(subject.last, *(each.sequence for each in log), 0):
        tally.differs(
            f"notifications has {record_type} {key} as of step {known}, which nobody took",
            noun=record_type,
            subject=key,
        )


def _stranger(tally: Tally, key: str, stored: Mapping[str, Any] | None) -> None:
    """A person whom reporting has met on sheets alone; their own events are told apart."""
    if stored is None:
        tally.missing(
            f"participant {key} is on sheets and not stored", noun="participant", subject=key
        )


def _alike(record_type: RecordType, at: Entry, copy: Mapping[str, Any]) -> bool:
    if record_type.name == "participant":
        told, by_day = facts_by_day(at.data)
        person = person_of(copy)
        return (person.facts, person.into) == (told, at.data.get("merged_into")) and by_day == {
            day: each.facts for day, each in person.changes.items()
        }
    event = Event(at.id, at.type, "", at.subject, at.sequence, datetime.now(UTC), dict(at.data))
    return document(event) == copy


class Sets:
    """The sets of people of whom a fact holds, as the people's own facts say."""

    def __init__(self) -> None:
        self._members: defaultdict[str, list[int]] = defaultdict(list)
        self._seen = BitMap()

    def add(self, person: Mapping[str, Any]) -> None:
        for number, facts in person_of(person).held:
            self._seen.add(number)
            for fact in facts:
                self._members[fact].append(number)

    def check(
        self,
        tally: Tally,
        stored: Iterable[Mapping[str, Any]],
        names: Callable[[Iterable[int]], list[str]],
    ) -> None:
        """Compare with the stored sets, as far as people were added here."""
        found: defaultdict[str, BitMap] = defaultdict(BitMap)
        for chunk in stored:
            found[chunk["_id"].rpartition("/")[0]] |= BitMap.deserialize(chunk[BITS])
        for fact in sorted({*self._members, *found}):
            expected, there = BitMap(self._members[fact]), found[fact] & self._seen
            tally.expect(_key(fact, expected), len(expected))
            tally.find(_key(fact, there), len(there))
            for each in names(expected - there):
                tally.missing(
                    f"participant {each} is not in the set {fact}", participant=each, fact=fact
                )
            for each in names(there - expected):
                tally.double(
                    f"participant {each} is in the set {fact} and should not be",
                    participant=each,
                    fact=fact,
                )


def _key(fact: str, members: BitMap) -> str:
    return f"{fact}:{','.join(map(str, members))}"
