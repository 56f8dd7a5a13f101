"""A list read over HTTP as Relay's clients read it: forwards, backwards, counted, by ids."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.stack import Stack
from shared.ids import new_id
from tests.e2e.client import Client
from tests.world.graphql import person

PEOPLE = """query($filter: ParticipantFilter, $first: Int, $after: String, $last: Int,
    $before: String) {
  participants(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } nodes { id } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.fixture(scope="module")
def senegal(stack: Stack) -> Client:
    admin = Client(stack.hub_url, stack.admin_key)
    return Client(stack.hub_url, admin.key("chapter", "SN"))


@pytest.fixture(scope="module")
def everybody(senegal: Client) -> list[str]:
    people = [person(familyName=f"Diop {number}") for number in range(11)]
    assert senegal.push(participants=people)["participants"]["created"] == 11
    return sorted(each["id"] for each in people)


def walked(client: Client, *, backwards: bool) -> list[list[str]]:
    """The ids of the people, page by page of three."""
    size, bound, end, more = (
        ("last", "before", "startCursor", "hasPreviousPage")
        if backwards
        else ("first", "after", "endCursor", "hasNextPage")
    )
    pages: list[list[str]] = []
    cursor: str | None = None
    while True:
        page: dict[str, Any] = client.ask(PEOPLE, **{size: 3, bound: cursor})
        assert page["totalCount"] == 11
        assert [each["node"] for each in page["edges"]] == page["nodes"]
        info, cursors = page["pageInfo"], [each["cursor"] for each in page["edges"]]
        assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1])
        behind = "hasNextPage" if backwards else "hasPreviousPage"
        assert info[behind] is bool(pages), "all but the first page come behind another"
        pages.append([each["id"] for each in page["nodes"]])
        if not info[more]:
            return pages
        cursor = info[end]


def test_a_list_is_walked_backwards_as_forwards(senegal: Client, everybody: list[str]) -> None:
    forwards = walked(senegal, backwards=False)
    assert forwards == [everybody[:3], everybody[3:6], everybody[6:9], everybody[9:]]
    backwards = walked(senegal, backwards=True)
    assert backwards == [everybody[8:], everybody[5:8], everybody[2:5], everybody[:2]]


def test_a_range_between_two_cursors_is_read_from_either_end(
    senegal: Client, everybody: list[str]
) -> None:
    cursors = [each["cursor"] for each in senegal.ask(PEOPLE)["edges"]]
    bounds = {"after": cursors[2], "before": cursors[8]}
    first = senegal.ask(PEOPLE, first=2, **bounds)
    assert [each["id"] for each in first["nodes"]] == everybody[3:5]
    last = senegal.ask(PEOPLE, last=2, **bounds)
    assert [each["id"] for each in last["nodes"]] == everybody[6:8]


def test_ids_narrow_a_list_and_what_is_no_id_is_told_by_its_place(
    senegal: Client, everybody: list[str]
) -> None:
    some = {"ids": [everybody[7], new_id(), everybody[1]]}
    page = senegal.ask(PEOPLE, filter=some)
    assert [each["id"] for each in page["nodes"]] == [everybody[1], everybody[7]]
    assert page["totalCount"] == 2
    assert senegal.ask(PEOPLE, filter={"ids": []})["totalCount"] == 0
    [error] = senegal.answer(PEOPLE, filter={"ids": [everybody[0], "Awa"]})["errors"]
    assert error["extensions"]["code"] == "INVALID_ID"
    assert error["extensions"]["field"] == "filter.ids[1]"


def test_first_together_with_last_is_refused_in_words(senegal: Client) -> None:
    [error] = senegal.answer(PEOPLE, first=1, last=1)["errors"]
    assert error["extensions"]["code"] == "FIRST_AND_LAST"
    assert error["extensions"]["field"] == "last"
    assert error["message"] == "Ask for the first or for the last items of a list, not for both."
