"""Nominations beside the activities that they are for: who is asked what, and what is remarked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.calls.context import How
from gateway.calls.nominations import nominate
from shared.errors import Refused, Unavailable
from shared.ids import new_id
from tests.gateway_fakes import FakeServices, accept, context

TRAINING, OPEN_ENDED, PERSON = (new_id() for _ in range(3))
HOW = How("per_item", dry_run=False, push_id=None)


def services(known: Any = None) -> FakeServices:
    ended = {"id": TRAINING, "ends_on": "2021-06-02"}
    items = [ended, {"id": OPEN_ENDED, "ends_on": None}]
    return FakeServices(
        {
            "participants.push": accept(lambda item: item.get("bad")),
            "activities.get_many": known or (lambda _: {"items": items}),
        }
    )


async def remarks(behind: FakeServices, *said: Mapping[str, Any]) -> list[list[str]]:
    items = [{"id": new_id(), "participant_id": PERSON, **each} for each in said]
    receipts = await nominate(context(behind), items, HOW)
    return [[problem["code"] for problem in receipt["problems"]] for receipt in receipts]


async def test_a_person_proposed_after_the_activity_ended_is_remarked() -> None:
    behind = services()
    found = await remarks(
        behind,
        {"activity_id": TRAINING, "proposed_on": "2021-06-03"},
        {"activity_id": TRAINING.upper(), "proposed_on": " 2021-06-03 "},
        {"activity_id": TRAINING, "proposed_on": "2021-06-02"},
        {"activity_id": TRAINING},
        {"activity_id": OPEN_ENDED, "proposed_on": "2099-01-01"},
        {"activity_id": new_id(), "proposed_on": "2099-01-01"},
        {"activity_id": TRAINING, "proposed_on": "2021-06-03", "bad": "WITHDRAWN"},
        {"activity_id": TRAINING, "proposed_on": 20210603},
    )
    late = ["PROPOSED_AFTER_ACTIVITY"]
    assert found == [late, late, [], [], [], [], ["WITHDRAWN"], []]
    [asked] = behind.asked("activities.get_many")
    assert len(asked["ids"]) == 3


async def test_without_a_day_or_an_activity_nobody_is_asked() -> None:
    behind = services()
    assert await remarks(behind, {"activity_id": TRAINING}, {"proposed_on": "2021-06-03"}) == [
        [],
        [],
    ]
    assert behind.asked("activities.get_many") == []


@pytest.mark.parametrize("error", [Unavailable(), Refused("MALFORMED")], ids=["away", "refused"])
async def test_whatever_becomes_of_the_question_the_nomination_is_stored(error: Exception) -> None:
    def fails(_: Any) -> Any:
        raise error

    behind = services(fails)
    late = {"activity_id": TRAINING, "proposed_on": "2021-06-03"}
    assert await remarks(behind, late) == [[]]
    assert len(behind.asked("participants.push")) == 1
