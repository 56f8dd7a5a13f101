"""Names are found however they are written, and by no more keys than that takes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.participants.rules.spelling import (
    MOST_FOUND_BY,
    found_by,
    name_keys,
    parts,
    search_keys,
    skeleton,
    slip_keys,
    sound,
    words,
)

NAMES = st.text(
    st.sampled_from("abcdeghijklmnorstuwyzéïôçãñɓŋ'’- \u200dABDFKLMNT"), min_size=1, max_size=24
)
ANY = st.text(max_size=30)


def finds(text: str, given_name: str | None, family_name: str | None) -> bool:
    keys = found_by(given_name, family_name)
    wanted = search_keys(text)
    return bool(wanted) and all(not each.isdisjoint(keys) for each in wanted)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Coulibaly", "Koulibaly", "Kulibali", "COULIBALI"),
        ("Ndiaye", "N'Diaye", "N’Diaye", "N Diaye", "N-Diaye", "NDiaye", "Njie"),
        ("Cissé", "Sissé", "Ceesay", "Cisse"),
        ("Diallo", "Jallow", "Djaló", "Jalloh"),
        ("Traoré", "Trawally", "Tarawally", "Trawore"),
        ("Touré", "Turay", "Touray", "Turé"),
        ("Camara", "Kamara", "Camará"),
        ("Kouyaté", "Kuyateh", "Kouyate"),
        ("Bangoura", "Bangura"),
        ("Conté", "Conteh", "Konteh"),
        ("Keïta", "Keita", "Kéita"),
        ("Mamadou", "Mamadu", "Mamadú"),
        ("Ousmane", "Usman", "Ousman"),
        ("Fatoumata", "Fatumata", "Fatimata", "Fatmata"),
        ("Kwame", "Kouamé"),
        ("Yaw", "Yao"),
        ("Kofi", "Koffi"),
        ("Adébayo", "Adebayo"),
    ],
)
def test_spellings_of_one_name_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({name_keys(each, None) for each in spellings}) == 1
    for one in spellings:
        assert all(finds(other, "Awa", one) for other in spellings)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Diallo", "Diarra"),
        ("Koné", "Konaté"),
        ("Sow", "Sy"),
        ("Ba", "Ly"),
        ("Keïta", "Kanté"),
        ("Ndiaye", "Ndour"),
        ("Amadou", "Mamadou"),
        ("Traoré", "Touré"),
    ],
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert name_keys(one, None) != name_keys(other, None)


def test_a_beginning_of_three_letters_finds_a_name() -> None:
    for beginning in ("cou", "COUL", "Couli", "coulib", "Coulibaly"):
        assert finds(beginning, "Awa", "Coulibaly")
    assert finds("awa coul", "Awa", "Coulibaly")
    assert finds("ba", "Awa", "Ba")
    assert not finds("oul", "Awa", "Coulibaly")
    assert not finds("Couturier", "Awa", "Coulibaly")
    assert not finds("awa coul", "Awa", "Cissé")


def test_nothing_is_found_without_a_word() -> None:
    assert search_keys(" -, ’ ") == ()
    assert found_by(None, None) == frozenset()
    assert name_keys("", None) == frozenset()


@given(NAMES, NAMES)
def test_case_accents_apostrophes_order_and_what_is_invisible_change_no_key(
    given_name: str, family_name: str
) -> None:
    keys = name_keys(given_name, family_name)

    def changed(change: Callable[[str], str]) -> frozenset[str]:
        return name_keys(change(given_name), change(family_name))

    assert name_keys(family_name, given_name) == keys
    assert changed(lambda name: unicodedata.normalize("NFD", name)) == keys
    assert changed(lambda name: unicodedata.normalize("NFC", name)) == keys
    assert changed(str.upper) == keys
    assert changed(lambda name: name.replace("'", "’")) == keys
    assert changed("\u200b".join) == keys


@given(st.permutations(["Mamadou", "Lamine", "N'Diaye", "Kouyaté"]))
def test_the_order_of_the_parts_changes_no_key(order: list[str]) -> None:
    assert name_keys(" ".join(order[:2]), " ".join(order[2:])) == (
        name_keys("Mamadou Lamine", "N'Diaye Kouyaté")
    )
    assert found_by(" ".join(order), None) == found_by("Mamadou Lamine", "N'Diaye Kouyaté")


@given(ANY)
def test_what_is_made_plain_once_stays_as_it_is(text: str) -> None:
    plain = words(text)
    assert words(" ".join(plain)) == plain


@given(ANY, ANY)
def test_no_name_makes_more_keys_than_are_allowed_and_each_word_makes_one(
    given_name: str, family_name: str
) -> None:
    assert len(found_by(given_name, family_name)) <= MOST_FOUND_BY
    assert len(name_keys(given_name, family_name)) <= len(parts(given_name, family_name))
    for word in words(given_name):
        assert sound(word)
        assert skeleton(word)


@given(NAMES)
def test_bearing_with_a_slip_finds_all_that_is_found_without(text: str) -> None:
    strict, lenient = search_keys(text), slip_keys(text)
    assert len(strict) == len(lenient)
    assert all(few <= many for few, many in zip(strict, lenient, strict=True))


@given(NAMES)
def test_whoever_types_a_name_as_it_is_written_finds_it(name: str) -> None:
    assert not words(name) or len(words(name)) > 3 or finds(name, name, None)


def test_particles_titles_and_initials_are_no_part_of_a_name() -> None:
    assert name_keys("El Hadj Umaru", "Bâ") == name_keys("Oumarou", "Bah")
    assert name_keys("Ana", "da Silva") == name_keys("Ana", "Silva")
    assert name_keys("Fatou B.", "Sow") == name_keys("Fatou", "Sow")
    assert name_keys("Awa N.", "Diallo") == name_keys("Awa", "Diallo")
    assert name_keys("Awa N", "Traoré") == name_keys("Awa", "Traoré")
    assert name_keys("Sié", "Da") != name_keys("Sié", None)


def test_each_word_that_the_table_names_is_one_word() -> None:
    # The table is read at the first sound; a row of two words would raise.
    assert sound("youssouf") == sound("issoufou")
