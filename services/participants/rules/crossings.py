"""Owns in what people of different chapters are alike: pure functions over contents.

Less is enough to be shown within a chapter, where somebody looks at both. Here nobody does: two
chapters are asked about a pair of ids, so a likeness is of all that tells people apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final

from services.participants.rules.person import facts
from services.participants.rules.spelling import parts, sound

SAME_PHONE: Final = "same_phone"
SAME_NAME: Final = "same_name_birth_year_and_sex"
REASONS: Final = (SAME_PHONE, SAME_NAME)

SHARED_BY_MOST: Final = 8
"""People of all chapters. A number that more of them have is an office's, a name that more have in
one year tells nothing: such a likeness makes no pairs."""

_TELLING_NAME: Final = 2  # words

Marked = Mapping[str, Collection[tuple[str, bytes]]]
"""Person → (reason, mark) of each likeness."""


def likenesses(content: Mapping[str, Any], phone: str | None) -> Iterator[tuple[str, str]]:
    """(reason, what is shared): two people with one of these in common may be the same. A name is
    the sound of all its words, in whatever order: French, English and Portuguese spell it in three
    ways. Birth years one apart meet in one of their two keys, those two apart in none."""
    if phone:
        yield SAME_PHONE, phone
    words = sorted(set(map(sound, parts(content.get("given_name"), content.get("family_name")))))
    year, sex = facts(content)["birth_year"], content.get("sex")
    if len(words) >= _TELLING_NAME and year and sex:
        for each in (year, year + 1):
            yield SAME_NAME, f"{' '.join(words)}|{each}|{sex}"


def pairs(
    people: Collection[str], marked: Marked, chapters: Mapping[str, str]
) -> dict[tuple[str, str], list[str]]:
    """(the lesser id, the greater) → the reasons, of the pairs of different chapters that one of
    `people` is in. `marked` and `chapters` have everybody who shares a mark with them."""
    sharing: dict[tuple[str, bytes], set[str]] = {}
    for person, likenesses_of in marked.items():
        for likeness in likenesses_of:
            sharing.setdefault(likeness, set()).add(person)
    found: dict[tuple[str, str], set[str]] = {}
    for (reason, _), alike in sharing.items():
        if len(alike) <= SHARED_BY_MOST:
            for one, other in _of(people, alike):
                if chapters[one] != chapters[other]:
                    found.setdefault((one, other), set()).add(reason)
    return {pair: [each for each in REASONS if each in why] for pair, why in found.items()}


def _of(people: Collection[str], alike: Iterable[str]) -> Iterator[tuple[str, str]]:
    for one, other in combinations(sorted(alike), 2):
        if one in people or other in people:
            yield one, other
