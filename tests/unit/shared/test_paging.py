"""Which part of a list is asked for, and what is refused instead of guessed."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Refused
from shared.ids import asked_for, new_id
from shared.paging import Asked


def test_without_a_word_the_first_fifty_are_asked_for() -> None:
    assert Asked.of({}) == Asked(size=50)
    assert Asked.of({"first": None, "last": None, "after": None}) == Asked(size=50)


def test_last_is_walked_backwards_and_both_bounds_make_a_range() -> None:
    assert Asked.of({"last": 3, "before": "b", "after": "a"}) == Asked(
        size=3, backwards=True, after="a", before="b"
    )


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("size", [0, -1, 201, True, "3", 2.0])
def test_a_size_that_is_none_is_refused(name: str, size: Any) -> None:
    with pytest.raises(Refused, match="PAGE_SIZE"):
        Asked.of({name: size})


def test_first_together_with_last_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        Asked.of({"first": 1, "last": 1})
    assert (refused.value.code, refused.value.params) == ("FIRST_AND_LAST", {"path": ["last"]})


def test_a_page_is_told_in_the_lists_order_whichever_way_it_was_walked() -> None:
    forwards = Asked(size=2).cut("abc", str.upper)
    assert (forwards.items, forwards.cursors) == (["a", "b"], ["A", "B"])
    assert (forwards.has_previous, forwards.has_next) == (False, True)
    backwards = Asked(size=2, backwards=True).cut("zyx", str.upper, behind=True, total_count=7)
    assert backwards.answer(ord) == {
        "items": [121, 122],
        "cursors": ["Y", "Z"],
        "has_previous": True,
        "has_next": True,
        "total_count": 7,
    }


def test_a_list_is_narrowed_to_ids_each_once_and_to_none_by_none() -> None:
    one, other = new_id(), new_id()
    assert asked_for(None, "ids") is None
    assert asked_for([], "ids") == []
    assert asked_for([one, other.upper(), one], "ids") == [one, other]


@pytest.mark.parametrize(
    ("given", "code", "params"),
    [
        ("abc", "NOT_A_LIST", {"path": ["ids"]}),
        ([new_id()] * 201, "TOO_MANY", {"path": ["ids"], "limit": 200}),
        ([new_id(), "Awa"], "INVALID_ID", {"path": ["ids", 1]}),
        ([7], "INVALID_ID", {"path": ["ids", 0]}),
    ],
)
def test_ids_that_are_none_are_told_by_their_place(
    given: Any, code: str, params: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as refused:
        asked_for(given, "ids")
    assert (refused.value.code, refused.value.params) == (code, params)
