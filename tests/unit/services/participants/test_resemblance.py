"""Who may be the same person is told by what is rare enough to tell."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.participants.rules.resemblance import Traits, likenesses, resembling

NAMES = st.sampled_from(["Awa", "Hawa", "Mariam", "Maryam", "Coulibaly", "Koulibali", "Diarra"])
TRAITS = st.builds(
    lambda content: traits(**{name: each for name, each in content.items() if each}),
    st.fixed_dictionaries(
        {
            "given_name": NAMES,
            "family_name": NAMES,
            "place": st.sampled_from([None, "ML.SIK", "ML.MOP"]),
            "birth_year": st.sampled_from([None, 1980, 1981, 1982]),
            "sex": st.sampled_from([None, "female", "male"]),
            "phone": st.sampled_from([None, "+22370000000", "+22370000001"]),
        }
    ),
)


def traits(phone: str | None = None, **content: Any) -> Traits:
    return Traits(frozenset(likenesses(content, phone)), content.get("sex"))


def awa(given_name: str = "Awa", family_name: str = "Coulibaly", **otherwise: Any) -> Traits:
    said = {"place": "ML.SIK", **otherwise}
    return traits(given_name=given_name, family_name=family_name, **said)


@given(one=TRAITS, other=TRAITS)
def test_whoever_looks_like_another_is_looked_like_by_them(one: Traits, other: Traits) -> None:
    assert bool(resembling(one, {1: other})) is bool(resembling(other, {1: one}))


def test_a_second_name_that_comes_or_goes_and_names_that_change_places_matter_not() -> None:
    her = awa("Awa Mariam")
    others = [awa(), awa("Koulibali", "Hawa"), awa("Awa", "Mariam Coulibaly")]
    assert [resembling(her, {at: each}) for at, each in enumerate(others)] == [[0], [1], [2]]


def test_what_more_than_two_others_share_tells_of_nobody() -> None:
    two = {at: awa() for at in range(2)}
    assert resembling(awa(), two) == [0, 1]
    assert resembling(awa(), two | {2: awa()}) == []
    assert resembling(awa(phone="+2237"), two | {2: awa(phone="+2237")}) == [2]


def test_the_phone_of_a_family_is_nobodys_of_the_other_sex() -> None:
    her = awa(phone="+2237", sex="female")
    assert resembling(her, {1: traits("+2237", sex="male", given_name="Ali")}) == []
    assert resembling(her, {1: traits("+2237", given_name="Ali")}) == [1]
