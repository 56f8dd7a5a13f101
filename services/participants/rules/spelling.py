"""Owns how names are written here, and the keys that two spellings of one name have in common.

French, English and Portuguese write one name of the region in three ways (Diallo, Jallow, Djaló).
A word is brought to the *sound* it stands for, and that to its *skeleton* of consonants. Both tell
less than the word, on purpose: names that merely look alike may share one, so whoever proposes
people by them must weigh more than the name (`rules.likeness`).

A letter of a sound stands for a family of sounds: `a`, `i` (e, i), `u` (o, u); `s` (z, sh, ch, and
t before i and a vowel), `k` (c, q, kh, and g inside a word), `j` (dj, gy, dz, and d before i and a
vowel), `n` (ny, gn, nh), `w` (v, and ou before a vowel), `Y` for i and y before a vowel.

Keys are plain text here. They are kept as blind marks alone, each of which tells who of a chapter
shares it: no more are made than finding needs, at most `MOST_FOUND_BY` for a person.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Final

_REMEMBERED: Final = 8192  # names, by this process; a chapter's people share a few hundred
_BONES: Final = 3
_VOWELS: Final = re.compile("[aiuY]")
_CONSONANTS: Final = "bdfgjklmnprstw"
_SLIPPED_FROM: Final = 4  # letters of a skeleton; a shorter one is a neighbour of too many
_BEGINNINGS: Final = range(3, 7)
"""Letters. Fewer would show to whoever holds the marks how the names of a chapter begin, and find
a tenth of it."""

MOST_FOUND_BY: Final = 16

_APOSTROPHES: Final = frozenset("'’‘ʼʹʻ`´′ꞌ")
_OWN_LETTERS: Final = str.maketrans(
    {"ɛ": "e", "ɔ": "o", "ŋ": "ng", "ɲ": "ny", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ǝ": "e"}
    | {"ı": "i", "ø": "o", "æ": "e", "œ": "e"}
)
_NASALS: Final = {"n": "cdgjksyz", "m": "bmp"}  # and what they stand before
_PARTICLES: Final = frozenset(
    {"da", "de", "do", "di", "dos", "das", "du", "le", "la", "al", "el", "ag", "ould"}
    | {"ben", "bin", "ibn", "wuld", "mc", "epouse", "nee", "veuve", "dit", "dite", "alias"}
    | {"mme", "mr", "mrs", "dr", "alhaji", "alhadji", "elhadj", "elhadji", "hadj", "hadji"}
)


@lru_cache(maxsize=_REMEMBERED)
def words(text: str) -> tuple[str, ...]:
    """The words of a name in plain small letters: no accents, apostrophes and initials, hyphens
    parted, a nasal written apart joined to its word (N Diaye). Doing it again changes nothing."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_OWN_LETTERS)
    plain = unicodedata.normalize("NFKD", plain)
    spaced = "".join(
        each if each.isalnum() else " . " if each == "." else " "
        for each in plain
        # Mn: accents; Cf: what is invisible, such as a joiner or a mark of direction
        if each not in _APOSTROPHES and unicodedata.category(each) not in {"Mn", "Cf"}
    )
    found: list[str] = []
    for word in spaced.split():
        if word == ".":
            if found and len(found[-1]) == 1:
                found.pop()
        elif found and word[0] in _NASALS.get(found[-1], ""):
            found[-1] += word
        else:
            found.append(word)
    return tuple(found)


def telling(found: tuple[str, ...]) -> tuple[str, ...]:
    """The words without particles, titles and initials; all of them, if nothing else is left."""
    kept = tuple(each for each in found if len(each) > 1 and each not in _PARTICLES)
    return kept or found


_RULES: Final = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        # What Portuguese, French and English write with several letters.
        (r"tch|tsh|ky(?=[aou])|^ky", "ch"),
        (r"th(?=[iy][aeou])", "t"),
        (r"ch|sh|sch", "S"),
        (r"kh|ck|cqu?", "k"),
        (r"qu(?=[aou])", "kw"),
        (r"qu|q", "k"),
        (r"ph", "f"),
        (r"gu(?=[eiy])", "g"),
        (r"nh(?=[aeiou])", "n"),
        (r"h", ""),
        (r"ie$", "i"),
        (r"iy(?=[aou])", "y"),
        (r"gn|n[iy](?=[aou])|ny(?=e)", "n"),
        (r"dj|dz|gy|d[iy](?=[aeou])", "j"),
        (r"dw(?=[aou])", "jw"),
        (r"dij", "j"),
        (r"t[iy](?=[aeou])", "S"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"[xzS]", "s"),
        (r"gb", "b"),
        (r"kp", "p"),
        # Doubled letters, but oo and ee, which are vowels of their own in English.
        (r"([^oe])\1+", r"\1"),
        (r"j[iy](?=[aou])", "j"),
        (r"ee", "i"),
        (r"oo", "u"),
        (r"(?<=o)r(?=[mt]|$)", ""),  # silent in English
        # Glides: w and y stand before a vowel; elsewhere they are part of one.
        (r"ou(?=[aei])|^ou(?=o)", "w"),
        (r"(?<![aeiou])u(?=[aei])|(?<![aeiou])o(?=[ae])", "w"),
        (r"(?<=[^aeiou])w(?=[ou])|(?<=a)w(?=[ou])", ""),
        (r"(?<=k)u(?=o)", ""),
        (r"(?<=[aeou])[iy](?=[aou])|^[iy](?=[aeou])|(?<=[^aeiou])[iy](?=[aou])", "Y"),
        (r"ieu|iou", "Yu"),
        (r"a[iy]e$", "i"),
        (r"a(?:ou|[uow])(?=[^aeiouwY]|$)", "u"),
        (r"[ae][iy]|eu|ie", "i"),
        (r"ou|[ou]w(?=[^aeiou]|$)|[ou]+", "u"),
        (r"[eiy]+", "i"),
        (r"u*[wv]+", "w"),
        (r"kw[ai]", "ku"),  # days of birth in Akan and Ewe: Kwasi and Kossi, Kwaku and Kokou
        # Nasals take the place of what follows, and stand for each other at the end.
        (r"n(?=[bpfm])", "m"),
        (r"^[aiu](?=m[bp]|n[dgj])", ""),
        (r"^n(?=[gw])", ""),
        (r"(?<=[aiun])g(?=[aiuwY])", "k"),
    )
)
_ENDINGS: Final = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?<=..)i$", ""),  # silent in French and English, or é: accents are not relied on
        (r"(?<=....)[au]$", ""),  # Umaru and Oumar
        (r"(?<=Y)at$", ""),  # Rokiatou and Rokia
        (r"(?<=[aiu])n[gk]$", "n"),
        (r"(?<=.)m$", "n"),
        (r"b$", "p"),
        (r"(.)\1+", r"\1"),
    )
)


def _heard(word: str) -> str:
    heard = word
    for rule, instead in _RULES:
        heard = rule.sub(instead, heard)
    for rule, instead in _ENDINGS:
        heard = rule.sub(instead, heard)
    return heard or word


@cache
def _same() -> Mapping[str, str]:
    """What no rule of sounds tells: sound → the sound of the name that it is another form of."""
    table = resources.files(__package__) / "data" / "same_names.csv"
    rows = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")), strict=True)
    return {_heard(*words(row["name"])): _heard(*words(row["same_as"])) for row in rows}


@lru_cache(maxsize=_REMEMBERED)
def sound(word: str) -> str:
    """The sound of one of `words`; never empty."""
    heard = _heard(word)
    return _same().get(heard, heard)


@lru_cache(maxsize=_REMEMBERED)
def skeleton(word: str) -> str:
    """The key of one of `words`: the consonants of its sound, with a vowel at the start; the whole
    sound of a short word, for two consonants are shared by too many names."""
    heard = sound(word)
    bones = _VOWELS.sub("a", heard[0]) + _VOWELS.sub("", heard[1:])
    if len(bones) > _BONES and bones[-1] == "n":  # a nasal vowel in French
        bones = bones[:-1]
    return bones if len(bones) >= _BONES else heard


def name_keys(given_name: str | None, family_name: str | None) -> frozenset[str]:
    """A key for each part of a name; which part it is, and in which order, makes no difference."""
    return frozenset(map(skeleton, parts(given_name, family_name)))


def parts(*names: str | None) -> tuple[str, ...]:
    """The telling words of a name in the order in which they are written."""
    return tuple(word for name in names for word in telling(words(name or "")))


def found_by(given_name: str | None, family_name: str | None) -> frozenset[str]:
    """The keys that a person is found by (`search_keys`), at most `MOST_FOUND_BY`."""
    each = sorted({*words(given_name or ""), *words(family_name or "")})
    ranked = [f"like {skeleton(word)}" for word in each]
    # The short beginnings of every word come before the long ones of any.
    ranked += [f"begins {word[:size]}" for size in _BEGINNINGS for word in each if _has(word, size)]
    return frozenset(tuple(dict.fromkeys(ranked))[:MOST_FOUND_BY])


def search_keys(text: str) -> tuple[frozenset[str], ...]:
    """What to look for: people who have one key, at least, of each of the sets.

    A word finds names that begin with it and those that are other spellings of it. Of more than six
    letters the first six count as the beginning. No set at all: the text holds no word.
    """
    return tuple(
        frozenset({f"like {skeleton(word)}", f"begins {word[: _BEGINNINGS[-1]]}"})
        for word in words(text)
    )


def slip_keys(text: str) -> tuple[frozenset[str], ...]:
    """What to look for where `search_keys` finds nobody: the same for words with one consonant
    missing, too many or wrong. Vowels and doubled letters are in no skeleton anyway."""
    return tuple(
        keys | {f"like {each}" for each in _slips(skeleton(word))}
        for word, keys in zip(words(text), search_keys(text), strict=True)
    )


def _slips(bones: str) -> Iterator[str]:
    """The skeletons one consonant away that are long enough to be told from others."""
    for at in range(len(bones) + 1):
        left, right = bones[:at], bones[at:]
        for each in (
            left + right[1:],
            *(left + one + right[cut:] for one in _CONSONANTS for cut in (0, 1)),
        ):
            if len(each) >= _SLIPPED_FROM:
                yield each


def _has(word: str, size: int) -> bool:
    return len(word) >= size or size == _BEGINNINGS[0]
