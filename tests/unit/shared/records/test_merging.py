"""Absent means left as it is, at every depth; something goes away only when it is told to."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from shared.errors import Problem
from shared.records import fields as f
from shared.records.merging import as_pushed, clear, merge, missing, settled, too_many
from shared.records.partial import WRONG

ONE, TWO, THREE = (f"0197a000-0000-7000-8000-00000000000{n}" for n in range(1, 4))


class Shelf(f.Identified):
    label = f.Localised(50)
    boards = f.Whole(required=True)
    state = f.Text(20, load_default="new")
    goods = f.Many(f.Text(20))


class Owner(f.RowSchema):
    name = f.Text(50, required=True)
    phone = f.Text(20)


class Stock(f.RowSchema):
    kind = f.Text(20)
    count = f.Whole(required=True)


class Stall(f.RowSchema):
    title = f.Localised(50, required=True)
    owner = f.Section(Owner)
    shelves = f.Section(Shelf, many=True)
    stock = f.Section(Stock, many=True)
    tags = f.Many(f.Text(20))


STALL = Stall()
KEPT: dict[str, Any] = {
    "title": {"fr": "Étal", "en": "Stall"},
    "owner": {"name": "Awa", "phone": "70"},
    "shelves": [
        {"id": ONE, "label": {"fr": "haut"}, "boards": 2, "state": "old"},
        {"id": TWO, "boards": 3, "state": "new", "goods": ["rice"]},
    ],
    "stock": [{"kind": "rice", "count": 1}],
    "tags": ["a", "b"],
}

BARE = {"id": ONE, "boards": 2, "state": "old"}


def said(**given: Any) -> dict[str, Any]:
    return merge(STALL, KEPT, given)


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ({"title": {"fr": "Kiosque"}}, {"title": {"fr": "Kiosque", "en": "Stall"}}),
        ({"title": {}}, {}),
        ({"owner": {"phone": "71"}}, {"owner": {"name": "Awa", "phone": "71"}}),
        ({"owner": {}}, {}),
        ({"tags": []}, {"tags": []}),
        ({"stock": [{"count": 9}]}, {"stock": [{"count": 9}]}),
        ({"stock": []}, {"stock": []}),
    ],
    ids=str,
)
def test_what_is_not_named_stays(given: dict[str, Any], becomes: dict[str, Any]) -> None:
    before = deepcopy(KEPT)
    assert said(**given) == {**KEPT, **becomes}
    assert before == KEPT


def test_things_with_ids_are_corrected_by_their_ids() -> None:
    merged = said(shelves=[{"id": TWO, "boards": 4}, {"id": THREE, "boards": 1}])
    assert settled(STALL, merged)["shelves"] == [
        KEPT["shelves"][0],
        {"id": TWO, "boards": 4, "state": "new", "goods": ["rice"]},
        {"id": THREE, "boards": 1, "state": "new"},
    ]


def test_a_thing_with_an_id_goes_when_it_is_told_to() -> None:
    left = said(shelves=[{"id": ONE, "remove": True}, {"id": THREE, "remove": True}])
    assert left["shelves"] == KEPT["shelves"][1:]
    none = said(shelves=[{"id": ONE, "remove": True}, {"id": TWO, "remove": True}])
    assert "shelves" not in none
    kept = said(shelves=[{"id": ONE, "remove": False}])
    assert kept == KEPT


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("title.en", {"title": {"fr": "Étal"}}),
        ("owner.phone", {"owner": {"name": "Awa"}}),
        (f"shelves.{ONE}.label.fr", {"shelves": [BARE, KEPT["shelves"][1]]}),
        (f"shelves.{TWO.upper()}", {"shelves": KEPT["shelves"][:1]}),
        (f"shelves.{THREE}.label", {}),
        ("shelves", {"shelves": None}),
        ("tags", {"tags": None}),
        (" tags ", {"tags": None}),
    ],
)  # fmt: skip
def test_a_path_empties_what_it_leads_to_and_no_more(path: str, left: dict[str, Any]) -> None:
    content, good, wrong = clear(STALL, KEPT, [path])
    expected = {**KEPT, **left}
    assert content == {name: value for name, value in expected.items() if value is not None}
    assert (len(good), wrong) == (1, [])


def test_every_path_of_a_list_counts() -> None:
    content, _, wrong = clear(STALL, KEPT, ["tags", "title.en", "stock"])
    assert (set(content), content["title"]) == ({"title", "owner", "shelves"}, {"fr": "Étal"})
    assert wrong == []


@pytest.mark.parametrize(
    "path",
    ["colour", "title.xx", "title.fr.x", "owner.size", "tags.0", "stock.0", f"stock.{ONE}", "id",
     f"shelves.{ONE}.id", f"shelves.{ONE}.remove", "shelves.0", "shelves.x.label", "", "."],
)  # fmt: skip
def test_a_path_that_names_no_field_is_told(path: str) -> None:
    content, good, [problem] = clear(STALL, KEPT, ["tags", path])
    assert (problem.code, problem.path) == ("UNKNOWN_FIELD", ("clear", 1))
    assert set(good) == {"tags"}
    assert "tags" not in content


def test_what_must_be_there_is_missed_at_every_depth() -> None:
    lacking = said(owner={"phone": "1"}, shelves=[{"id": THREE}, {"boards": 1}], stock=[{}])
    del lacking["title"], lacking["owner"]["name"]
    assert [(p.code, p.path) for p in missing(STALL, lacking)] == [
        ("REQUIRED", ("title",)),
        ("REQUIRED", ("owner", "name")),
        ("REQUIRED", ("shelves", 2, "boards")),
        ("REQUIRED", ("shelves", 3, "id")),
        ("REQUIRED", ("stock", 0, "count")),
    ]
    assert list(missing(STALL, {**KEPT, "owner": WRONG, "shelves": [WRONG]})) == []


def test_a_problem_is_told_where_the_client_said_it_or_by_the_id_where_it_did_not() -> None:
    given = {"shelves": [{"boards": 1}, {"id": THREE}, {"id": ONE, "boards": 1}], "stock": [{}]}
    content = merge(STALL, KEPT, given)

    def told(*path: str | int) -> tuple[str | int, ...]:
        return as_pushed(Problem("X", path), content, given).path

    places = {shelf.get("id"): n for n, shelf in enumerate(content["shelves"])}
    assert told("shelves", places[ONE], "boards") == ("shelves", 2, "boards")
    assert told("shelves", places[TWO], "boards") == ("shelves", TWO, "boards")
    assert told("shelves", places[THREE]) == ("shelves", 1)
    assert told("shelves", places[None], "id") == ("shelves", 0, "id")
    assert told("stock", 0, "count") == ("stock", 0, "count")
    assert told("title") == ("title",)


def test_what_is_empty_is_not_there_and_a_cleared_default_comes_back() -> None:
    empty = {
        **KEPT,
        "owner": {},
        "tags": [],
        "stock": [],
        "shelves": [{"id": ONE, "boards": 2, "goods": [], "label": {}}],
    }
    assert settled(STALL, empty) == {
        "title": KEPT["title"],
        "shelves": [{"id": ONE, "boards": 2, "state": "new"}],
    }
    assert settled(STALL, KEPT) == KEPT
    assert settled(STALL, {"shelves": WRONG, "owner": WRONG}) == {"shelves": WRONG, "owner": WRONG}


def test_a_list_that_grows_by_pushes_ends_where_one_push_would() -> None:
    many = [{"id": str(n), "boards": 1} for n in range(100)]
    assert list(too_many(STALL, {"shelves": many})) == []
    [problem] = too_many(STALL, {"shelves": [*many, {"id": "x", "boards": 1}]})
    assert problem == Problem("TOO_MANY", ("shelves",), {"limit": 100})
