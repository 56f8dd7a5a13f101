"""What was pushed is sound, whatever it is; what is of another type is not, and where is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.definitions import ACTIVITY
from shared.ids import new_id
from shared.records.engine import push
from shared.records.pushes import Push
from shared.records.soundness import content_of
from tests.contract.test_said_is_stored import MALI, SCHEMAS, rows
from tests.world import items
from tests.world.items import ids


@pytest.mark.parametrize("kind", list(SCHEMAS))
@given(data=st.data())
def test_whatever_is_taken_is_sound(kind: str, data: st.DataObject) -> None:
    schema = SCHEMAS[kind]
    said = {**data.draw(rows(schema, whole=True)), "id": new_id(), "chapter": "ML"}
    for write in push([Push(MALI, [said])], schema, {}).writes:
        assert content_of(schema)(write.after.content) is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"starts_on": None}, "starts_on"),
        ({"starts_on": "2020-W53-1"}, "starts_on"),
        ({"starts_on": "2021-02-30"}, "starts_on"),
        ({"title": "Formation"}, "title"),
        ({"title": {"fr": 7}}, "title"),
        ({"ecpf": "early_warning"}, "ecpf"),
        ({"ecpf": [3]}, "ecpf"),
        ({"announced": []}, "announced"),
        ({"announced": {"total": "9"}}, "announced.total"),
        ({"announced": {"total": True}}, "announced.total"),
        ({"announced": {"cells": []}}, "announced.total"),
        ({"sessions": [{"id": "s", "on": "yesterday"}]}, "sessions.on"),
        ({"ends_on": None, "more": 7}, None),
    ],
    ids=str,
)
def test_the_first_part_that_is_not_sound_is_told(change: dict[str, Any], path: str | None) -> None:
    content = items.activity(ids(1)[0])
    assert content_of(ACTIVITY.schema)({**content, **change}) == path
