"""Who is who in a figure: owns under which number a person counts on a day, and that each counts
once.

A sheet holds people under the numbers by which they were said to be there. Whoever has changed in
life has a further number from each day on; the facts that were true before all changes belong to
the first. A person merged into another counts as that one, under the number of the day. All others
have one number, and cost nothing here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyroaring import BitMap

from services.reporting.rules.scores import Test


@dataclass(frozen=True, slots=True)
class Life:
    """Somebody of whom something changed: their first number, the days from which further ones
    hold, ascending, and these."""

    number: int
    days: Sequence[str]
    further: Sequence[int]


@dataclass(frozen=True, slots=True)
class Lives:
    """Everybody of whom something changed, or who is one with another."""

    _merged: BitMap = field(default_factory=BitMap)
    _into: Mapping[int, int] = field(default_factory=dict)
    _changed: BitMap = field(default_factory=BitMap)
    _lives: Mapping[int, Life] = field(default_factory=dict)
    _whose: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Each number of somebody who changed: their first, and the place of it among theirs."""
    _theirs: BitMap = field(default_factory=BitMap)

    @classmethod
    def of(cls, changed: Iterable[Life], into: Mapping[int, int]) -> Lives:
        """Args: into: the first number of whoever is one with another → that one's, by `end`."""
        lives = {each.number: each for each in changed}
        whose = {
            number: (each.number, place)
            for each in lives.values()
            for place, number in enumerate((each.number, *each.further))
        }
        return cls(BitMap(into), into, BitMap(lives), lives, whose, BitMap(whose))

    @property
    def days_matter(self) -> bool:
        """Whether anybody counts under another number by the day."""
        return bool(self._lives)

    def people(self, said: BitMap) -> BitMap:
        """Those on a sheet, each as the person who they are, under their first number."""
        merged = said & self._merged
        if not merged:
            return said
        return (said - merged) | BitMap(self._into[each] for each in merged)

    def on(self, day: str, people: BitMap) -> BitMap:
        """These people, each under the number that holds on the day."""
        moved = people & self._changed
        if not moved:
            return people
        return (people - moved) | BitMap(self.number(each, day) for each in moved)

    def number(self, person: int, day: str) -> int:
        """The number under which a person counts on a day."""
        if (life := self._lives.get(person)) is None:
            return person
        passed = bisect_right(life.days, day)
        return life.further[passed - 1] if passed else person

    def last(self, came: BitMap) -> Mapping[int, int]:
        """Of those who came under several numbers: each that is not their last → the last."""
        of: defaultdict[int, list[int]] = defaultdict(list)
        for number in came & self._theirs:
            of[self._whose[number][0]].append(number)
        return {
            number: last
            for numbers in of.values()
            for last in (max(numbers, key=lambda each: self._whose[each][1]),)
            for number in numbers
            if number != last
        }

    def once(self, came: BitMap) -> BitMap:
        """Everybody who came, once, under the last number under which they did."""
        return came - BitMap(self.last(came)) if self._lives else came

    def tests(self, said: Mapping[int, Test]) -> Mapping[int, Test]:
        """The tests on a sheet, by person. Of one who is on it under two ids, what is said of the
        id that they have kept comes first."""
        if self._merged.isdisjoint(BitMap(said)):
            return said
        found: dict[int, Test] = {}
        for number in sorted(said, key=lambda each: (each in self._into, each)):
            person = self._into.get(number, number)
            pre, post = said[number]
            first, last = found.get(person, (None, None))
            found[person] = (pre if first is None else first, post if last is None else last)
        return found


NOBODY: Final = Lives()
"""Nobody has changed."""


def end(one: str, into: Mapping[str, str]) -> str:
    """Whom somebody counts as. Between the events of one merge there may be more than one step."""
    passed = {one}
    while (following := into.get(one)) is not None and following not in passed:
        passed.add(following)
        one = following
    return one
