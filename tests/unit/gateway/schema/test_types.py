"""What the tools of clients are told: ids, days and moments, closed lists, and what may be null."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    parse,
    validate,
)

from gateway.engine.coercion import coerce_variables
from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from services.notifications.rules.model import State
from services.participants.rules import crossings
from services.participants.rules.merging import CORRECTED, KEPT, TAKEN_BACK
from services.participants.rules.resemblance import likenesses
from services.reporting.rules.figures import PERSON_DIMENSIONS
from services.reporting.rules.shares import SHARES
from shared.caller import ROLES
from shared.codes import LANGUAGES, code_list
from shared.codes.places import LEVELS
from shared.parked import STATES
from shared.record_types import CONSUMERS, RECORD_TYPES
from tests.gateway_fakes import FakeServices, context, listed

PRINTED = (Path(__file__).parents[4] / "gateway" / "schema.graphql").read_text(encoding="utf-8")
ID = re.compile(r"(^id|Id|^ids|Ids|[sS]ession|^subject|^under|^waitsFor|^actor|^createdBy)$")
DAY = re.compile(r"(^on|On)$")
MOMENT = re.compile(r"(^at|At|^time|Until)$")


def typed() -> Iterator[tuple[str, str, Any]]:
    """Every field, argument and input field: its coordinate, its name, its type."""
    for kind in schema().type_map.values():
        if kind.name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}", name, field.type
                for argument, each in getattr(field, "args", {}).items():
                    yield f"{kind.name}.{name}({argument}:)", argument, each.type


@pytest.mark.parametrize(
    ("names", "type_name", "at_least"),
    [(ID, "ID", 74), (DAY, "Date", 25), (MOMENT, "DateTime", 25)],
)
def test_ids_days_and_moments_are_of_their_own_types(
    names: re.Pattern[str], type_name: str, at_least: int
) -> None:
    named = {at: get_named_type(kind) for at, name, kind in typed() if names.search(name)}
    leaves = {at: k.name for at, k in named.items() if not isinstance(k, GraphQLObjectType)}
    assert len(leaves) >= at_least
    assert {at: name for at, name in leaves.items() if name != type_name} == {}


CURSORS = ("after", "before", "cursor", "startCursor", "endCursor")


def test_cursors_are_text_and_days_say_what_they_look_like() -> None:
    cursors = [kind for _, name, kind in typed() if name in CURSORS]
    assert {get_named_type(kind).name for kind in cursors} == {"String"}
    for name in ("Date", "DateTime"):
        assert f'scalar {name} @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339' in PRINTED


@pytest.mark.parametrize(
    ("declared", "fits"), [("ID!", True), ("ID", False), ("String!", False), ("Date!", False)]
)
def test_a_variable_for_an_id_is_declared_as_an_id(declared: str, fits: bool) -> None:
    text = f"query($id: {declared}) {{ activity(id: $id) {{ id }} }}"
    assert (validate(schema(), parse(text)) == []) is fits


@pytest.mark.parametrize(("declared", "fits"), [("Date", True), ("Date!", True), ("String", False)])
def test_a_variable_for_a_day_is_declared_as_a_day(declared: str, fits: bool) -> None:
    text = (
        f"query($from: {declared}) {{ activities(filter: {{from: $from}}) {{ nodes {{ id }} }} }}"
    )
    assert (validate(schema(), parse(text)) == []) is fits


async def answer(text: str, services: FakeServices, **variables: Any) -> Any:
    document = Documents(schema()).get(text)
    operation = document.operation(None)
    given = coerce_variables(schema(), operation.variable_definitions or (), variables)
    assert isinstance(given, dict), given
    return await execute(schema(), operation, document.fragments, given, context(services))


@pytest.mark.parametrize("day", ["2020-W53-1", "", 20200101, 1.5, True], ids=repr)
async def test_a_bad_day_of_a_filter_reaches_the_service_that_says_what_is_wrong_with_it(
    day: Any,
) -> None:
    services = FakeServices({"activities.list": lambda _: listed()})
    by_variable = "query($from: Date) { activities(filter: {from: $from}) { nodes { id } } }"
    await answer(by_variable, services, **{"from": day})
    in_text = f"{{ activities(filter: {{from: {json.dumps(day)}}}) {{ nodes {{ id }} }} }}"
    await answer(in_text, services)
    assert [each["filter"] for each in services.asked("activities.list")] == [{"from": day}] * 2


async def test_a_number_for_an_id_is_read_as_text_as_graphql_has_it() -> None:
    services = FakeServices({"activities.get_many": lambda _: {"items": []}})
    await answer("query($id: ID!) { activity(id: $id) { id } }", services, id=7)
    assert services.asked("activities.get_many")[0]["ids"] == ["7"]


@pytest.mark.parametrize("count", [1, 9])
async def test_a_day_that_is_none_is_an_error_of_its_field_alone(count: int) -> None:
    items = [{"id": f"a{n}", "starts_on": "2024-01-01", "ends_on": 5} for n in range(count)]
    services = FakeServices({"activities.list": lambda _: listed(*items)})
    result = await answer("{ activities { nodes { id startsOn endsOn } } }", services)
    shown = [{"id": f"a{n}", "startsOn": "2024-01-01", "endsOn": None} for n in range(count)]
    assert result.data == {"activities": {"nodes": shown}}
    assert [error.path for error in result.errors] == [
        ["activities", "nodes", n, "endsOn"] for n in range(count)
    ]


CLOSED: dict[str, set[str]] = {
    "Role": {"chapter", "secretariat", "partner", "operator"},
    "Language": {"fr", "en", "pt"},
    "PlaceLevel": {"country", "admin1", "admin2", "locality"},
    "ChangeKind": {
        "registered", "recorded", "proposed", "decided", "corrected", "withdrawn", "reinstated",
        "merged", "separated",
    },
    "SeparatedField": {"taken_back", "kept", "corrected"},
    "DuplicateReason": {
        "same_phone", "same_email", "same_name_and_place", "same_name_and_birth_year",
        "like_name_and_place", "like_name_and_birth_year",
    },
    "CrossChapterReason": {"same_name_birth_year_and_sex", "same_phone"},
    "AttendanceStatus": {"present", "absent"},
    "WebhookState": {"active", "failing", "paused", "disabled", "revoked"},
    "EventConsumer": {"reporting", "activities", "notifications"},
    "ParkedState": {"parked", "retried", "discarded"},
    "ParkedAction": {"retried", "discarded"},
    "ShareOf": {"women", "youth", "with_disability"},
    "DimensionCode": {"sex", "age_band", "group", "group_any", "disability", "residence"},
}  # fmt: skip


def test_closed_lists_are_enums_spelt_as_their_codes() -> None:
    enums = {
        kind.name: set(kind.values)
        for kind in schema().type_map.values()
        if isinstance(kind, GraphQLEnumType) and not kind.name.startswith("__")
    }
    older = {"PushMode", "ReceiptStatus", "RecordKind", "Dimension", "RowsBy", "CoverageOf"}
    older.add("KeptKind")
    assert {name: codes for name, codes in enums.items() if name not in older} == CLOSED


def test_the_codes_of_closed_lists_are_those_by_which_programs_decide() -> None:
    content = {
        "given_name": "Awa", "family_name": "B", "email": "a@b.c", "place": "ML", "birth_year": 9,
    }  # fmt: skip
    reasons = [reason for reason, _ in likenesses(content, "+22370000000")]
    logged = [record_type for record_type in RECORD_TYPES.values() if record_type.has_log]
    decided = {
        "Role": ROLES,
        "Language": LANGUAGES,
        "PlaceLevel": LEVELS,
        "ChangeKind": {past for record_type in logged for past in record_type.steps.values()},
        "SeparatedField": (TAKEN_BACK, KEPT, CORRECTED),
        "DuplicateReason": {*reasons, *(each.replace("like_", "same_") for each in reasons)},
        "CrossChapterReason": crossings.REASONS,
        "AttendanceStatus": code_list("attendance_status").keys() - {"removed"},
        "WebhookState": {each.value for each in State} - {"deleted"},
        "EventConsumer": CONSUMERS,
        "ParkedState": STATES,
        "ParkedAction": set(STATES) - {"parked"},
        "ShareOf": SHARES,
        "DimensionCode": PERSON_DIMENSIONS,
    }
    assert {name: set(codes) for name, codes in decided.items()} == CLOSED
    kinds = schema().type_map["RecordKind"]
    assert isinstance(kinds, GraphQLEnumType)
    assert {name.lower() for name in kinds.values} == {record_type.name for record_type in logged}


NULLABLE = {
    # not said, or not known
    "Place.lat", "Place.lon", "PushedPlace.lat", "PushedPlace.lon",
    "Session.hours", "Consultation.blessingGiven",
    "Consultation.participantsConsidered", "Training.days", "Media.broadcasts",
    "Media.audienceEstimate", "Publication.copiesPrinted", "Publication.copiesDistributed",
    "Actual.value", "Indicator.ascending", "Indicator.baseline", "Indicator.target",
    "Organisation.gppacMember", "Participant.birthYear",
    "Sector.percentage",
    "Participant.age", "WashingtonGroup.seeing", "WashingtonGroup.hearing",
    "WashingtonGroup.walking", "WashingtonGroup.remembering", "WashingtonGroup.selfCare",
    "WashingtonGroup.communicating", "AttendanceRow.preScore", "AttendanceRow.postScore",
    "AttendanceRow.counts", "Problem.ids",
    "AttendanceVersion.preScore", "AttendanceVersion.postScore",
    "TestOutputs.preMean", "TestOutputs.postMean", "TestOutputs.gainMean",
    "TestOutputs.preSpread", "TestOutputs.postSpread", "TestOutputs.gainSpread",
    # of nothing
    "Report.ageReferenceYear", "WebhookAttempt.status", "ParkedEvent.sequence",
    "ParkedEvent.sizeBytes", "Receipt.sheet", "Receipt.version",
    "RecordVersion.restored", "AttendanceVersion.restored",
    # by a call of their own, which may fail without the rest
    "Activity.organisations", "Activity.funders", "Activity.accountable", "Activity.extending",
    "Project.funders", "Project.accountable", "Project.extending", "Project.implementing",
    "Project.partners", "Session.present",
    "Duplicates.participants", "NotDuplicates.participants",
    "ParkedCount.parked", "ParkedCount.retried", "ParkedCount.discarded",
    # too many to count, without the page failing
    "ActivityConnection.totalCount", "ApiKeyConnection.totalCount",
    "AttendanceRowConnection.totalCount", "AttendanceVersionConnection.totalCount",
    "ChangeConnection.totalCount",
    "ConcernConnection.totalCount", "DuplicatesConnection.totalCount", "GuestConnection.totalCount",
    "CrossChapterLikenessConnection.totalCount",
    "NominationConnection.totalCount", "OrganisationConnection.totalCount",
    "ParkedEventConnection.totalCount", "ParticipantConnection.totalCount",
    "NotDuplicatesConnection.totalCount", "PlaceConnection.totalCount",
    "PushedPlaceConnection.totalCount",
    "ProjectConnection.totalCount", "RecordVersionConnection.totalCount",
    "ReportRowConnection.totalCount",
    "WebhookConnection.totalCount", "WebhookAttemptConnection.totalCount",
    # may come to be withheld
    "Figure.total", "Cell.value", "CoverageRow.personSessions", "CoverageRow.uniquePeople",
    "GapRow.uniquePeople", "Share.count", "Share.known", "Share.unknown", "Share.share",
}  # fmt: skip


def test_counts_truths_and_lists_are_never_null_but_for_these() -> None:
    roots = (schema().query_type, schema().mutation_type)
    found = {
        f"{kind.name}.{name}"
        for kind in schema().type_map.values()
        if isinstance(kind, GraphQLObjectType) and kind not in roots
        if not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if not isinstance(field.type, GraphQLNonNull)
        if isinstance(field.type, GraphQLList)
        or get_named_type(field.type).name in ("Int", "Float", "Boolean")
    }
    assert found == NULLABLE


@pytest.mark.parametrize("field", [each for each in sorted(NULLABLE) if each.split(".")[0] in
    ("Figure", "Cell", "CoverageRow", "GapRow", "Share")])  # fmt: skip
def test_what_may_be_withheld_says_so(field: str) -> None:
    kind, name = field.split(".")
    found = schema().type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    assert "withheld" in (found.fields[name].description or "")


async def test_lists_that_a_record_leaves_out_are_empty() -> None:
    items = [
        {"id": "a", "announced": {"total": 3}, "dialogue": {}},
        {"id": "b", "announced": {"total": 3, "cells": [{"count": 2}]}},
    ]
    services = FakeServices({"activities.list": lambda _: listed(*items)})
    text = """{ activities { nodes { sessions { id } announced { cells { count } }
        dialogue { recommendations { id } } } } }"""
    result = await answer(text, services)
    assert result.errors is None
    assert result.data["activities"]["nodes"] == [
        {"sessions": [], "announced": {"cells": []}, "dialogue": {"recommendations": []}},
        {"sessions": [], "announced": {"cells": [{"count": 2}]}, "dialogue": None},
    ]
