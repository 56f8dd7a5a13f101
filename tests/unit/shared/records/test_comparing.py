"""What differs between two contents is told by the paths of a push."""

from __future__ import annotations

from typing import Any

import pytest

from shared.records import fields as f
from shared.records.comparing import differences


class Inner(f.RowSchema):
    total = f.Whole()
    kinds = f.codes("sex")


class Part(f.Identified):
    title = f.Text()
    inner = f.Section(Inner)


class Whole(f.RowSchema):
    name = f.Text()
    title = f.Localised()
    inner = f.Section(Inner)
    parts = f.Section(Part, many=True)
    values = f.Section(Inner, many=True)


A, B = "0197a000-0000-7000-8000-00000000000a", "0197a000-0000-7000-8000-00000000000b"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, []),
        ({"name": "a"}, {"name": "a"}, []),
        ({"name": "a"}, {}, [("name", "a", None)]),
        ({"title": {"fr": "a"}}, {"title": {"fr": "a", "pt": "b"}}, [("title.pt", None, "b")]),
        (
            {"title": {"fr": "a", "bm": "b"}},
            {"title": {"fr": "a", "ha": "c"}},
            [("title.bm", "b", None), ("title.ha", None, "c")],
        ),
        ({}, {"inner": {"total": 1}}, [("inner.total", None, 1)]),
        (
            {"parts": [{"id": A, "title": "a", "inner": {"total": 1}}]},
            {"parts": [{"id": B}, {"id": A, "title": "b", "inner": {"total": 2}}]},
            [
                (f"parts.{A}.title", "a", "b"),
                (f"parts.{A}.inner.total", 1, 2),
                (f"parts.{B}", None, {"id": B}),
            ],
        ),
        ({"parts": [{"id": A}, {"id": B}]}, {"parts": [{"id": B}, {"id": A}]}, []),
        (
            {"values": [{"total": 1}]},
            {"values": [{"total": 2}]},
            [("values", [{"total": 1}], [{"total": 2}])],
        ),
        ({"gone": 1, "name": "a"}, {"name": "b"}, [("name", "a", "b"), ("gone", 1, None)]),
    ],
)
def test_each_path_that_differs_is_told_once(before: Any, after: Any, told: Any) -> None:
    assert [tuple(each) for each in differences(Whole(), before, after)] == told
