"""Pure set algebra: a person is a bit, a sheet is a set of bits, a figure is a size.

Owns what the four figures mean and how they fall into cells. Every figure is computed when it is
asked for, from the sheets themselves, so that cells add up to their total by construction and a
correction has nothing left behind to correct.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pyroaring import BitMap

from services.reporting.rules.activities import UNKNOWN, Announced, Keys
from services.reporting.rules.lives import NOBODY, Lives
from services.reporting.rules.regions import region

PERSON_DIMENSIONS: Final = ("sex", "age_band", "group", "group_any", "disability", "residence")
BY_YEAR: Final = frozenset({"age_band", "residence"})
"""Dimensions in which a person's category follows from the year as well."""
OVERLAPPING: Final = frozenset({"group_any"})
"""Dimensions in which one person may stand in several categories: their cells do not add up."""

COUNTED: Final = ("held", "reported", "validated")
NOT_COUNTED: Final = ("planned", "cancelled")

Bits: TypeAlias = Mapping[str, Mapping[str, BitMap]]
"""Who is what: attribute, value of the attribute, the people who have it."""
AgeBand: TypeAlias = Callable[[int | None, int], str]
"""The band of a birth year in a reference year."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of an activity: how many were stated, who came to what.

    `year` is that in which the activity begins, and of ages; `sheets` have everybody under the
    number of the day; `begins`: whether it does so here, or was counted as an activity elsewhere.
    """

    year: int
    announced: Announced
    sheets: Sequence[BitMap]
    begins: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the cells it falls into, in the order of the dimensions asked for."""

    total: int
    cells: Mapping[Keys, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """The four figures of one set of activities, never blurred."""

    announced: Figure
    person_sessions: Figure
    unique_per_activity: Figure
    unique_people: Figure


@dataclass(frozen=True, slots=True)
class _Category:
    """One dimension's categories, and everybody who is in one of them."""

    members: Mapping[str, BitMap]
    known: BitMap


class Cells:
    """Splits sets of people into the cells of up to three crossed dimensions."""

    def __init__(self, by: Sequence[str], bits: Bits, age_band: AgeBand) -> None:
        """`bits` holds each dimension of `by`; `birth_year` instead of `age_band`, and of
        `residence` what `home` says."""
        self.by = tuple(by)
        self.by_year = not BY_YEAR.isdisjoint(by)
        self._bits = bits
        self._age_band = age_band
        self._axes: dict[tuple[str, int], _Category] = {}

    def split(self, weighted: Sequence[BitMap], year: int) -> Counter[Keys]:
        """How many stand in each cell; a person in `weighted[i]` counts 2**i times.

        Args: year: the one in which ages are reckoned, and at whose end regions are looked up.
        """
        found: Counter[Keys] = Counter()
        if self.by and any(weighted):
            self._split(weighted, [self._axis(dim, year) for dim in self.by], (), found)
        return found

    def _split(
        self, weighted: Sequence[BitMap], axes: list[_Category], keys: Keys, found: Counter[Keys]
    ) -> None:
        axis, *further = axes
        for name, members in axis.members.items():
            if further:
                inside = [layer & members for layer in weighted]
                if any(inside):
                    self._split(inside, further, (*keys, name), found)
            elif size := _size(layer.intersection_cardinality(members) for layer in weighted):
                found[(*keys, name)] += size
        outside = [layer - axis.known for layer in weighted]
        if any(outside):
            if further:
                self._split(outside, further, (*keys, UNKNOWN), found)
            else:
                found[(*keys, UNKNOWN)] += _size(map(len, outside))

    def _axis(self, dim: str, year: int) -> _Category:
        known_as = (dim, year if dim in BY_YEAR else 0)
        if known_as not in self._axes:
            of_year = {"age_band": self._ages, "residence": self._regions}.get(dim)
            members = of_year(year) if of_year else dict(self._bits.get(dim, {}))
            members.pop(UNKNOWN, None)  # whoever has no known value is found by difference
            self._axes[known_as] = _Category(members, union(members.values()))
        return self._axes[known_as]

    def _ages(self, year: int) -> dict[str, BitMap]:
        bands: defaultdict[str, BitMap] = defaultdict(BitMap)
        for birth_year, members in self._bits.get("birth_year", {}).items():
            bands[self._age_band(int(birth_year), year)] |= members
        return dict(bands)

    def _regions(self, year: int) -> dict[str, BitMap]:
        regions: defaultdict[str, BitMap] = defaultdict(BitMap)
        for place_id, members in self._bits.get("residence", {}).items():
            regions[region(place_id, f"{year:04}-12-31") or UNKNOWN] |= members
        return dict(regions)


def figures(activities: Iterable[Counted], cells: Cells, lives: Lives = NOBODY) -> Figures:
    """The four figures of these activities, split into cells.

    Age, and in which region a home lies, is that of the year of each activity for person-sessions
    and unique per activity; for unique people, of whom there is one each however many years they
    came, of the year of the last of these activities to which the person came. So no cell depends
    on what else was asked. What else changes in life is that of the day of the session for
    person-sessions; unique per activity, that of the last of its sessions here to which the person
    came; of unique people, that of the last of all.
    """
    announced: Counter[Keys] = Counter()
    announced_total = 0
    firsts: defaultdict[int, list[BitMap]] = defaultdict(list)  # who came, once per activity
    again: defaultdict[int, list[BitMap]] = defaultdict(list)  # who came to further sessions of it
    for activity in activities:
        announced_total += activity.announced.total
        if cells.by:
            activity.announced.add_to(announced, cells.by)
        year = activity.year if cells.by_year else 0
        came = BitMap()
        for present in activity.sheets:
            if came and (repeated := came & present):
                again[year].append(repeated)
            came |= present
        if lives.days_matter and (earlier := came - lives.once(came)):
            again[year].append(earlier)
            came -= earlier
        firsts[year].append(came)
    per_activity = _sum(firsts, cells)
    repeats = _sum(again, cells)
    return Figures(
        announced=Figure(announced_total, announced),
        person_sessions=Figure(
            per_activity.total + repeats.total, Counter(per_activity.cells) + Counter(repeats.cells)
        ),
        unique_per_activity=per_activity,
        unique_people=_people(firsts, cells, lives),
    )


def _people(came: Mapping[int, list[BitMap]], cells: Cells, lives: Lives) -> Figure:
    """Everybody once, as of the last year in which they came."""
    seen = BitMap()
    found: Counter[Keys] = Counter()
    by_year = {year: union(sets) for year, sets in came.items()}
    last = lives.last(union(by_year.values())) if lives.days_matter else {}
    for year in sorted(by_year, reverse=True):
        here = by_year[year]
        if last and (stale := here & BitMap(last)):
            here = (here - stale) | BitMap(last[each] for each in stale)
        last_came = here - seen
        found.update(cells.split([last_came], year))
        seen |= last_came
    return Figure(len(seen), found)


def union(sets: Iterable[BitMap]) -> BitMap:
    """Everybody who is in one of the sets."""
    found = [each for each in sets if each]
    return BitMap.union(*found) if found else BitMap()


def layers(sets: Iterable[BitMap]) -> list[BitMap]:
    """Add sets up bit by bit: who was in k sets is in exactly the layers of the binary digits of k.

    Splitting the few layers of a sum costs no more than splitting a few sets, however many were
    added; adding one costs a carry (a half adder on all people at once).
    """
    total: list[BitMap] = []
    for each in sets:
        carry = each
        for layer in total:
            overflow = layer & carry
            layer ^= carry  # in place
            carry = overflow
            if not carry:
                break
        if carry:
            total.append(BitMap(carry))
    return total


def _sum(by_year: Mapping[int, list[BitMap]], cells: Cells) -> Figure:
    found: Counter[Keys] = Counter()
    if cells.by:
        for year, sets in by_year.items():
            found.update(cells.split(layers(sets), year))
    return Figure(sum(len(each) for sets in by_year.values() for each in sets), found)


def _size(layer_sizes: Iterator[int]) -> int:
    return sum(size << position for position, size in enumerate(layer_sizes))
