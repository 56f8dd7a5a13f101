"""People who may be one and the same are found by names that are written differently, and few
others are proposed; the figures are those of `python -m bench.likeness`."""

from __future__ import annotations

import csv
import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.likeness import GROUP, Register, registered_again, together
from bench.registers import LANGUAGES, letters, register, rows
from services.participants.rules import spelling
from services.participants.rules.likeness import (
    MOST_KEYS,
    Chapter,
    Known,
    alike,
    candidates,
    likeness_keys,
)
from services.participants.rules.spelling import skeleton

AWA = Known("Awa Mariam", "Coulibaly", place="ML.3", birth_year=1988, sex="female")
RARE = Chapter(
    people=2_000,
    names={skeleton(name): 4 for name in ("awa", "mariam", "coulibaly")},
    places={"ML.3": 40},
)
NAMES = st.sampled_from(
    [
        *("Awa", "Hawa", "Mamadou", "Mamadu Lamine", "N Diaye", "Njie", "Sow", "Só", "Jallow"),
        *("Diallo", "Traoré", "Tarawally", "Abdul", "Abdou", "Bâ", "", "Kwasi Yao"),
        *("Souleymane Abdoulaye", "Ouédraogo Compaoré", "Ba Sow Ly Sy Wane Kane"),
    ]
)
KNOWN = st.builds(
    Known,
    NAMES,
    NAMES,
    place=st.sampled_from((None, "ML.3", "ML.4")),
    birth_year=st.sampled_from((None, 1987, 1988, 1989)),
    sex=st.sampled_from((None, "female", "male")),
)


def likely(one: Known, other: Known, chapter: Chapter = RARE) -> bool:
    return not likeness_keys(one).isdisjoint(likeness_keys(other)) and (
        alike(one, other, chapter) is not None
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(AWA, family_name="Kulibali"),
        replace(AWA, given_name="Hawa Maryam"),
        replace(AWA, given_name="Coulibaly", family_name="Awa Mariam"),
        replace(AWA, given_name="Coulibaly Awa", family_name=None),
        replace(AWA, given_name="Awa"),
        replace(AWA, given_name="Mariam"),
        replace(AWA, birth_year=1989),
        replace(AWA, birth_year=None),
        replace(AWA, place=None),
        replace(AWA, family_name="Coulibalyt"),
    ],
)
def test_a_person_registered_otherwise_is_found(other: Known) -> None:
    assert likely(AWA, other)


@pytest.mark.parametrize(
    "other",
    [
        replace(AWA, family_name="Traoré"),
        replace(AWA, given_name="Fanta"),
        replace(AWA, birth_year=1990),
        replace(AWA, place="ML.4", birth_year=None),
        replace(AWA, given_name=None),
    ],
)
def test_a_stranger_is_not_proposed(other: Known) -> None:
    assert not likely(AWA, other)


def test_common_names_alone_tell_nothing_in_a_large_place() -> None:
    one = Known("Awa", "Coulibaly", place="ML.3")
    names = {skeleton(name): 200 for name in ("awa", "coulibaly")}
    many = replace(RARE, names=names, places={"ML.3": 1_000})
    assert likely(one, one)
    assert not likely(one, one, many)
    dated = replace(one, birth_year=1988)
    assert likely(dated, dated, many)


def test_reasons_say_how_the_names_agree_and_what_else_does() -> None:
    found = alike(AWA, replace(AWA, family_name="Kulibali"), RARE)
    assert found is not None
    assert found.reasons == ("same_name_and_place", "same_name_and_birth_year")
    found = alike(AWA, replace(AWA, given_name="Awa", family_name="Coulibalyt", place=None), RARE)
    assert found is not None
    assert found.reasons == ("like_name_and_birth_year",)


def test_of_several_equally_alike_none_is_proposed() -> None:
    other = replace(AWA, birth_year=None)
    assert list(candidates(AWA, {"a": other, "b": AWA}, RARE)) == ["b"]
    many = {str(at): replace(AWA, birth_year=1988) for at in range(5)}
    assert candidates(AWA, many, RARE) == {}


@given(KNOWN, KNOWN)
def test_likeness_is_mutual(one: Known, other: Known) -> None:
    assert alike(one, other, RARE) == alike(other, one, RARE)


@given(KNOWN)
def test_keys_are_bounded_and_do_not_depend_on_which_name_is_which(known: Known) -> None:
    keys = likeness_keys(known)
    assert len(keys) <= MOST_KEYS
    assert keys == likeness_keys(
        replace(known, given_name=known.family_name, family_name=known.given_name)
    )


def test_of_a_long_name_the_keys_that_find_least_are_left_out() -> None:
    known = Known("Souleymane Abdoulaye", "Ouédraogo Compaoré", "ML.3", 1988)
    keys = likeness_keys(known)
    assert len(keys) == MOST_KEYS
    for given_name in ("Suleiman", "Abdulay"):
        for family_name in ("Wedraogo", "Kompaore"):
            assert keys & likeness_keys(Known(given_name, family_name, "ML.3"))
            assert keys & likeness_keys(Known(given_name, family_name, birth_year=1988))


def test_nine_of_ten_registered_twice_are_found_for_one_wrong_candidate_in_twenty_people() -> None:
    registers = [Register(register(country, 2_000, 40)) for country in LANGUAGES]
    found = together(registered_again(each, "held_out", random.Random(0)) for each in registers)
    assert found.people > 4_000
    assert found.recall >= 0.9
    assert found.wrong_in_twenty <= 1
    filling = sum(each.wrong_while_filling() for each in registers)
    assert GROUP * filling / sum(len(each.people) for each in registers) <= 1


# The task names these names: their groups are tuned on, whatever their hash says.
NAMED = frozenset(
    {"ba", "camara", "coffie", "conte", "coulibali", "fatimata", "kouame", "adebayo"}
    | {"seisay", "so", "tarawallie", "tourai"}
)


def test_what_is_held_out_was_parted_by_its_hash_and_taught_nothing() -> None:
    spellings = rows("spellings")
    assert len(spellings) >= 400
    part: dict[str, str] = {}
    for row in spellings:
        tuned = hashlib.sha256(row["group"].encode()).digest()[0] < 128 or row["group"] in NAMED
        assert row["part"] == ("tuning" if tuned else "held_out")
        for name in (row["name"], row["spelling"]):
            assert part.setdefault(letters(name), row["part"]) == row["part"]
    with (Path(spelling.__file__).parent / "data" / "same_names.csv").open(
        encoding="utf-8"
    ) as file:
        taught = [row[column] for row in csv.DictReader(file) for column in ("name", "same_as")]
    assert [name for name in taught if part.get(letters(name)) == "held_out"] == []
