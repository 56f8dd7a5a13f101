"""Owns the search of the gazetteer: what somebody types who does not know the id of a place."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from shared.codes import LANGUAGES, code_list, places
from shared.codes.names import folded, squashed
from shared.codes.places import LEVELS, Place


@dataclass(frozen=True, slots=True)
class _Index:
    """All places with all they may be called. The names stand behind one another in a text, in
    which the few places that may be meant are found many times faster than one by one."""

    places: tuple[Place, ...]
    names: tuple[tuple[tuple[str, str], ...], ...]
    parted: str
    parted_at: tuple[int, ...]
    joined: str
    joined_at: tuple[int, ...]

    def may_be(self, word: str, whole: str) -> set[int]:
        """The numbers of the places with a word that begins so, or a name in one word."""
        return {
            *_hits(word, self.parted, self.parted_at),
            *_hits(f"\n{whole}", self.joined, self.joined_at),
        }


def search(
    text: str,
    country: str | None = None,
    level: str | None = None,
    within: str | None = None,
    on: str | None = None,
) -> list[Place]:
    """Every place of which a name or alias has a word that begins with each word of the text: all
    homonyms, for a person to choose from. Case, accents, hyphens and apostrophes do not matter,
    nor whether a name is written in one word or in two.

    Args: country: only places of this country (ISO 3166-1 alpha-2). level: one of `LEVELS`. within:
        only what lies in the place of this id, on that day (ISO 8601) or at present.
    Returns: whole names first, then beginnings of names, each by level, name and id; nothing for a
        text without a letter or digit.
    """
    words, whole = [f" {word}" for word in folded(text).split()], squashed(text)
    if not words:
        return []
    index = _index()
    found = [
        (fit, LEVELS.index(each.level), each.name, each.id)
        for number in index.may_be(max(words, key=len), whole)
        if country in (None, (each := index.places[number]).country)
        and level in (None, each.level)
        and (fit := min(_fits(index.names[number], words, whole), default=None)) is not None
    ]
    ids = (place_id for *_, place_id in sorted(found))
    return [places.place(each) for each in ids if within is None or lies_in(each, within, on)]


def lies_in(place_id: str, within: str, on: str | None) -> bool:
    """Whether a place lies in another, and is not the same, on that day or at present.

    Raises KeyError: no such place as the first.
    """
    upper = places.present(within)
    return any(above.id == upper for above in places.ancestors(place_id, on)[1:])


def _fits(names: Iterable[tuple[str, str]], words: Iterable[str], whole: str) -> Iterator[int]:
    """How well each name fits that fits at all; the less the better."""
    for parted, joined in names:
        if joined.startswith(whole):
            yield int(joined != whole)
        elif all(word in parted for word in words):
            yield 2


def _hits(text: str, names: str, starts: tuple[int, ...]) -> Iterator[int]:
    at = names.find(text)
    while at >= 0:
        number = bisect_right(starts, at)
        yield number - 1
        at = names.find(text, starts[number]) if number < len(starts) else -1


@cache
def _index() -> _Index:
    all_places = tuple(places.every())
    names = tuple(map(_names, all_places))
    parted = ["".join(f"\n{each}" for each, _ in spelt) for spelt in names]
    joined = ["".join(f"\n{each}" for _, each in spelt) for spelt in names]
    return _Index(
        all_places, names, "".join(parted), _starts(parted), "".join(joined), _starts(joined)
    )


def _names(of: Place) -> tuple[tuple[str, str], ...]:
    """Each name with a blank before each word, and in one word."""
    names = {of.name: None, **dict.fromkeys(of.aliases)}
    if of.level == "country":
        countries = code_list("country")
        names |= dict.fromkeys(countries.label(of.id, lang) for lang in LANGUAGES)
    return tuple({(f" {folded(name)}", squashed(name)): None for name in names})


def _starts(texts: Iterable[str]) -> tuple[int, ...]:
    return tuple(accumulate(map(len, texts), initial=0))[:-1]
