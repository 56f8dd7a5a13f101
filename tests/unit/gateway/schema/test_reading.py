"""How answers read: labels and texts in the caller's language, logs, reports, places, filters."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from tests.gateway_fakes import FakeServices, context, listed


async def read(services: FakeServices, query: str, lang: str = "fr") -> dict[str, Any]:
    document = Documents(schema()).get(query)
    result = await execute(
        schema(), document.operation(None), document.fragments, {}, context(services, lang=lang)
    )
    assert result.errors is None
    assert result.data is not None
    return result.data


def activity(**content: Any) -> FakeServices:
    item = {"id": "a", "version": 1, "withdrawn": False, **content}
    return FakeServices({"activities.get_many": lambda _: {"items": [item]}})


@pytest.mark.parametrize(
    ("lang", "label"),
    [("fr", "Formation technique"), ("en", "Technical training"), ("pt", "Formação técnica")],
)
async def test_a_code_reads_in_the_callers_language(lang: str, label: str) -> None:
    query = '{ activity(id: "a") { type { code label } } }'
    read_as = await read(activity(type="technical_training"), query, lang)
    assert read_as["activity"]["type"] == {"code": "technical_training", "label": label}


async def test_a_code_that_left_its_list_still_reads() -> None:
    query = '{ activity(id: "a") { type { label } ecpf { label } place { label } } }'
    shown = await read(activity(type="retired", ecpf=["gone"], place="XX.9"), query)
    assert shown["activity"] == {
        "type": {"label": "retired"},
        "ecpf": [{"label": "gone"}],
        "place": {"label": "XX.9"},
    }


async def test_a_text_reads_in_the_language_asked_for_or_in_one_there_is() -> None:
    query = '{ activity(id: "a") { title { in en: in(lang: en) pt: in(lang: pt) } } }'
    shown = await read(activity(title={"fr": "Atelier", "en": "Workshop"}), query)
    assert shown["activity"]["title"] == {"in": "Atelier", "en": "Workshop", "pt": "Atelier"}


async def test_a_record_that_is_not_there_is_null() -> None:
    services = FakeServices({"activities.get_many": lambda _: {"items": []}})
    assert await read(services, '{ project(id: "x") { id } }') == {"project": None}


async def test_the_change_log_names_fields_as_clients_do_and_values_as_json() -> None:
    step = {
        "version": 2,
        "kind": "corrected",
        "at": "2024-01-01T00:00:00Z",
        "actor": "k1",
        "changed": {"ends_on": {"before": None, "after": {"n": 1}}},
        "private_changed": ["venue"],
    }
    services = FakeServices({"activities.changes": lambda _: listed(step)})
    query = """{ changes(of: ATTENDANCE, id: "s") { nodes {
        version kind privateChanged fields { field before after } } } }"""
    shown = await read(services, query)
    assert shown["changes"]["nodes"] == [
        {
            "version": 2,
            "kind": "corrected",
            "privateChanged": ["venue"],
            "fields": [{"field": "endsOn", "before": None, "after": '{"n":1}'}],
        }
    ]
    assert services.asked("activities.changes")[0]["kind"] == "attendance"


def report(
    rows: list[dict[str, Any]],
    cells: list[dict[str, Any]] | None = None,
    shares: list[dict[str, Any]] | None = None,
) -> FakeServices:
    figure = {"total": 3, "cells": cells or [], "shares": shares or []}
    names = ("announced", "person_sessions", "unique_per_activity", "unique_people")
    figures = dict.fromkeys(names, figure)
    answer = {
        **listed(*rows, has_next=True),
        "figures": figures,
        "rows": [{**row, "figures": figures} for row in rows],
        "adds_up": True,
    }
    return FakeServices({"reporting.report": lambda _: answer})


async def test_cells_tell_their_coordinates_with_labels_and_unknown_as_one_of_them() -> None:
    cells = [{"keys": {"sex": "unknown", "residence": "ML.SIK", "age_band": "60_plus"}, "value": 3}]
    query = """{ report(by: [SEX, RESIDENCE, AGE_BAND]) { rows { nodes { key } } figures {
        uniquePeople { total cells { value keys { dimension code label } } } } } }"""
    services = report([], cells)
    shown = (await read(services, query))["report"]
    [cell] = shown["figures"]["uniquePeople"]["cells"]
    assert [(key["dimension"], key["label"]) for key in cell["keys"]][:2] == [
        ("sex", "Inconnu"),
        ("residence", "Sikasso, Mali"),
    ]
    assert shown["rows"] is None
    assert services.asked("reporting.report")[0]["by"] == ["sex", "residence", "age_band"]


SHARES = "shares { of count known unknown share }"


@pytest.mark.parametrize(
    "selection",
    [
        "figures { announced { SHARES } }",
        "rows { nodes { figures { uniquePeople { SHARES } } } }",
        "rows { edges { node { figures { ...f } } } }",
    ],
)
async def test_shares_are_computed_where_they_are_asked_for(selection: str) -> None:
    share = {"of": "youth", "count": 2, "known": 4, "unknown": 1, "share": 0.5}
    services = report([{"key": "2021", "label": None}], shares=[share])
    text = selection.replace("SHARES", SHARES)
    fragment = f"fragment f on Figures {{ personSessions {{ {SHARES} }} }}" if "..." in text else ""
    shown = await read(services, f"{{ report(rowsBy: YEAR, first: 1) {{ {text} }} }} {fragment}")
    assert services.asked("reporting.report")[0]["with_shares"] is True
    assert str(share) in str(shown)
    await read(services, "{ report(rowsBy: YEAR) { figures { announced { total } } } }")
    assert services.asked("reporting.report")[1]["with_shares"] is False


@pytest.mark.parametrize(
    ("rows_by", "row", "label"),
    [
        ("CHAPTER", {"key": "CI", "label": None}, "Côte d’Ivoire"),
        ("ADMIN1", {"key": "unknown", "label": None}, "Inconnu"),
        ("PROJECT", {"key": "p", "label": {"en": "Mining", "fr": "Mines"}}, "Mines"),
        ("ACTIVITY", {"key": "a", "label": {"en": "Training"}}, "Training"),
        ("PROJECT", {"key": "p", "label": None}, "p"),
        ("MONTH", {"key": "2024-03", "label": None}, "2024-03"),
    ],
)
async def test_rows_of_a_report_read(rows_by: str, row: dict[str, Any], label: str) -> None:
    query = f"""{{ report(rowsBy: {rows_by}, first: 1) {{ rows {{
        nodes {{ key label }} pageInfo {{ endCursor hasNextPage }} }} }} }}"""
    shown = (await read(report([row]), query))["report"]["rows"]
    assert shown["nodes"] == [{"key": row["key"], "label": label}]
    assert shown["pageInfo"] == {"endCursor": "after 0", "hasNextPage": True}


async def test_a_filter_reaches_the_service_without_its_blanks() -> None:
    services = report([])
    await read(
        services,
        '{ report(filter: {from: "2024-01-01", to: null, chapters: ["ML"]}) { addsUp } }',
    )
    asked = services.asked("reporting.report")[0]["filter"]
    assert asked == {"from": "2024-01-01", "chapters": ["ML"]}


async def test_homonyms_are_told_apart_and_can_be_narrowed() -> None:
    query = """{ all: places(search: "nampala") { id label }
        some: places(search: "Nampala", under: "ML.SIK") { id } ml: places(country: "ML") { level }
        countries: places(first: 3) { level } }"""
    shown = await read(FakeServices({"activities.find_places": lambda _: {"items": []}}), query)
    assert len({each["label"] for each in shown["all"]}) == len(shown["all"]) >= 2
    assert [each["id"].startswith("ML.SIK.") for each in shown["some"]] == [True]
    assert {each["level"] for each in shown["ml"]} == {"admin1"}
    assert [each["level"] for each in shown["countries"]] == ["country"] * 3


async def test_a_blank_choice_of_places_is_none() -> None:
    query = '{ all: places { id } blank: places(search: " ", country: "", under: " ") { id } }'
    shown = await read(FakeServices(), query)
    assert shown["blank"] == shown["all"] != []


@pytest.mark.parametrize(
    ("after", "items", "following", "head", "more"),
    [
        (None, ["1", "2"], "2", 7, True),
        ("5", ["6", "7"], "7", 7, False),
        ("7", [], "7", 7, False),
        (None, [], "0", 0, False),
    ],
)
async def test_the_feeds_cursor_goes_on_from_where_a_reader_stands(
    after: str | None, items: list[str], following: str, head: int, more: bool
) -> None:
    feed = [
        {"cursor": each, "id": each, "type": "t", "subject": "s", "time": "now", "data": {"n": 1}}
        for each in items
    ]
    services = FakeServices(
        {"notifications.feed": lambda _: {"items": feed, "next": following, "head": head}}
    )
    argument = f'(after: "{after}")' if after else ""
    query = f"""{{ feed{argument} {{ edges {{ cursor node {{ data }} }} head
        pageInfo {{ endCursor hasNextPage }} }} }}"""
    shown = (await read(services, query))["feed"]
    assert [each["cursor"] for each in shown["edges"]] == items
    assert shown["pageInfo"] == {"endCursor": following, "hasNextPage": more}
    assert shown["head"] == str(head)


async def test_sessions_tell_how_many_were_present_by_one_call_for_a_page() -> None:
    def page(_: Any) -> dict[str, Any]:
        items = [
            {
                "id": name,
                "version": 1,
                "withdrawn": False,
                "sessions": [{"id": f"{name}1"}, {"id": f"{name}2"}],
            }
            for name in "ab"
        ]
        return listed(*items)

    def sheets(request: Any) -> dict[str, Any]:
        assert sorted(request["activity_ids"]) == ["a", "b"]
        return {"items": {"a": [{"session_id": "a2", "present": 7}]}}

    services = FakeServices({"activities.list": page, "activities.sheets": sheets})
    shown = await read(services, "{ activities { nodes { sessions { id present } } } }")
    assert [
        (session["id"], session["present"])
        for node in shown["activities"]["nodes"]
        for session in node["sessions"]
    ] == [("a1", None), ("a2", 7), ("b1", None), ("b2", None)]
    assert len(services.asked("activities.sheets")) == 1
