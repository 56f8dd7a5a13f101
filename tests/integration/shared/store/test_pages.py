"""Pages over a real collection, against a sorted list: each document once and in order, from either
end, whatever comes in meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection
from pymongo.database import Database

from shared.cursors import encode_cursor
from shared.errors import Refused
from shared.paging import Asked
from shared.store import pages
from shared.store.pages import keyset
from shared.types import Document
from tests.walking import Ask, walk

Row = tuple[int, int]  # the field that is sorted by, and the id

ORDERS = [(("n", 1), ("_id", 1)), (("n", -1), ("_id", -1)), (("n", -1), ("_id", 1))]
# Few values of the sorted field, so that most have company.
ROWS = st.dictionaries(st.integers(0, 99), st.integers(0, 3), max_size=25).map(
    lambda found: [(n, key) for key, n in found.items()]
)
SIZES = st.lists(st.integers(1, 7), min_size=1, max_size=4)
many = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def rows(db: Database[Document]) -> Collection[Document]:
    for order in ORDERS:
        db.rows.create_index(list(order))
    return db.rows


def filled(rows: Collection[Document], held: list[Row]) -> None:
    rows.delete_many({})
    add(rows, *held)


def add(rows: Collection[Document], *held: Row) -> None:
    if held:
        rows.insert_many([{"_id": key, "n": n} for n, key in held])


def asking(rows: Collection[Document], order: Any, query: Mapping[str, Any] | None = None) -> Ask:
    def ask(**page: Any) -> dict[str, Any]:
        found = keyset(rows, query or {}, Asked.of(page), order=order)
        return found.answer(lambda document: (document["n"], document["_id"]))

    return ask


def in_order(held: list[Row], order: Any) -> list[Row]:
    (_, by_n), (_, by_key) = order
    return sorted(held, key=lambda row: (by_n * row[0], by_key * row[1]))


@many
@given(held=ROWS, sizes=SIZES, order=st.sampled_from(ORDERS))
def test_forwards_and_backwards_each_is_given_once_and_in_order(
    rows: Collection[Document], held: list[Row], sizes: list[int], order: Any
) -> None:
    filled(rows, held)
    ask = asking(rows, order)
    assert walk(ask, *sizes) == in_order(held, order)
    assert walk(ask, *sizes, backwards=True) == in_order(held, order)


@many
@given(
    held=ROWS,
    late=st.lists(st.integers(0, 3), min_size=1, max_size=20),
    sizes=SIZES,
    order=st.sampled_from(ORDERS),
    backwards=st.booleans(),
)
def test_what_was_there_is_given_once_and_in_order_while_others_come(
    rows: Collection[Document],
    held: list[Row],
    late: list[int],
    sizes: list[int],
    order: Any,
    backwards: bool,
) -> None:
    filled(rows, held)
    coming = [(n, 100 + key if key % 2 else -key - 1) for key, n in enumerate(late)]
    come: list[Row] = []

    def meanwhile() -> None:
        if coming:
            come.append(coming.pop())
            add(rows, come[-1])

    seen = walk(asking(rows, order), *sizes, backwards=backwards, meanwhile=meanwhile)
    assert seen == in_order(seen, order)
    assert len(set(seen)) == len(seen)
    assert set(held) <= set(seen) <= {*held, *come}


@many
@given(
    data=st.data(), held=ROWS.filter(bool), order=st.sampled_from(ORDERS), size=st.integers(1, 9)
)
def test_a_part_of_a_range_is_that_of_the_list(
    rows: Collection[Document], data: st.DataObject, held: list[Row], order: Any, size: int
) -> None:
    filled(rows, held)
    everything = in_order(held, order)
    after, before = (data.draw(st.none() | st.integers(0, len(held) - 1)) for _ in range(2))
    begin, end = 0 if after is None else after + 1, len(held) if before is None else before
    inside = everything[begin:end]
    bounds = {
        name: encode_cursor(list(everything[place]))
        for name, place in (("after", after), ("before", before))
        if place is not None
    }
    ask = asking(rows, order)

    first = ask(first=size, both_ends=True, count=True, **bounds)
    assert first["items"] == inside[:size]
    assert first["has_next"] is (len(inside) > size)
    assert first["has_previous"] is (after is not None)
    last = ask(last=size, both_ends=True, count=True, **bounds)
    assert last["items"] == inside[-size:]
    assert last["has_previous"] is (len(inside) > size)
    assert last["has_next"] is (before is not None)
    assert first["total_count"] == last["total_count"] == len(held)


def test_a_cursor_says_where_to_go_on_though_its_document_is_gone(
    rows: Collection[Document],
) -> None:
    order = ORDERS[0]
    filled(rows, [(0, key) for key in range(5)])
    ask = asking(rows, order)
    cursor = ask(first=1)["cursors"][0]
    rows.delete_one({"_id": 0})
    page = ask(first=2, after=cursor, both_ends=True)
    assert page["items"] == [(0, 1), (0, 2)]
    assert page["has_previous"] is False, "nothing precedes any more"
    behind = ask(last=2, before=encode_cursor([9, 9]), both_ends=True)
    assert (behind["items"], behind["has_next"]) == ([(0, 3), (0, 4)], False)


def test_a_cursor_made_before_there_was_a_way_back_still_goes_on(
    rows: Collection[Document],
) -> None:
    filled(rows, [(1, key) for key in range(5)])
    page = asking(rows, ORDERS[0])(first=2, after="WzEsMV0")  # [1,1]
    assert page["items"] == [(1, 2), (1, 3)]


@pytest.mark.parametrize("page", [{"after": "nonsense"}, {"last": 2, "before": "WzFd"}])
def test_what_is_no_cursor_of_the_list_is_refused(
    rows: Collection[Document], page: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match="BAD_CURSOR"):
        asking(rows, ORDERS[0])(**page)


def test_only_what_is_asked_for_is_looked_for(
    rows: Collection[Document], db: Database[Document]
) -> None:
    filled(rows, [(1, key) for key in range(9)])
    ask = asking(rows, ORDERS[0])
    cursor = ask(first=3)["cursors"][-1]

    def commands(**page: Any) -> list[str]:
        db["system.profile"].drop()
        db.command("profile", 2)
        ask(**page)
        db.command("profile", 0)
        found = db["system.profile"].find({"ns": rows.full_name}).sort("ts")
        return [next(iter(each["command"])) for each in found]

    assert commands(first=3, after=cursor) == ["find"]
    assert commands(last=3, before=cursor) == ["find"]
    assert commands(first=3, both_ends=True) == ["find"], "nothing is before the beginning"
    assert commands(first=3, after=cursor, both_ends=True) == ["find", "find"]
    assert commands(first=3, count=True) == ["find", "aggregate"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", ["first", "last"])
@pytest.mark.parametrize("bounded", [(), ("after",), ("before",), ("after", "before")])
def test_the_index_gives_a_page_from_either_end_and_no_more_than_the_page(
    rows: Collection[Document],
    db: Database[Document],
    order: Any,
    size: str,
    bounded: tuple[str, ...],
) -> None:
    filled(rows, [(key // 10, key) for key in range(500)])
    everything = in_order([(key // 10, key) for key in range(500)], order)
    places = {"after": everything[205], "before": everything[295]}
    cursors = {name: encode_cursor(list(places[name])) for name in bounded}
    db.command("profile", 2)
    asking(rows, order)(**{size: 10, **cursors}, both_ends=True)
    db.command("profile", 0)
    found = list(db["system.profile"].find({"ns": rows.full_name}))
    assert len(found) == 1 + (("after" if size == "first" else "before") in bounded)
    for each in found:
        assert each["planSummary"].startswith("IXSCAN"), each
        assert not each.get("hasSortStage"), each
        # Its eleven, and of those that share the cursor's value a few that stand before it.
        assert each["docsExamined"] <= 25, each


def test_what_takes_too_long_to_count_is_not_counted_and_the_page_comes_all_the_same(
    rows: Collection[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(rows, [(1, key) for key in range(200)])
    monkeypatch.setattr(pages, "COUNT_MS", 20)
    adding = {"$add": ["$$value", "$n"]}
    long = {"input": {"$range": [0, 100_000]}, "initialValue": 0, "in": adding}
    slow = {"$expr": {"$gt": [{"$reduce": long}, 0]}}  # some ms a document
    assert pages.counted(rows, slow) is None
    assert pages.counted(rows, {"n": 1}) == 200
    page = asking(rows, ORDERS[0], slow)(first=2, count=True)
    assert (len(page["items"]), page["total_count"]) == (2, None)
