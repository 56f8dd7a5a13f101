"""`python -m bench.likeness`: how many of those registered twice are found, and at what price.

Each chapter has a register of invented people (`bench.registers`). A person of it is registered
again with both names spelled otherwise, in the same place; the year of birth, known of 60 % of
people, is lost of one in six and off by one of some. Phones and e-mail addresses help nobody here.
Found is who shares a key with the first record and is weighed as alike; wrong is everybody else who
is proposed. Two parts are measured: `tuning`, whose spellings were looked at when the rules were
made, and `held_out`, whose were not.

- pairs: of spellings that differ in letters; one sound, one key: the share of them that have it.
- again: people registered twice; names are as frequent among them as in their countries.
- share a key, found: the share of these. Evenly: found, if every pair of spellings is as frequent
  as any other and no year of birth is known.
- wrong in 20: candidates for 20 people registered again in full registers.
- wrong while a register fills: for 20 of all its people, each compared with those before.
- told at once: the same by what receipts tell (`services.participants.rules.resemblance`).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from bench.registers import LANGUAGES, PARTS, Person, again, register, spelling_pairs
from services.participants.rules.likeness import Chapter, Known, alike, candidates, likeness_keys
from services.participants.rules.resemblance import Traits, likenesses, resembling
from services.participants.rules.spelling import found_by, name_keys, skeleton, sound, words

HELD_OUT = PARTS[1]
GROUP = 20  # people for whom wrong candidates are counted
EVENLY = 400  # names made of a chapter's first language
TITLES = (
    "part",
    "pairs",
    "again",
    "one sound",
    "one key",
    "share a key",
    "found",
    "evenly",
    "wrong in 20",
)


@dataclass(frozen=True, slots=True)
class Found:
    """What comes of people registered again in full registers."""

    people: int
    sharing_a_key: int
    right: int
    wrong: int

    @property
    def recall(self) -> float:
        return self.right / self.people

    @property
    def wrong_in_twenty(self) -> float:
        return GROUP * self.wrong / self.people


class Register:
    """People of a chapter by their likeness keys."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = people
        names: Counter[str] = Counter()
        for each in people:
            names.update(name_keys(each.known.given_name, each.known.family_name))
        places = Counter(str(each.known.place) for each in people)
        self.chapter = Chapter(len(people), names, places)
        self._by_key: dict[str, list[int]] = defaultdict(list)
        for at, each in enumerate(people):
            for key in likeness_keys(each.known):
                self._by_key[key].append(at)

    def sharing(self, known: Known) -> set[int]:
        return {at for key in likeness_keys(known) for at in self._by_key.get(key, ())}

    def proposed(self, known: Known, before: int | None = None) -> set[int]:
        """Who is proposed, of all or of those registered before the given one."""
        others = {
            at: self.people[at].known for at in self.sharing(known) if before is None or at < before
        }
        return set(candidates(known, others, self.chapter))

    def wrong_while_filling(self) -> int:
        """The wrong candidates of all, each compared with those who were registered before."""
        return sum(len(self.proposed(each.known, at)) for at, each in enumerate(self.people))


class Told:
    """People by their likenesses, as they are marked."""

    def __init__(self) -> None:
        self._people: dict[int, Traits] = {}
        self._sharing: dict[tuple[str, str], list[int]] = defaultdict(list)

    def add(self, at: int, known: Known) -> None:
        self._people[at] = _traits(known)
        for each in self._people[at].likenesses:
            self._sharing[each].append(at)

    def of(self, known: Known) -> set[int]:
        traits = _traits(known)
        sharing = {at for each in traits.likenesses for at in self._sharing.get(each, ())}
        return set(resembling(traits, {at: self._people[at] for at in sorted(sharing)}))


def _traits(known: Known) -> Traits:
    return Traits(frozenset(likenesses(asdict(known), None)), known.sex)


def told_at_once(registers: Mapping[str, Register]) -> str:
    again_, wrong, people = Found(0, 0, 0, 0), 0, 0
    for country, filled in registers.items():
        told, rng = Told(), random.Random(country)
        for at, person in enumerate(filled.people):
            wrong += len(told.of(person.known))
            told.add(at, person.known)
        people += len(filled.people)
        for at, person in enumerate(filled.people):
            if person.part == HELD_OUT:
                found = told.of(again(person, rng))
                again_ = together([again_, Found(1, 0, at in found, len(found - {at}))])
    return (
        f"told at once: {again_.recall:.3f} found of {HELD_OUT}, "
        f"{again_.wrong_in_twenty:.2f} wrong in 20; "
        f"{GROUP * wrong / people:.2f} wrong for 20 people while a register fills"
    )


def registered_again(filled: Register, part: str, rng: random.Random) -> Found:
    """All whose two names are of the part, registered again one by one."""
    people = sharing = right = wrong = 0
    for at, person in enumerate(filled.people):
        if person.part == part:
            known = again(person, rng)
            found = filled.proposed(known)
            people += 1
            sharing += at in filled.sharing(known)
            right += at in found
            wrong += len(found - {at})
    return Found(people, sharing, right, wrong)


def together(found: Iterable[Found]) -> Found:
    sums = [(each.people, each.sharing_a_key, each.right, each.wrong) for each in found]
    return Found(*(sum(column) for column in zip(*sums, strict=True)))


def evenly(registers: Mapping[str, Register], part: str, rng: random.Random) -> float:
    """The share found of people whose two names are any of the part in one language, in a place of
    middling size of a chapter that speaks it."""
    pairs = spelling_pairs(part)
    found = []
    for country, filled in registers.items():
        language = LANGUAGES[country][0]
        given, family = (
            [each[2:] for each in pairs if each[:2] == (language, kind)]
            for kind in ("given", "family")
        )
        for _ in range(EVENLY if given and family else 0):
            first, last = rng.choice(given), rng.choice(family)
            one, other = (
                Known(first[at], last[at], place=str(len(filled.chapter.places) // 4))
                for at in range(2)
            )
            shared = likeness_keys(one) & likeness_keys(other)
            found.append(bool(shared) and alike(one, other, filled.chapter) is not None)
    return sum(found) / len(found)


def same(key: Callable[[str], str], part: str) -> float:
    """The share of the pairs of spellings that have the same key."""
    pairs = spelling_pairs(part)
    return sum(_of(key, one) == _of(key, other) for *_, one, other in pairs) / len(pairs)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.likeness", description=__doc__)
    parser.add_argument("--people", type=int, default=2_000, help="in each chapter")
    parser.add_argument("--places", type=int, default=40, help="in each chapter")
    asked = parser.parse_args()
    registers = {
        country: Register(register(country, asked.people, asked.places)) for country in LANGUAGES
    }
    table = Table(*TITLES)
    worst = 1.0
    for part in PARTS:
        found = together(
            registered_again(each, part, random.Random(country))
            for country, each in registers.items()
        )
        shares: tuple[float, ...] = (
            same(sound, part),
            same(skeleton, part),
            found.sharing_a_key / found.people,
        )
        shares = (*shares, found.recall, evenly(registers, part, random.Random(part)))
        counts = part, f"{len(spelling_pairs(part))}", f"{found.people:,}"
        table.add_row(*counts, *(f"{each:.3f}" for each in shares), f"{found.wrong_in_twenty:.2f}")
        worst = min(worst, found.recall)
    filling = sum(each.wrong_while_filling() for each in registers.values())
    people = [each.known for filled in registers.values() for each in filled.people]
    console = Console()
    console.print(table)
    console.print(
        f"{GROUP * filling / len(people):.2f} wrong candidates for 20 people while a register fills"
    )
    console.print(told_at_once(registers))
    console.print(cost(people))
    return 0 if worst >= 0.9 and GROUP * filling <= len(people) else 1


def cost(people: Sequence[Known]) -> str:
    """CPU time and keys of one person, as a process meets names for the first time and later."""
    _forget()
    spent = []
    for _ in range(2):
        began = time.process_time()
        keys = [
            (len(likeness_keys(each)), len(found_by(each.given_name, each.family_name)))
            for each in people
        ]
        spent.append(1e6 * (time.process_time() - began) / len(people))
    alike_, found = (sum(column) / len(people) for column in zip(*keys, strict=True))
    return (
        f"{spent[0]:.0f} µs a person, {spent[1]:.0f} µs when the names are known; "
        f"{alike_:.1f} keys of likeness, {found:.1f} to be found by; "
        f"at most {max(map(sum, keys))} together"
    )


def _forget() -> None:
    for each in (words, sound, skeleton):
        each.cache_clear()


def _of(key: Callable[[str], str], name: str) -> list[str]:
    return [key(word) for word in words(name)]


if __name__ == "__main__":
    sys.exit(main())
