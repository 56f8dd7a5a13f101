"""What a stage is found to be: counts, checksums, and the gaps and doubles by name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

_MODULUS: Final = 1 << 128


class FindingKind(StrEnum):
    """`parked` and `discarded`: an event that a person has to decide about, or has given up."""

    MISSING = "missing"
    DOUBLE = "double"
    DIFFERS = "differs"
    PARKED = "parked"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Finding:
    """One gap, double or difference: where, which, and in plain words."""

    stage: str
    kind: FindingKind
    text: str
    ids: dict[str, Any]


class Checksum:
    """A sum over a set of things that does not depend on their order (128 bits, BLAKE2b)."""

    __slots__ = ("_sum",)

    def __init__(self) -> None:
        self._sum = 0

    def add(self, thing: str) -> None:
        digest = hashlib.blake2b(thing.encode(), digest_size=16).digest()
        self._sum = (self._sum + int.from_bytes(digest)) % _MODULUS

    def __str__(self) -> str:
        return f"{self._sum:032x}"


@dataclass(slots=True)
class Tally:
    """One stage: `expected` by the stage before, `found` here; `most` findings are kept by name.

    `in_flight` is what is on its way still: neither found nor missing.
    """

    stage: str
    most: int = 20
    expected: int = 0
    found: int = 0
    in_flight: int = 0
    again: int = 0
    counts: dict[FindingKind, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    expected_sum: Checksum = field(default_factory=Checksum)
    found_sum: Checksum = field(default_factory=Checksum)

    @property
    def checksum_ok(self) -> bool:
        return str(self.expected_sum) == str(self.found_sum)

    @property
    def clean(self) -> bool:
        return not self.counts and self.checksum_ok

    def expect(self, key: str, count: int = 1) -> None:
        """`count` things shall be here; `key` says which."""
        self.expected += count
        self.expected_sum.add(key)

    def find(self, key: str, count: int = 1) -> None:
        """`count` things are here; `key` says which."""
        self.found += count
        self.found_sum.add(key)

    def match(self, key: str, count: int = 1) -> None:
        """What shall be here, is."""
        self.expect(key, count)
        self.find(key, count)

    def missing(self, text: str, count: int = 1, **ids: Any) -> None:
        self._name(FindingKind.MISSING, text, count, ids)

    def double(self, text: str, count: int = 1, **ids: Any) -> None:
        self._name(FindingKind.DOUBLE, text, count, ids)

    def differs(self, text: str, count: int = 1, **ids: Any) -> None:
        self._name(FindingKind.DIFFERS, text, count, ids)

    def undecided(self, kind: FindingKind, text: str, **ids: Any) -> None:
        """An event that is not applied, and that is no loss: PARKED or DISCARDED."""
        self._name(kind, text, 1, ids)

    def _name(self, kind: FindingKind, text: str, count: int, ids: dict[str, Any]) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + count
        if len(self.findings) < self.most:
            self.findings.append(Finding(self.stage, kind, text, ids))


class Account:
    """The tallies of an audit, by stage, in the order in which the stages follow each other."""

    def __init__(self, most: int = 20) -> None:
        self._most = most
        self._tallies: dict[str, Tally] = {}

    def stage(self, name: str) -> Tally:
        """The stage's tally; a new one if it is named for the first time."""
        if name not in self._tallies:
            self._tallies[name] = Tally(name, self._most)
        return self._tallies[name]

    def __iter__(self) -> Iterator[Tally]:
        return iter(self._tallies.values())

    @property
    def clean(self) -> bool:
        return all(tally.clean for tally in self)
