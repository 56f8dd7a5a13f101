"""Who may be registered in two chapters is found beside all requests, and shown to the secretariat
alone: against a comparison of everybody with everybody."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import crossings, people
from services.participants.layout import CROSSING_MARKS, CROSSINGS
from services.participants.rules.crossings import SHARED_BY_MOST
from services.participants.store import ParticipantStore
from services.participants.store.crossings import look
from shared.errors import Forbidden
from tests.integration.services.participants.guests_world import invited
from tests.integration.services.participants.merging_world import merge, registered
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    emitted,
    opened,
    push,
)
from tests.walking import walk

Item = dict[str, Any]
Pairs = dict[frozenset[str], set[str]]
PHONE, NAME = "same_phone", "same_name_birth_year_and_sex"
BENIN = {"role": "chapter", "chapter": "BJ", "key_id": "key-of-benin"}
CALLERS = {"ML": MALI, "NE": NIGER, "BJ": BENIN}


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def shown(store: ParticipantStore) -> Pairs:
    pages = walk(lambda **page: crossings.list_likenesses({"caller": SECRETARIAT, **page}, store))
    return {frozenset(each["participant_ids"]): set(each["reasons"]) for each in pages}


def written(store: ParticipantStore, chapter: str = "ML", **said: Any) -> str:
    return registered(store, CALLERS[chapter], chapter=None, **said)


def out(store: ParticipantStore, chapter: str, identifier: str, use: Any = people.withdraw) -> None:
    push(store, {"id": identifier, "reason": "x"}, caller=CALLERS[chapter], use=use)


def test_two_spellings_of_a_name_and_one_number_are_found(store: ParticipantStore) -> None:
    her: Item = {"given_name": "Fatoumata", "family_name": "Coulibaly", "birth_year": 1990}
    here = written(store, **her, phone="+223 76 11 11 11")
    again: Item = {"given_name": "Koulibaly", "family_name": "Fatoumata", "birth_year": 1991}
    there = written(store, "NE", **again, phone="+223 76 11 11 11")
    written(store, "BJ", **her | {"birth_year": 1993})
    written(store, "BJ", **her, sex="male")
    assert look(store) == 4
    assert shown(store) == {frozenset([here, there]): {PHONE, NAME}}
    [pair] = crossings.list_likenesses({"caller": SECRETARIAT}, store)["items"]
    assert pair.keys() == {"participant_ids", "chapters", "reasons", "since"}
    by_id = dict(zip(pair["participant_ids"], pair["chapters"], strict=True))
    assert by_id == {here: "ML", there: "NE"}
    assert look(store) == 0, "nobody was written since"


def test_who_no_longer_stands_or_is_alike_is_shown_no_more(store: ParticipantStore) -> None:
    same: Item = {"birth_year": 1990, "phone": None}
    here, there = written(store, **same), written(store, "NE", **same)
    pair = frozenset([here, there])
    look(store)
    assert shown(store).keys() == {pair}
    out(store, "NE", there)
    look(store)
    assert shown(store) == {}
    out(store, "NE", there, people.reinstate)
    look(store)
    assert shown(store).keys() == {pair}
    push(store, {"id": here, "birth_year": 1980})
    look(store)
    assert shown(store) == {}
    twin = written(store, **same)
    invited(store, twin)
    look(store)
    assert shown(store).keys() == {frozenset([twin, there])}, "a guest is nobody"
    merge(store, here, twin, take=[{"field": "birth_year", "from": here}])
    look(store)
    assert shown(store) == {}


def test_the_secretariat_alone_is_told(store: ParticipantStore) -> None:
    for caller in (MALI, NIGER, {"role": "partner"}, {"role": "operator"}):
        with pytest.raises(Forbidden):
            crossings.list_likenesses({"caller": caller}, store)


def test_a_chapter_cannot_test_the_marks_and_pushes_make_none(store: ParticipantStore) -> None:
    said: Item = {"birth_year": 1990, "phone": "+223 76 11 11 11"}
    written(store, **said), written(store, "NE", **said)
    assert store.db[CROSSING_MARKS].count_documents({}) == 0
    before = emitted(store)
    look(store)
    kept = list(store.db[CROSSING_MARKS].find())
    across = {like["mark"] for each in kept for like in each["marks"]}
    within = {like["mark"] for each in store.people.collection.find() for like in each["alike"]}
    assert across
    assert across.isdisjoint(within)
    assert {frozenset(each) for each in kept} == {frozenset(["_id", "chapter", "marks"])}
    assert {frozenset(each) for each in store.db[CROSSINGS].find()} == {
        frozenset(["_id", "ids", "chapters", "reasons", "since"])
    }
    assert emitted(store) == before


@pytest.mark.parametrize("seed", range(3))
def test_the_pairs_are_those_of_comparing_everybody_with_everybody(
    store: ParticipantStore, seed: int
) -> None:
    dice = random.Random(seed)
    known: dict[str, Item] = {}
    for _ in range(6):
        for _ in range(12):
            said = {
                "given_name": dice.choice(("Awa", "Fanta", "Issa")),
                "family_name": dice.choice(("Traoré", "Keïta")),
                "birth_year": dice.choice((1990, 1991, 1993, None)),
                "sex": dice.choice(("female", "male")),
                "phone": dice.choice((None, "+223 76 11 11 11", "+227 90 12 34 56")),
            }
            chapter = dice.choice(sorted(CALLERS))
            identifier = dice.choice(sorted(known)) if known and dice.random() < 0.4 else None
            if identifier is None:
                known[written(store, chapter, **said)] = {**said, "chapter": chapter}
            elif dice.random() < 0.3 and not known[identifier].get("gone"):
                out(store, known[identifier]["chapter"], identifier)
                known[identifier]["gone"] = True
            elif not known[identifier].get("gone"):
                given = {name: value for name, value in said.items() if value}
                cleared = sorted({"birth_year", "phone"} - given.keys())
                item = {"id": identifier, **given, "clear": cleared}
                push(store, item, caller=CALLERS[known[identifier]["chapter"]])
                known[identifier] |= said
        look(store)
        assert shown(store) == _compared(known)


def _compared(known: Mapping[str, Item]) -> Pairs:
    here = {key: each for key, each in known.items() if not each.get("gone")}
    found: Pairs = {}
    for (one, a), (other, b) in combinations(here.items(), 2):
        if a["chapter"] == b["chapter"]:
            continue
        names = ("given_name", "family_name", "sex")
        if a["phone"] and a["phone"] == b["phone"] and _few(here, "phone", a["phone"]):
            found.setdefault(frozenset([one, other]), set()).add(PHONE)
        years = a["birth_year"], b["birth_year"]
        if all(years) and all(a[n] == b[n] for n in names):
            met = {y for y in (years[0], years[0] + 1) if y in (years[1], years[1] + 1)}
            alike = [
                each["birth_year"]
                for each in here.values()
                if each["birth_year"] and all(each[n] == a[n] for n in names)
            ]
            for year in met:
                if sum(year in (born, born + 1) for born in alike) <= SHARED_BY_MOST:
                    found.setdefault(frozenset([one, other]), set()).add(NAME)
    return found


def _few(here: Mapping[str, Item], name: str, value: str) -> bool:
    return [each[name] for each in here.values()].count(value) <= SHARED_BY_MOST
