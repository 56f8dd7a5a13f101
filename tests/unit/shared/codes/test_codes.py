"""The code lists: complete, consistent, and labelled."""

import re
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import codes
from shared.codes import LANGUAGES, UNKNOWN, countries, places

ages = st.integers(min_value=0, max_value=130)
years = st.integers(min_value=1900, max_value=2100)


def extra_values(list_name: str, column: str) -> list[str]:
    return [code.extra[column] for code in codes.code_list(list_name).values()]


def test_the_lists_a_push_is_checked_against_are_there() -> None:
    assert set(codes.list_names()) == {
        "activity_status", "activity_type", "age_band", "architecture_tag", "attendance_status",
        "concern_category",
        "concern_status", "consent_giver", "consent_purpose", "country", "dac_sector",
        "disability_status", "document_category",
        "ecpf_component", "emmmda_topic", "indicator_measure", "language",
        "media_channel", "nomination_status",
        "organisation_type", "place_kind", "project_status",
        "recommendation_status", "sex", "stakeholder_group", "washington_group_answer",
        "washington_group_domain", "world_country",
    }  # fmt: skip


@pytest.mark.parametrize("name", codes.list_names())
def test_every_code_is_valid_unique_and_labelled_in_three_languages(name: str) -> None:
    pattern = r"[A-Z]{2}" if name.endswith("country") else r"[a-z0-9]+(_[a-z0-9]+)*"
    written = [row["code"] for row in codes.read_rows(name)]
    assert written == list(codes.code_list(name))  # in file order, none swallowed by another
    assert UNKNOWN not in written
    for code, entry in codes.code_list(name).items():
        assert re.fullmatch(pattern, code)
        assert entry.code == code
        for lang in LANGUAGES:
            text = codes.label(name, code, lang)
            assert text
            assert text == text.strip()


@pytest.mark.parametrize("name", [*codes.list_names(), "places"])
def test_every_row_fills_exactly_the_columns_of_its_header(name: str) -> None:
    for row in codes.read_rows(name):
        assert all(isinstance(column, str) for column in row)
        assert all(value is not None for value in row.values())


@pytest.mark.parametrize("name", codes.list_names())
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_two_codes_of_a_list_read_alike(name: str, lang: str) -> None:
    labels = [codes.label(name, code, lang) for code in codes.code_list(name)]
    assert len(set(labels)) == len(labels)


def test_unknown_is_no_code_but_has_labels() -> None:
    assert UNKNOWN not in codes.code_list("sex")
    assert [codes.label("sex", UNKNOWN, lang) for lang in LANGUAGES] == [
        "Inconnu", "Unknown", "Desconhecido",
    ]  # fmt: skip


def test_what_does_not_exist_is_refused() -> None:
    for name in ("no_such_list", "places", "../data/sex", ""):
        with pytest.raises(KeyError):
            codes.code_list(name)
    with pytest.raises(KeyError):
        codes.label("sex", "no_such_code", "fr")
    with pytest.raises(KeyError):
        codes.label("sex", "female", "xx")


def test_lists_cannot_be_changed() -> None:
    entry = codes.code_list("sex")["female"]
    with pytest.raises(TypeError):
        entry.labels["fr"] = "x"  # type: ignore[index]
    with pytest.raises(TypeError):
        codes.code_list("sex").codes["x"] = entry  # type: ignore[index]


def test_each_activity_type_names_its_section() -> None:
    types = codes.code_list("activity_type")
    assert {code: entry.extra["section"] for code, entry in types.items()} == {
        "leader_consultation": "consultation", "community_meeting": "meeting",
        "technical_training": "training", "advocacy_training": "training",
        "ecpf_sensitisation": "training", "policy_dialogue": "dialogue",
        "media_intervention": "media", "publication": "publication",
        "monitoring_visit": "visit", "ecowas_coordination": "coordination",
    }  # fmt: skip


def test_the_ecpf_has_fourteen_components_and_one_mechanism() -> None:
    assert Counter(extra_values("ecpf_component", "kind")) == {
        "component": 14, "mechanism": 1, "theme": 3,
    }  # fmt: skip


def test_disability_begins_at_a_lot_of_difficulty() -> None:
    assert len(codes.code_list("washington_group_domain")) == 6
    assert extra_values("washington_group_answer", "level") == ["1", "2", "3", "4"]
    counting = [
        code
        for code, entry in codes.code_list("washington_group_answer").items()
        if entry.extra["counts_as_disability"] == "true"
    ]
    assert counting == ["a_lot_of_difficulty", "cannot_do"]


@given(age=ages, year=years)
def test_every_age_is_in_exactly_one_band_and_bands_know_their_birth_years(
    age: int, year: int
) -> None:
    band = codes.age_band(year - age, year)
    holding = [
        each for each in codes.code_list("age_band") if year - age in codes.birth_years(each, year)
    ]
    assert holding == [band]


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "under_15"), (14, "under_15"), (15, "15_17"), (17, "15_17"), (18, "18_24"),
        (24, "18_24"), (25, "25_35"), (35, "25_35"), (36, "36_59"), (59, "36_59"),
        (60, "60_plus"), (130, "60_plus"), (131, UNKNOWN), (-1, UNKNOWN),
    ],
)  # fmt: skip
def test_bands_begin_and_end_where_the_youth_charter_puts_them(age: int, band: str) -> None:
    assert codes.age_band(2021 - age, 2021) == band


def test_without_birth_year_the_band_is_unknown() -> None:
    assert codes.age_band(None, 2021) == UNKNOWN


def test_there_are_fifteen_countries_each_a_place_of_the_same_name() -> None:
    assert len(codes.code_list("country")) == 15
    assert {each.id: each.name for each in places.every() if each.level == "country"} == {
        code: entry.labels["en"] for code, entry in codes.code_list("country").items()
    }


@pytest.mark.parametrize("country", codes.code_list("country"))
def test_each_country_has_its_chapter_language_and_regions(country: str) -> None:
    assert countries.chapter_active(country)
    assert countries.chapter_name(country).startswith("WACSOF-FOSCAO ")
    assert countries.working_language(country) in LANGUAGES
    assert any(each.level == "admin1" for each in places.every() if each.country == country)
    assert countries.ecowas_member(country, date(2021, 11, 4))


def test_three_countries_left_ecowas_and_kept_their_chapters() -> None:
    left = {
        country
        for country in codes.code_list("country")
        if countries.ecowas_member(country, date(2025, 1, 28))
        and not countries.ecowas_member(country, date(2025, 1, 29))
    }
    assert left == {"BF", "ML", "NE"}
    assert all(countries.chapter_active(country) for country in left)
    assert not countries.ecowas_member("ML", date(1975, 5, 27))
    assert countries.ecowas_member("ML", date(1975, 5, 28))
