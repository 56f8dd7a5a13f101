"""The price of a query: all that it may answer, and never less than a field for a field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from graphene import Field, List, ObjectType, Schema, String
from graphql import GraphQLSchema, get_introspection_query
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine import lengths, price
from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.engine.price import Pricing, lists_of
from gateway.schema import schema
from gateway.schema.receipts import push_result
from gateway.schema.reporting.choices import Dimension
from services.activities import schemas as activities
from services.participants import schemas as participants
from shared.errors import Problem, Refused
from shared.records.fields import Many, Section
from tests.gateway_fakes import FakeServices, context

FULL = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    input_object_one_of=True,
)


def priced(text: str, variables: Mapping[str, Any] | None = None) -> int:
    document = Documents(schema()).get(text)
    pricing = Pricing(schema(), lists_of(schema()), document.fragments, variables or {})
    return pricing.price(document.operation(None))


def fields_in(answer: Any) -> int:
    if isinstance(answer, dict):
        return len(answer) + sum(map(fields_in, answer.values()))
    return sum(map(fields_in, answer)) if isinstance(answer, list) else 0


@pytest.mark.parametrize(
    ("text", "unanswered"),  # a selection below which there is nothing costs a field nevertheless
    [
        (FULL, 200),
        ('{ __type(name: "Query") { fields { name args { type { name ofType { name } } } } } }', 0),
        ("{ __schema { queryType { ...t } } } fragment t on __Type { a: name ... { b: name } }", 0),
    ],
    ids=["the whole schema", "one type", "fragments and aliases"],
)
async def test_introspection_costs_the_fields_that_it_answers(text: str, unanswered: int) -> None:
    document = Documents(schema()).get(text)
    result = await execute(
        schema(), document.operation(None), document.fragments, {}, context(FakeServices())
    )
    assert result.errors is None
    answered = fields_in(result.data)
    assert answered <= priced(text) <= answered + unanswered


def test_a_type_named_by_a_variable_costs_what_that_type_answers() -> None:
    text = "query($name: String!) { __type(name: $name) { fields { name } } }"
    for name, fields in (("PageInfo", 4), ("CodeValue", 4), ("LocalisedText", 5), ("None", 1)):
        assert priced(text, {"name": name}) == 2 + fields


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ me { role } }", 2),
        ("{ me { role again: role } }", 3),
        ("{ activities { nodes { id } pageInfo { endCursor } } }", 1 + 1 + 50 + 1 + 1),
        ("{ activities { edges { cursor node { id } } } }", 1 + 1 + 50 * 3),
        ("{ activities(last: 3) { nodes { id } totalCount } }", 2 + 3 + 1),
        ("{ activities(first: 3, last: 9) { nodes { id } } }", 2 + 9),
        ("{ activities(first: 200) { nodes { sessions { id on } } } }", 2 + 200 * (1 + 100 * 2)),
        (
            "{ activities(first: 10) { nodes { project { funders { name } } } } }",
            2 + 10 * (1 + 1 + 50),
        ),
        (
            "{ activities(first: 10) { ...c } } fragment c on ActivityConnection { nodes { id } }",
            12,
        ),
        ("{ activities(first: 10) { ... { ... on ActivityConnection { nodes { id } } } } }", 12),
        ("{ activities(first: 10) { nodes @include(if: false) { id @skip(if: true) } } }", 12),
        ("{ places(first: 3) { id aliases } }", 1 + 3 * (1 + 1 + 50)),
        ("{ webhooks(first: 3) { nodes { filter { types } } } }", 2 + 3 * (1 + 1 + 50)),
        ("{ report { figures { uniquePeople { cells { value } } } } }", 4 + 1),
        (
            "{ report(by: [GROUP, SEX]) {"
            " figures { uniquePeople { cells { value keys { code } } } }"
            " rows { nodes { figures { announced { cells { value } } } } } } }",
            1 + 3 + 70 * (1 + 1 + 3) + 2 + 50 * (3 + 70),
        ),
        (
            "mutation { pushProjects(items: []) { receipts { id problems { code path } } } }",
            2 + 500 * (2 + 10 * (1 + 1 + 6)),
        ),
        ("{ gaps { gap } }", 1 + 20_000),
    ],
)
def test_every_list_counts_with_the_most_it_can_hold(text: str, cost: int) -> None:
    assert priced(text) == cost


PAGE = "query($n: Int = 7) { activities(%s: $n) { nodes { id } } }"


@pytest.mark.parametrize(
    ("first", "items"), [(3, 3), (1, 1), (0, 1), (-1, 1), (-99_999, 1), (None, 50), (9_000, 9_000)]
)
@pytest.mark.parametrize("size", ["first", "last"])
def test_a_page_counts_with_one_item_at_least_written_out_or_by_a_variable(
    first: int | None, items: int, size: str
) -> None:
    written = "null" if first is None else str(first)
    assert priced(f"{{ activities({size}: {written}) {{ nodes {{ id }} }} }}") == 2 + items
    assert priced(PAGE % size, {"n": first}) == 2 + items
    inner = f"{{ activities({size}: {written}) {{ nodes {{ sessions {{ id }} }} }} }}"
    if items <= 50:
        assert priced(inner) == 2 + items * (1 + 100)


def test_the_dimensions_of_a_report_count_by_a_variable_too() -> None:
    text = (
        "query($by: [Dimension!]) { report(by: $by) { figures { announced { cells { value } } } } }"
    )
    assert priced(text, {"by": [Dimension.GROUP, Dimension.SEX]}) == 4 + 70
    assert priced(text, {"by": None}) == priced(text) == 4 + 1
    document = Documents(schema()).get(text)
    assert document.varies


SELECTIONS = st.recursive(
    st.sampled_from(["id", "version", "title { fr }", "ecpf { code }"]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(
        lambda several: "... { " + " ".join(several) + " }"
    ),
    max_leaves=12,
)


@given(selection=SELECTIONS, first=st.integers(-(2**31), 200))
def test_one_more_field_never_makes_a_query_cheaper(selection: str, first: int) -> None:
    less = f"{{ activities(first: {first}) {{ nodes {{ {selection} }} }} }}"
    more = f"{{ activities(first: {first}) {{ nodes {{ {selection} id }} }} }}"
    assert 3 <= priced(less) < priced(more)


def test_a_push_that_tells_everything_of_its_rows_can_be_paid() -> None:
    result = (
        "{ created receipts { row sheet id status version problems { code field path message}}}"
    )
    text = f"""mutation($input: PushActivitiesInput!) {{ pushActivities(input: $input) {{
        participants {result} activities {result} attendance {result} }} }}"""
    assert priced(text) <= price.MAX_COST


def stored_limits() -> dict[str, int]:
    """What the services store at most, by the list that shows it."""
    of = {
        "Activity": activities.Activity,
        "Project": activities.Project,
        "Session": activities.Session,
        "Announced": activities.Announced,
        "Consultation": activities.Consultation,
        "Training": activities.Training,
        "Dialogue": activities.Dialogue,
        "Media": activities.Media,
        "Participant": participants.Person,
        "Consent": participants.Consent,
    }
    found = {}
    for kind, stored in of.items():
        for name, field in stored().fields.items():
            head, *rest = name.removesuffix("_ids").split("_")
            shown = head + "".join(map(str.capitalize, rest))
            if name.endswith("_ids") and shown not in ("accountable", "extending", "implementing"):
                shown += "s"
            if isinstance(field, Many):
                codes = getattr(field.inner, "_codes", None)
                found[f"{kind}.{shown}"] = min(field.limit, len(codes) if codes else field.limit)
            elif isinstance(field, Section) and field.many:
                found[f"{kind}.{shown}"] = field.limit
    return found


def test_no_service_stores_more_than_a_list_is_priced_with() -> None:
    stored = stored_limits()
    assert {"Activity.sessions", "Activity.organisations", "Project.places"} <= stored.keys()
    assert {"Participant.groups", "Session.topics", "Consent.purpose"} <= stored.keys()
    for place, most in stored.items():
        assert lengths.MAX_LENGTHS[place] >= most, place


def test_a_list_of_which_nobody_says_how_long_it_can_be_stops_the_start() -> None:
    query = type("Query", (ObjectType,), {"everything": Field(List(String))})
    grown: GraphQLSchema = Schema(query=query).graphql_schema
    with pytest.raises(KeyError, match=r"Query\.everything"):
        lists_of(grown)


def test_a_row_tells_the_first_of_many_problems() -> None:
    many = [Problem.at("x", number, code="REQUIRED").to_dict() for number in range(30)]
    receipt = {"row": 0, "id": "x", "status": "REJECTED", "version": None, "problems": many}
    told = push_result([receipt], context(FakeServices()), "items", dry_run=False)
    [shown] = told["receipts"]
    assert [each["field"] for each in shown["problems"]] == [f"x[{n}]" for n in range(10)]


def chain(links: int, last: str = "fragment f{0} on Me {{ role }}") -> str:
    return "".join(f"fragment f{n} on Me {{ ...f{n + 1} }} " for n in range(links)) + last.format(
        links
    )


@pytest.mark.parametrize(
    "text",
    [
        "{ me { ...f0 } } " + chain(2_000),
        "{ me { ...f0 } } " + chain(2_000, "fragment f{0} on Me {{ ...f0 }}"),
        "{ me { role } } " + chain(2_000),
        "{ me { " + "... { " * 90 + "role" + " }" * 90 + " } }",
        "{ __schema { queryType { " + "ofType { " * 90 + "name" + " }" * 90 + " } } }",
    ],
    ids=["a chain", "a ring", "a chain nobody spreads", "inline fragments", "below __schema"],
)
def test_what_is_nested_without_end_is_refused_as_such(text: str) -> None:
    with pytest.raises(Refused, match="QUERY_TOO_DEEP"):
        Documents(schema()).get(text)


def test_operations_of_one_document_are_walked_within_one_bound() -> None:
    fragment = "fragment f on Me { " + "role " * 100 + "}"
    text = " ".join(f"query q{n} {{ me {{ ...f }} }}" for n in range(100)) + fragment
    with pytest.raises(Refused, match="QUERY_TOO_COSTLY"):
        Documents(schema()).get(text)


def test_root_fields_count_wherever_they_stand() -> None:
    text = "{ ...a ... { ...a } } fragment a on Query { " + "codeLists " * 11 + "}"
    with pytest.raises(Refused, match="TOO_MANY_ROOT_FIELDS"):
        Documents(schema()).get(text)
