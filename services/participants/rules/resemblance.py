"""Owns what two people must have in common to be possibly the same, and when that is told at once.

What they share is compared for equality alone, so it may be kept as blind marks. A name is brought
to the skeletons of its words (`rules.spelling`) and never stands alone: with a place or a year of
birth it tells a person from most of a chapter. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

from services.participants.rules.person import facts, name_words
from services.participants.rules.spelling import parts, skeleton
from shared.codes.places import spellings

T = TypeVar("T")

NAMED: Final = 3  # whom a person may be, the likeliest first
_BY_CHANCE: Final = 2
"""Whoever has but one thing in common with more people than this has a common name, or the phone of
a village: that tells nothing."""
_PAIR: Final = 2  # words; a family name alone is shared by half a village
_REMEMBERED: Final = 8192  # names, by this process

_AND_PLACE: Final = "like_name_and_place"
_AND_YEAR: Final = "like_name_and_birth_year"
NAME_REASONS: Final = frozenset({_AND_PLACE, _AND_YEAR})


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared of a person: (reason, what is shared), and the sex where it is known."""

    likenesses: frozenset[tuple[str, Any]]
    sex: str | None = None


def likenesses(content: Mapping[str, Any], phone: str | None) -> Iterator[tuple[str, str]]:
    """(reason, what is shared): two people with one of these in common may be the same.

    Birth years one apart meet in one of their two keys, those two apart in none.
    """
    if phone:
        yield "same_phone", phone
    if email := content.get("email"):
        yield "same_email", email
    place, year = content.get("place"), facts(content)["birth_year"]
    for name in _names(content.get("given_name"), content.get("family_name")):
        if place:
            yield _AND_PLACE, f"{name}|{spellings(place)[-1]}"  # the same, however it is renamed
        if year:
            yield _AND_YEAR, f"{name}|{year}"
            yield _AND_YEAR, f"{name}|{year + 1}"


def exact_name(content: Mapping[str, Any]) -> str:
    """The name as it is written but for case, accents and order."""
    return " ".join(sorted(name_words(content.get("given_name"), content.get("family_name"))))


def resembling(one: Traits, others: Mapping[T, Traits]) -> list[T]:
    """Who of `others`, which are all who share anything with the person, may be the same: at most
    `NAMED`. Those with two things in common outweigh those with one."""
    shared = {key: reasons for key, other in others.items() if (reasons := _shared(one, other))}
    several = [key for key, reasons in shared.items() if len(reasons) > 1]
    likely = several or (list(shared) if len(shared) <= _BY_CHANCE else [])
    return sorted(likely, key=lambda key: -len(shared[key]))[:NAMED]


def _shared(one: Traits, other: Traits) -> set[str]:
    """The reasons for which the two may be one; none where their sexes speak against it, and none
    of the name's where a place or a year of birth does."""
    if one.sex and other.sex and one.sex != other.sex:
        return set()
    shared = {reason for reason, _ in one.likenesses & other.likenesses}
    apart = (_reasons(one) & _reasons(other) & NAME_REASONS) - shared
    return shared - NAME_REASONS if apart else shared


def _reasons(traits: Traits) -> set[str]:
    return {reason for reason, _ in traits.likenesses}


@lru_cache(maxsize=_REMEMBERED)
def _names(given_name: str | None, family_name: str | None) -> tuple[str, ...]:
    """A name by its first given and first family word, whichever is which: second names come and
    go. By all its words too, for they may be parted otherwise."""
    given, family = parts(given_name), parts(family_name)
    words = (*given, *family)
    if len(words) < _PAIR:
        return ()
    pair = (given[0], family[0]) if given and family else words[:_PAIR]
    return (_folded(*pair), _folded(*words)) if len(words) > _PAIR else (_folded(*pair),)


def _folded(*words: str) -> str:
    return " ".join(sorted(map(skeleton, words)))
