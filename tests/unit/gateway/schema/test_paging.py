"""Lists as Relay's specification has them: what clients read of a page, and what is asked of the
services for it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type

from gateway.engine.coercion import coerce_variables
from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from tests.gateway_fakes import CHAPTER, OPERATOR, FakeServices, context, listed

RECORDS = {
    "Activity",
    "Project",
    "Organisation",
    "Concern",
    "PushedPlace",
    "Participant",
    "Nomination",
}
ITEMS = [{"id": "a"}, {"id": "b"}]


def services(**page: Any) -> FakeServices:
    return FakeServices({"activities.list": lambda _: listed(*ITEMS, **page)})


async def answer(text: str, behind: FakeServices, caller: Any = CHAPTER, **variables: Any) -> Any:
    document = Documents(schema()).get(text)
    operation = document.operation(None)
    given = coerce_variables(schema(), operation.variable_definitions or (), variables)
    assert isinstance(given, dict), given
    ctx = context(behind, caller)
    return await execute(schema(), operation, document.fragments, given, ctx)


async def test_a_page_tells_its_ends_its_cursors_and_how_many_there_are() -> None:
    text = """{ activities(last: 2, before: "x", after: "w") {
        edges { cursor node { id } } nodes { id } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    behind = services(has_previous=True, has_next=False, total_count=12)
    result = await answer(text, behind)
    assert result.errors is None
    assert result.data["activities"] == {
        "edges": [
            {"cursor": "after a", "node": {"id": "a"}},
            {"cursor": "after b", "node": {"id": "b"}},
        ],
        "nodes": [{"id": "a"}, {"id": "b"}],
        "totalCount": 12,
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": True,
            "startCursor": "after a",
            "endCursor": "after b",
        },
    }
    [request] = behind.asked("activities.list")
    part = {name: request[name] for name in ("last", "before", "after", "count", "both_ends")}
    assert part == {"last": 2, "before": "x", "after": "w", "count": True, "both_ends": True}


async def test_an_empty_page_has_no_cursors() -> None:
    behind = FakeServices({"activities.list": lambda _: listed()})
    result = await answer("{ activities { pageInfo { startCursor endCursor } } }", behind)
    assert result.data["activities"]["pageInfo"] == {"startCursor": None, "endCursor": None}


COUNTED = [
    "{ activities { totalCount } }",
    "{ list: activities { nodes { id } many: totalCount } }",
    "{ activities { ...c } } fragment c on ActivityConnection { totalCount }",
    "{ activities { ... { ... on ActivityConnection { totalCount } } } }",
    "{ activities { nodes { id } } activities { totalCount } }",
    "query($yes: Boolean = true) { activities { totalCount @include(if: $yes) } }",
]
NOT_COUNTED = [
    "{ activities { nodes { id } } }",
    "{ activities { totalCount: pageInfo { hasNextPage } } }",
    "{ activities { totalCount @skip(if: true) } }",
    "query($no: Boolean = false) { activities { ...c @include(if: $no) } }"
    " fragment c on ActivityConnection { totalCount }",
]


@pytest.mark.parametrize(
    ("text", "counted"),
    [*((each, True) for each in COUNTED), *((each, False) for each in NOT_COUNTED)],
)
async def test_a_list_is_counted_only_where_the_count_is_read(text: str, counted: bool) -> None:
    behind = services(total_count=2)
    assert (await answer(text, behind)).errors is None
    assert [each.get("count", False) for each in behind.asked("activities.list")] == [counted]


@pytest.mark.parametrize(
    ("text", "looked"),
    [
        ("{ activities(first: 1) { pageInfo { hasNextPage endCursor } } }", False),
        ("{ activities(first: 1) { pageInfo { hasPreviousPage } } }", True),
        ("{ activities { p: pageInfo { h: hasPreviousPage } } }", True),
        ("{ activities(last: 1) { pageInfo { hasPreviousPage startCursor } } }", False),
        ("{ activities(last: 1) { pageInfo { hasNextPage } } }", True),
    ],
)
async def test_the_end_where_a_walk_begins_is_looked_at_only_where_it_is_read(
    text: str, looked: bool
) -> None:
    behind = services()
    assert (await answer(text, behind)).errors is None
    assert [each.get("both_ends", False) for each in behind.asked("activities.list")] == [looked]


async def test_one_of_two_lists_is_counted_alone() -> None:
    behind = services(total_count=2)
    behind.methods["participants.list"] = lambda _: listed()
    await answer("{ activities { totalCount } participants { nodes { id } } }", behind)
    assert behind.asked("activities.list")[0]["count"] is True
    assert "count" not in behind.asked("participants.list")[0]


async def test_the_rows_of_a_report_are_counted_where_they_are_asked_for() -> None:
    figure = {"total": 3, "cells": []}
    names = ("announced", "person_sessions", "unique_per_activity", "unique_people")
    figures = dict.fromkeys(names, figure)
    page = listed(total_count=9)
    page["rows"] = page.pop("items")
    behind = FakeServices({"reporting.report": lambda _: {**page, "figures": figures}})
    text = "{ report(rowsBy: YEAR, last: 3) { rows { totalCount pageInfo { hasNextPage } } } }"
    result = await answer(text, behind)
    assert result.data["report"]["rows"]["totalCount"] == 9
    [request] = behind.asked("reporting.report")
    assert (request["last"], request["count"], request["both_ends"]) == (3, True, True)


async def test_what_could_not_be_counted_is_an_error_and_the_page_is_there() -> None:
    result = await answer("{ activities { totalCount nodes { id } } }", services(total_count=None))
    assert result.data["activities"] == {"totalCount": None, "nodes": ITEMS}
    [error] = result.errors
    assert error.path == ["activities", "totalCount"]
    assert error.original_error.code == "TOO_MANY_TO_COUNT"


@pytest.mark.parametrize(
    ("text", "asked", "path"),
    [
        ("activities(filter: {ids: $ids})", "activities.list", ("filter", "ids")),
        ("projects(filter: {ids: $ids})", "activities.list", ("filter", "ids")),
        ("organisations(filter: {ids: $ids})", "activities.list", ("filter", "ids")),
        ("concerns(filter: {ids: $ids})", "activities.list", ("filter", "ids")),
        ("participants(filter: {ids: $ids})", "participants.list", ("filter", "ids")),
        ("nominations(filter: {ids: $ids})", "participants.list", ("filter", "ids")),
        (
            "possibleDuplicates(participantIds: $ids)",
            "participants.possible_duplicates",
            ("participant_ids",),
        ),
        ("notDuplicates(participantIds: $ids)", "participants.distinct", ("participant_ids",)),
        (
            'attendance(sessionId: "s", participantIds: $ids)',
            "activities.attendance",
            ("participant_ids",),
        ),
        ("webhooks(ids: $ids)", "notifications.list_endpoints", ("ids",)),
        ("parked(service: reporting, ids: $ids)", "reporting.parked", ("ids",)),
    ],
)
@pytest.mark.parametrize("ids", [[], ["x", "y"]], ids=["none", "two"])
async def test_ids_reach_the_service_and_none_of_them_is_not_all(
    text: str, asked: str, path: tuple[str, ...], ids: list[str]
) -> None:
    behind = FakeServices({asked: lambda _: listed()})
    caller = OPERATOR if asked.startswith(("reporting", "notifications")) else CHAPTER
    by_variable = f"query($ids: [ID!]) {{ {text} {{ nodes {{ __typename }} }} }}"
    result = await answer(by_variable, behind, caller, ids=ids)
    assert result.errors is None
    found: Any = behind.asked(asked)[0]
    for name in path:
        found = found[name]
    assert found == ids


def connections() -> list[GraphQLObjectType]:
    return [
        kind
        for kind in schema().type_map.values()
        if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection")
    ]


def test_every_connection_is_one_by_the_specification() -> None:
    assert len(connections()) == 21
    for kind in connections():
        dated = {"asOf"} if kind.name.removesuffix("Connection") in RECORDS else set()
        assert {"edges", "pageInfo", "nodes", "totalCount", "skipped"} | dated == set(kind.fields)
        edge = get_named_type(kind.fields["edges"].type)
        assert isinstance(edge, GraphQLObjectType)
        assert edge.name == re.sub("Connection$", "Edge", kind.name)
        assert str(edge.fields["cursor"].type) == "String!"
        assert str(kind.fields["pageInfo"].type) == "PageInfo!"
    info = schema().type_map["PageInfo"]
    assert isinstance(info, GraphQLObjectType)
    assert {name: str(field.type) for name, field in info.fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


def test_every_field_that_leads_to_a_connection_goes_forwards_and_backwards() -> None:
    query = schema().query_type
    assert query is not None
    leading = {
        name: {argument: str(each.type) for argument, each in field.args.items()}
        for name, field in query.fields.items()
        if get_named_type(field.type) in [*connections(), schema().type_map["Report"]]
    }
    assert leading.keys() == {
        "activities", "projects", "organisations", "concerns", "participants", "nominations",
        "possibleDuplicates", "notDuplicates", "guests", "crossChapterLikenesses", "attendance",
        "attendanceHistory", "changes", "history", "webhooks",
        "webhookAttempts", "parked", "apiKeys", "report", "gazetteer", "pushedPlaces",
    }  # fmt: skip
    part = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    for name, arguments in leading.items():
        assert part.items() <= arguments.items(), name
    assert not any(isinstance(query.fields[name].type, GraphQLNonNull) for name in leading)


async def test_the_feed_is_read_forwards_and_tells_where_its_page_stands() -> None:
    item = {"id": "e", "type": "t", "subject": "s", "time": "2024-01-01T00:00:00Z", "data": {}}
    feed = [{**item, "cursor": str(n)} for n in (6, 7)]
    behind = FakeServices({"notifications.feed": lambda r: {"items": feed, "next": "7", "head": 9}})
    text = """query($after: String) { feed(after: $after) {
        pageInfo { startCursor endCursor hasPreviousPage hasNextPage } } }"""
    for after, previous in (("5", True), ("0", False), (None, False)):
        result = await answer(text, behind, OPERATOR, after=after)
        assert result.data["feed"]["pageInfo"] == {
            "startCursor": "6",
            "endCursor": "7",
            "hasPreviousPage": previous,
            "hasNextPage": True,
        }


async def test_what_is_damaged_is_named_beside_what_is_answered() -> None:
    whole = {
        "items": [{"id": "b"}],
        "cursors": ["at b"],
        "skipped": ["a"],
        "ends": ["at a", "at b"],
    }
    behind = FakeServices({"activities.list": lambda _: {**listed(), **whole}})
    result = await answer(
        "{ activities { nodes { id } skipped pageInfo { startCursor endCursor } } }", behind
    )
    assert result.errors is None
    assert result.data["activities"] == {
        "nodes": [{"id": "b"}],
        "skipped": ["a"],
        "pageInfo": {"startCursor": "at a", "endCursor": "at b"},
    }


async def test_a_damaged_record_is_a_coded_error_of_its_field_and_absent_from_lists() -> None:
    found = {"items": [{"id": "b", "name": "B"}], "damaged": ["a"]}
    activity = {"id": "x", "organisation_ids": ["a", "b"]}
    behind = FakeServices(
        {
            "activities.list": lambda _: {**listed(), "items": [activity], "cursors": ["c"]},
            "activities.get_many": lambda _: found,
        }
    )
    result = await answer("{ activities { nodes { organisations { id } } } }", behind)
    assert result.errors is None
    assert result.data["activities"]["nodes"] == [{"organisations": [{"id": "b"}]}]
    result = await answer('{ organisation(id: "a") { id } }', behind)
    assert result.data == {"organisation": None}
    told = [getattr(error.original_error, "code", None) for error in result.errors or ()]
    assert told == ["DAMAGED_RECORD"]
