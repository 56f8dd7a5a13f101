"""Each field of each filter of the schema, one by one: what is null or blank is no condition, an
empty list matches nothing, and what stands in blanks is what it is without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from graphene.utils.str_converters import to_snake_case
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    get_named_type,
)

from gateway.schema import schema
from services.activities import filters
from services.notifications.schemas import EndpointFilterSchema, load, load_filter
from services.participants.handlers.requests import filter_of
from services.participants.schemas import NOMINATION_FILTER, PERSON_FILTER
from services.reporting.rules.activities import ReportScope
from services.reporting.schemas import question
from shared.errors import Refused
from shared.records.filters import matches_nothing

ID = "0197a0c2-5b1e-7cc3-9d27-2f1c3a5e8d01"
SECRETARIAT = {"role": "secretariat"}
NOTHING: dict[str, Any] = {"_id": {"$in": []}}
BLANK = [None, "", "   ", "\u200b", "\u00a0\u00ad"]

Read = Callable[[Mapping[str, Any]], Any]


def _listed(kind: str) -> Read:
    return lambda given: filters.query(kind, given)


def _person(given: Mapping[str, Any]) -> Any:
    return filter_of(PERSON_FILTER, {"filter": given})


def _nomination(given: Mapping[str, Any]) -> Any:
    return filter_of(NOMINATION_FILTER, {"filter": given})


def _scope(given: Mapping[str, Any]) -> ReportScope:
    return question({"caller": SECRETARIAT, "filter": given}).scope


READERS: dict[str, Read] = {
    "ActivityFilter": _listed("activity"),
    "RecordFilter": _listed("project"),
    "ConcernFilter": _listed("concern"),
    "PlaceFilter": _listed("place"),
    "ParticipantFilter": _person,
    "NominationFilter": _nomination,
    "ReportFilter": _scope,
    "FeedFilter": load_filter,
}
"""How the service that is asked reads each filter."""

VALUES: dict[str, Any] = {
    "external_refs": {"system": "kobo", "key": "1"},
    "identifiers": {"system": "iati", "value": "1"},
    "activity_id": ID, "activity_ids": ID, "categories": "child_labour", "chapter": "ML",
    "chapters": "ML", "countries": "ML", "email": "awa@example.org", "from": "2024-03-09",
    "group": "youth", "ids": ID, "kinds": "mining_site",
    "organisation_id": ID, "participant_id": ID,
    "phone": "76 12 34 56", "place": "ML.06", "places": "ML.06", "project_id": ID,
    "project_ids": ID, "sex": "female", "text": "Awa", "to": "2024-03-09",
}  # fmt: skip
OF_ONE: dict[tuple[str, str], str] = {
    ("ActivityFilter", "types"): "technical_training",
    ("ReportFilter", "types"): "technical_training",
    ("FeedFilter", "types"): "activity.recorded",
    ("ActivityFilter", "statuses"): "held",
    ("ConcernFilter", "statuses"): "raised",
    ("NominationFilter", "status"): "proposed",
}


def found() -> Iterator[tuple[str, str, GraphQLInputType]]:
    """Filter, field as the services know it, type."""
    for kind in schema().type_map.values():
        if isinstance(kind, GraphQLInputObjectType) and kind.name.endswith("Filter"):
            for name, field in kind.fields.items():
                yield kind.name, to_snake_case(name), field.type


FIELDS = [(name, field, isinstance(kind, GraphQLList)) for name, field, kind in found()]
LISTS = [(name, field) for name, field, listed in FIELDS if listed]
TEXTS = [
    (name, field, isinstance(kind, GraphQLList))
    for name, field, kind in found()
    if get_named_type(kind).name in ("String", "ID", "Date")
]


def value(name: str, field: str) -> Any:
    return OF_ONE.get((name, field)) or VALUES[field]


def nothing(name: str, asked: Any) -> bool:
    """Whether what was read matches nothing."""
    if isinstance(asked, ReportScope):
        return asked.nothing
    if name == "FeedFilter":
        return bool(asked.nothing)
    return bool(asked == NOTHING or matches_nothing(asked))


def test_it_is_known_how_each_filter_is_read() -> None:
    root = schema().query_type
    assert root is not None
    asked: list[GraphQLNamedType] = [
        get_named_type(arg.type)
        for field in root.fields.values()
        for name, arg in field.args.items()
        if name == "filter"
    ]
    assert {each.name for each in asked} == READERS.keys() == {name for name, _, _ in FIELDS}


@pytest.mark.parametrize(("name", "field", "listed"), FIELDS)
def test_null_is_no_condition(name: str, field: str, listed: bool) -> None:
    assert READERS[name]({field: None}) == READERS[name]({})
    assert not nothing(name, READERS[name]({}))


@pytest.mark.parametrize(("name", "field"), LISTS)
def test_an_empty_list_matches_nothing_whatever_else_is_asked(name: str, field: str) -> None:
    assert nothing(name, READERS[name]({field: []}))
    others = {each: [value(name, each)] for of, each in LISTS if of == name and each != field}
    assert nothing(name, READERS[name]({**others, field: []}))


@pytest.mark.parametrize(("name", "field"), LISTS)
@pytest.mark.parametrize("blank", [[""], [" "], ["\u200b", ""]])
def test_a_blank_in_a_list_is_refused_and_never_everything(
    name: str, field: str, blank: list[str]
) -> None:
    with pytest.raises(Refused):
        READERS[name]({field: blank})


@pytest.mark.parametrize(("name", "field", "listed"), TEXTS)
def test_a_blank_text_is_no_condition(name: str, field: str, listed: bool) -> None:
    for blank in () if listed else BLANK:
        assert READERS[name]({field: blank}) == READERS[name]({})


@pytest.mark.parametrize(("name", "field", "listed"), TEXTS)
def test_blanks_about_a_value_do_not_matter(name: str, field: str, listed: bool) -> None:
    plain = value(name, field)
    padded = f" \u200b{plain}\u00a0"
    if listed:
        assert READERS[name]({field: [padded]}) == READERS[name]({field: [plain]})
        assert not nothing(name, READERS[name]({field: [plain]}))
    else:
        assert READERS[name]({field: padded}) == READERS[name]({field: plain})
    assert READERS[name]({field: [plain] if listed else plain}) != READERS[name]({})


@pytest.mark.parametrize("name", ["ActivityFilter", "ReportFilter"])
@pytest.mark.parametrize("field", ["from", "to"])
@pytest.mark.parametrize("day", ["2020-W53-1", "20200101", "2020-1-1", "2020-02-30", "today"])
def test_a_day_is_written_in_one_way(name: str, field: str, day: str) -> None:
    with pytest.raises(Refused) as refused:
        READERS[name]({field: day})
    assert refused.value.code == "INVALID_DATE"
    assert refused.value.params["path"] == ["filter", field]


@pytest.mark.parametrize("field", ["types", "chapters"])
def test_an_endpoint_that_would_be_posted_nothing_is_refused_with_the_reason(field: str) -> None:
    with pytest.raises(Refused) as refused:
        load(EndpointFilterSchema(), {field: []})
    assert [each["code"] for each in refused.value.params["problems"]] == ["EMPTY_FILTER"]
    assert load(EndpointFilterSchema(), {field: None}) == {}
