"""Claimed → projected: each copy that a consumer keeps of a record is as of the last step that it
has claimed, and says the same; each person stands in the sets of what is known of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pyroaring import BitMap

from operations.audit.log import Entry, steps
from operations.audit.tally import Tally
from services.reporting.rules.projections import document, facts_of
from shared.events import Event
from shared.nouns import Noun

Behind = Callable[[Entry], None]


def check(
    tally: Tally,
    noun: Noun,
    key: str,
    stored: Mapping[str, Any] | None,
    log: Sequence[Entry],
    copy: Mapping[str, Any] | None,
    behind: Behind,
) -> None:
    """Compare reporting's copy of one record with the log.

    Args: stored: the record. behind: told of each event that the copy does not contain yet.
    """
    first, _ = steps(log)
    version = copy["version"] if copy else 0
    for each in first:
        if each.sequence > version:
            behind(each)
    if copy is None:
        return
    if version == 0:
        _stranger(tally, key, stored)
        return
    tally.match(f"{key}#{version}")
    at = next((each for each in first if each.sequence == version), None)
    if at is not None:
        if not at.problem and not _alike(noun, at, copy):
            tally.differs(
                f"reporting's copy of {noun.name} {key} is not what step {version} says",
                **at.ids,
            )
    elif version > max((stored or {}).get("version", 0), first[-1].sequence if first else 0):
        tally.differs(
            f"reporting has {noun.name} {key} as of step {version}, which nobody took",
            noun=noun.name,
            subject=key,
        )


def check_subject(
    tally: Tally, noun: str, key: str, last: int, log: Sequence[Entry], known: int, behind: Behind
) -> None:
    """Compare the last step of a subject that notifications has applied with the log.

    Args: last: the step as of which the subject is stored. known: 0 if notifications has none.
    """
    for each in steps(log)[0]:
        if each.sequence > known:
            behind(each)
    if not known:
        return
    tally.match(f"{noun}/{key}#{known}")
    if known > max(last, *(each.sequence for each in log), 0):
        tally.differs(
            f"notifications has {noun} {key} as of step {known}, which nobody took",
            noun=noun,
            subject=key,
        )


def _stranger(tally: Tally, key: str, stored: Mapping[str, Any] | None) -> None:
    """A person whom reporting has met on sheets alone; their own events are told apart."""
    if stored is None:
        tally.missing(
            f"participant {key} is on sheets and not stored", noun="participant", subject=key
        )


def _alike(noun: Noun, at: Entry, copy: Mapping[str, Any]) -> bool:
    if noun.name == "participant":
        return frozenset(copy["facts"]) == facts_of(at.data)
    event = Event(at.id, at.type, "", at.subject, at.sequence, datetime.now(UTC), dict(at.data))
    return document(event) == copy


class Sets:
    """The sets of people of whom a fact holds, as the people's own facts say."""

    def __init__(self) -> None:
        self._members: defaultdict[str, list[int]] = defaultdict(list)
        self._seen = BitMap()

    def add(self, person: Mapping[str, Any]) -> None:
        self._seen.add(person["n"])
        for fact in person["facts"]:
            self._members[fact].append(person["n"])

    def check(
        self,
        tally: Tally,
        stored: Iterable[Mapping[str, Any]],
        names: Callable[[Iterable[int]], list[str]],
    ) -> None:
        """Compare with the stored sets, as far as people were added here."""
        found: defaultdict[str, BitMap] = defaultdict(BitMap)
        for chunk in stored:
            found[chunk["_id"].rpartition("/")[0]] |= BitMap.deserialize(chunk["bits"])
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
