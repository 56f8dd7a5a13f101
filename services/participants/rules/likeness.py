"""Owns which people of one chapter may be one and the same, by names that are written differently.

In two steps. *Keys* are all that the store can compare, and for equality alone: whoever shall be
found must share one, so they are generous. *Weighing* is for the few who share a key, with their
names at hand: how many others of the chapter would look as much alike by chance? A rare name in a
small village tells much; the commonest name of a country in its capital tells nothing, unless the
year of birth is known. Pure.

The idea is that of record linkage by Fellegi and Sunter (1969): what agrees counts by how often it
agrees between strangers. The keys with a letter left out follow the deletion neighbourhoods of
approximate dictionary search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Final, TypeVar

from services.participants.rules.spelling import parts, skeleton, sound

T = TypeVar("T")

MOST_KEYS: Final = 24
"""Keys of one person. Two names make about ten; what does not fit is what finds least."""

LEAST_LIKELY: Final = 0.25
"""Who is proposed shall be the same person in one case of four or more."""

_MOST_BY_CHANCE: Final = 1 / LEAST_LIKELY - 1  # where nobody else is a candidate

_WORDS: Final = 4  # of a person's name; further ones tell no more
_REMEMBERED: Final = 8192

# How often two spellings of one name agree so far, names included that the rules of spelling were
# not made for: about the shares of the tuning part of bench/data/spellings.csv before they were.
_SAME_SOUND: Final = 0.85
_SAME_SKELETON: Final = 0.08
_NEIGHBOURS: Final = 0.08
_NEAR_BY_CHANCE: Final = 0.003  # of a chapter: people with some other name that is a neighbour's
_LETTERS: Final = ((0.75, 15.0), (0.65, 5.0), (0.55, 1.2))
"""(letters in common from, how much more often neighbours are spellings than strangers)"""
_FEW_LETTERS: Final = 0.1

_YEARS_KNOWN: Final = (0.6, 2.5, 0.6 * 3 / 40)
"""Birth years known of the two. Who knows theirs knows it the second time too, so that one alone
speaks for strangers; of two that are known three in forty agree by chance to within a year."""
_OTHER_PLACE: Final = 0.1  # people who moved, or were written down elsewhere
_OTHER_SECOND_NAME: Final = 0.1
_OTHER_SEX: Final = 0.02


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person, as far as it tells people apart; None where it is not."""

    given_name: str | None
    family_name: str | None
    place: str | None = None
    birth_year: int | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """How common things are: the people of a chapter, by name key (`skeleton`) and by place."""

    people: int
    names: Mapping[str, int]
    places: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why two people may be one, and how many strangers would look as much alike by chance."""

    reasons: tuple[str, ...]
    by_chance: float


def likeness_keys(known: Known) -> frozenset[str]:
    """Keys of which two people who may be the same share one, at most `MOST_KEYS`."""
    # Long names first, for they find the fewest strangers, and no matter which is the given one.
    pairs = sorted(
        set(_pairs(known.given_name, known.family_name)),
        key=lambda pair: (-len(pair[0]) - len(pair[1]), pair),
    )
    ranked: list[str] = []
    if known.place:
        # Both names as they are; the first of the keys that `_near` makes of the pair.
        ranked += [f"{one}~{other} {known.place}" for one, other in pairs]
    if known.birth_year:
        # Birth years one apart meet in one of their two keys, those two apart in none.
        years = (known.birth_year, known.birth_year + 1)
        ranked += [f"{one}~{other} {year}" for one, other in pairs for year in years]
    if known.place:
        ranked += [f"{key} {known.place}" for pair in pairs for key in _near(*pair)]
    return frozenset(tuple(dict.fromkeys(ranked))[:MOST_KEYS])


def _pairs(given_name: str | None, family_name: str | None) -> Iterator[tuple[str, str]]:
    """The skeletons of a given and a family name, sorted, for they change places in lists."""
    given, family = parts(given_name)[:2], parts(family_name)[:2]
    both = product(given, family) if given and family else combinations((given or family), 2)
    for one, other in both:
        first, second = sorted((skeleton(one), skeleton(other)))
        yield first, second


def _near(one: str, other: str) -> Iterator[str]:
    """One name as it is, and the other as it is or with a letter left out."""
    for kept, changed in ((one, other), (other, one)):
        for each in _neighbourhood(changed):
            yield f"{kept}~{each}"


@lru_cache(maxsize=_REMEMBERED)
def _neighbourhood(bones: str) -> tuple[str, ...]:
    shorter = (bones[:at] + bones[at + 1 :] for at in range(len(bones)))
    return (bones, *dict.fromkeys(shorter)) if len(bones) > 2 else (bones,)


def candidates(known: Known, others: Mapping[T, Known], chapter: Chapter) -> dict[T, Likeness]:
    """Who of `others`, which share a key with the person, may be the same, the likeliest first.

    At most one of them is, so they are weighed against each other too: where three are equally
    alike, each is a third as likely.
    """
    weighed = {
        each: likeness
        for each, other in others.items()
        if (likeness := alike(known, other, chapter)) is not None
    }
    odds = 1 + sum(1 / likeness.by_chance for likeness in weighed.values())
    likely = {
        each: likeness
        for each, likeness in weighed.items()
        if 1 / likeness.by_chance / odds >= LEAST_LIKELY
    }
    return dict(sorted(likely.items(), key=lambda each: each[1].by_chance))


def alike(one: Known, other: Known, chapter: Chapter) -> Likeness | None:
    """Whether two people of the chapter may be one and the same; None if too little speaks for it,
    or their birth years against it. It is the same which of them comes first."""
    if one.birth_year and other.birth_year and abs(one.birth_year - other.birth_year) > 1:
        return None
    found = _names_by_chance(one, other, chapter)
    if found is None:
        return None
    how, by_chance = found
    by_chance *= chapter.people
    reasons = []
    if one.place and one.place == other.place:
        by_chance *= max(chapter.places.get(one.place, 0), 1) / chapter.people
        reasons.append(f"{how}_and_place")
    elif one.place and other.place:
        by_chance /= _OTHER_PLACE
    by_chance *= _YEARS_KNOWN[bool(one.birth_year) + bool(other.birth_year)]
    if one.birth_year and other.birth_year:
        reasons.append(f"{how}_and_birth_year")
    if one.sex and other.sex and one.sex != other.sex:
        by_chance /= _OTHER_SEX
    if not reasons or by_chance > _MOST_BY_CHANCE:
        return None
    return Likeness(tuple(reasons), by_chance)


def _names_by_chance(one: Known, other: Known, chapter: Chapter) -> tuple[str, float] | None:
    """(how the names agree, the share of strangers whose names do); None if fewer than two words
    of them agree."""
    left = list(parts(one.given_name, one.family_name)[:_WORDS])
    right = list(parts(other.given_name, other.family_name)[:_WORDS])
    agreeing = sorted(
        ((_share(a, b, chapter), a, b) for a in left for b in right if _near_enough(a, b)),
        key=lambda each: (each[0], sorted(each[1:])),
    )
    share, count, same = 1.0, 0, True
    for each, a, b in agreeing:
        if a in left and b in right:
            left.remove(a)
            right.remove(b)
            share, count, same = share * each, count + 1, same and sound(a) == sound(b)
    if count < 2:
        return None
    if left and right:
        share /= _OTHER_SECOND_NAME
    return ("same_name" if same else "like_name"), share


def _near_enough(one: str, other: str) -> bool:
    return not set(_neighbourhood(skeleton(one))).isdisjoint(_neighbourhood(skeleton(other)))


def _share(one: str, other: str, chapter: Chapter) -> float:
    """The share of strangers with whose name a word agrees as with this one, over that of people
    registered twice."""
    keys = {skeleton(one), skeleton(other)}
    # Of neighbours the rarer one tells: a slip makes a name that nobody else has.
    common = min(max(chapter.names.get(key, 0), 1) for key in keys) / chapter.people
    if sound(one) == sound(other):
        return common / _SAME_SOUND
    if len(keys) == 1:
        return common / _SAME_SKELETON
    letters = _letters_in_common(one, other)
    weight = next((times for least, times in _LETTERS if letters >= least), _FEW_LETTERS)
    return (common + _NEAR_BY_CHANCE) / _NEIGHBOURS / weight


@lru_cache(maxsize=_REMEMBERED)
def _letters_in_common(one: str, other: str) -> float:
    """1 for the same word, 0 if each letter must be changed to come from one to the other."""
    return 1 - _changes(one, other) / max(len(one), len(other))


def _changes(one: Sequence[str], other: Sequence[str]) -> int:
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, 1):
        above, row = row, [count]
        for at, against in enumerate(other, 1):
            row.append(min(above[at] + 1, row[-1] + 1, above[at - 1] + (letter != against)))
    return row[-1]
