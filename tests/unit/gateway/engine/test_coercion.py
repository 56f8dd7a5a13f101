"""The fast ways in and out agree with graphql-core, on right values and on wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError, parse
from graphql import execute as core_execute
from graphql.execution.values import get_variable_values
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.engine.coercion import MAX_ERRORS, coerce_variables
from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from services.activities.definitions import ACTIVITY
from services.activities.sheet_rows import read_rows
from services.participants.schemas import PERSON
from shared.caller import Caller
from shared.ids import new_id
from shared.records.engine import push
from shared.records.pushes import Push, Status
from tests.gateway_fakes import FakeServices, context, receipt

MALI = Caller("chapter", "ML", "k1")
PUSH = "mutation($input: PushActivitiesInput!) { pushActivities(input: $input) { __typename } }"
ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers(-(2**33), 2**33)
    | st.floats(allow_nan=False)
    | st.text()
)


def rows(*names: str) -> st.SearchStrategy[Any]:
    leaf = ANYTHING | st.lists(ANYTHING, max_size=2) | st.dictionaries(st.text(), ANYTHING)
    row = st.dictionaries(st.sampled_from(names), leaf, max_size=4)
    return st.none() | row | st.lists(row | ANYTHING, max_size=3)


INPUTS = ANYTHING | st.fixed_dictionaries(
    {},
    optional={
        "activities": rows("id", "title", "type", "sessions", "announced", "clear", "nonsense"),
        "participants": rows("id", "givenName", "birthYear", "consent", "groups"),
        "attendance": rows("sessionId", "rows"),
        "mode": ANYTHING | st.sampled_from(["PER_ITEM", "ALL_OR_NOTHING"]),
        "dryRun": ANYTHING,
        "nonsense": ANYTHING,
    },
)


@settings(max_examples=400, deadline=None)
@given(variables=st.fixed_dictionaries({}, optional={"input": INPUTS, "other": ANYTHING}))
def test_variables_are_coerced_as_graphql_core_does_but_for_nulls(
    variables: dict[str, Any],
) -> None:
    definitions = Documents(schema()).get(PUSH).operation(None).variable_definitions
    ours = coerce_variables(schema(), definitions, variables)
    theirs = get_variable_values(schema(), definitions, variables, max_errors=MAX_ERRORS)
    if isinstance(theirs, dict):
        assert ours == get_variable_values(schema(), definitions, without_nulls(variables))
    elif isinstance(ours, list):
        assert len(ours) == len(theirs)
    else:
        receipts = pushed(ours["input"])
        assert Status.REJECTED in receipts or not receipts  # a sheet without rows has none


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def pushed(input: dict[str, Any]) -> set[Status]:
    """What the services that own the rows say of them."""
    kinds = ((PERSON, "participants"), (ACTIVITY.schema, "activities"))
    found = {
        receipt.status
        for schema, name in kinds
        for receipts in push([Push(MALI, input.get(name) or [])], schema, {}).receipts
        for receipt in receipts
    }
    for row in read_rows(input.get("attendance") or []):
        if row.problems:
            found.add(Status.REJECTED)
    return found


def coerced(**input: Any) -> Any:
    definitions = Documents(schema()).get(PUSH).operation(None).variable_definitions
    return coerce_variables(schema(), definitions, {"input": input})


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"birthYear": "1990"}, {"birth_year": "1990"}),
        ({"birthYear": 10**12}, {"birth_year": 10**12}),
        ({"givenName": 7, "familyName": "B"}, {"given_name": 7, "family_name": "B"}),
        ({"id": 7}, {"id": "7"}),
        ({"id": True, "organisationId": [5]}, {"id": True, "organisation_id": []}),
        ({"ageOn": 20240309}, {"age_on": 20240309}),
        ({"ageOn": "2024-02-30"}, {"age_on": "2024-02-30"}),
        ({"ageOn": {"day": 9}}, {"age_on": {}}),
        ({"groups": ["youth", 5, None]}, {"groups": ["youth", 5, None]}),
        ({"groups": {"a": 1}}, {"groups": [{}]}),
        ({"consent": "yes"}, {"consent": "yes"}),
        ({"consent": [{"by": "self"}]}, {"consent": []}),
        (
            {"consent": {"givenOn": 2021, "by": "self"}},
            {"consent": {"given_on": 2021, "by": "self"}},
        ),
    ],
    ids=str,
)
def test_a_wrong_type_within_a_row_is_left_to_the_rows_service(
    row: dict[str, Any], kept: dict[str, Any]
) -> None:
    good = {"givenName": "Awa"}
    first, wrong = coerced(participants=[good, row])["input"]["participants"]
    assert first == coerced(participants=[good])["input"]["participants"][0]
    assert {name: wrong[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("said", "problems"),
    [(57.5, []), (57, []), ("57,5", ["NOT_A_NUMBER"]), (57.555, ["TOO_MANY_DECIMALS"])],
)
def test_a_score_is_taken_or_told_by_its_service_alone(said: Any, problems: list[str]) -> None:
    row = {"participantId": new_id(), "preScore": said}
    sheet = {"sessionId": new_id(), "rows": [row]}
    [read] = read_rows(coerced(attendance=[sheet])["input"]["attendance"])
    assert [each.code for each in read.problems] == problems
    assert all(each.path == ("pre_score",) for each in read.problems)


@pytest.mark.parametrize(
    ("input", "field", "told"),
    [
        ({"participants": ["Awa Traoré"]}, "input.participants[0]", "mapping"),
        (
            {"participants": [{"givenName": "Awa Traoré"}, None]},
            "input.participants[1]",
            "not to be",
        ),
        ({"participants": [{"givenName": "Awa Traoré", "foo": 1}]}, "input.participants[0]", "foo"),
        (
            {"participants": [{"consent": {"foo": "Awa Traoré at 'x'"}}]},
            "input.participants[0].consent",
            "foo",
        ),
        ({"dryRun": "Awa Traoré"}, "input.dryRun", "Boolean cannot represent"),
        ({"mode": "Awa Traoré"}, "input.mode", "does not exist in 'PushMode' enum"),
        ({"mode": "Awa does not exist in "}, "input.mode", "does not exist in 'PushMode' enum"),
        ({"attendance": [{"sessionId": "Awa Traoré"}]}, "input.attendance[0]", "rows"),
        ({"attendance": [{"rows": ["Awa Traoré"]}]}, "input.attendance[0].rows[0]", "mapping"),
    ],
    ids=str,
)
def test_what_refuses_the_request_is_told_by_its_field_without_its_value(
    input: dict[str, Any], field: str, told: str
) -> None:
    [error] = coerced(**input)
    assert error.extensions == {"field": field}
    assert error.message.startswith(f"{field}: ")
    assert told in error.message
    assert "Awa" not in error.message


def test_a_variables_default_is_used_where_none_is_given() -> None:
    text = 'query($list: String! = "sex") { codes(list: $list) { code } }'
    definitions = Documents(schema()).get(text).operation(None).variable_definitions
    assert coerce_variables(schema(), definitions, {}) == {"list": "sex"}
    assert coerce_variables(schema(), definitions, {"list": "language"}) == {"list": "language"}


RECEIPTS = """mutation { pushActivities(input: {activities: [{id: "x"}]}) { activities {
  all: receipts { __typename row it: id status version problems { code ...p } }
  some: receipts(status: [REJECTED]) { row @skip(if: true) id } } } }
fragment p on Problem { field path message }"""


def answered(receipts: list[dict[str, Any]]) -> FakeServices:
    return FakeServices({"activities.push": lambda _: {"pushes": [{"receipts": receipts}]}})


GOOD = [receipt(n, 0, {"id": f"id-{n}"}, "REQUIRED" if n % 3 else None) for n in range(9)]


@pytest.mark.parametrize(
    "spoil",
    [
        {},
        {"row": None},
        {"row": "five"},
        {"row": 2**40},
        {"version": 1.0},
        {"id": 7},
        {"status": "LOST"},
        {"problems": None},
    ],
    ids=str,
)
async def test_long_lists_are_answered_as_graphql_core_does(spoil: dict[str, Any]) -> None:
    def receipts() -> list[dict[str, Any]]:
        made = [dict(each) for each in GOOD]
        if "problems" in spoil:  # spoilt only on its way out, as nobody may send it so
            made[5]["problems"] = []
            return made
        made[5] |= spoil
        return made

    document = Documents(schema()).get(RECEIPTS)
    ours = await execute(
        schema(), document.operation(None), document.fragments, {}, context(answered(receipts()))
    )
    answer = core_execute(schema(), parse(RECEIPTS), context_value=context(answered(receipts())))
    assert not isinstance(answer, ExecutionResult)
    theirs = await answer
    assert ours.data == theirs.data
    assert [str(each) for each in ours.errors or []] == [str(e) for e in theirs.errors or []]
    if not spoil:
        assert ours.errors is None
        assert ours.data is not None
        assert len(ours.data["pushActivities"]["activities"]["some"]) == 6


async def test_a_field_that_fails_is_an_error_of_that_field() -> None:
    document = Documents(schema()).get('{ me { role } codes(list: "no such list") { code } }')
    result = await execute(
        schema(), document.operation(None), document.fragments, {}, context(FakeServices())
    )
    assert result.data == {"me": {"role": "chapter"}, "codes": None}
    [error] = result.errors or []
    assert isinstance(error, GraphQLError)
    assert error.path == ["codes"]
