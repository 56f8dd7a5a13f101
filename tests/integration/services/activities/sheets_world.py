"""Sheets as they are stored, and as the events alone tell them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.activities.handlers import moving
from shared.ids import new_id
from tests.integration.services.activities.activities_world import MALI, World, short


def people(count: int) -> list[str]:
    return sorted(new_id() for _ in range(count))


def deltas(world: World, session_id: str) -> list[dict[str, Any]]:
    return [e for e in world.events(session_id) if short(e).startswith("attendance.")]


def exact(number: float) -> Decimal:
    """The number as it is written."""
    return Decimal(str(number))


def replayed(world: World, session_id: str) -> tuple[set[str], dict[str, Decimal]]:
    """Who is present, and the sums of scores, by the emitted events alone."""
    here: set[str] = set()
    scores: dict[str, Decimal] = {}
    for number, event in enumerate(deltas(world, session_id), start=1):
        assert event["sequence"] == number
        for row in event["data"]["rows"]:
            assert (row["participant_id"] in here) is not row["present"]
            (here.add if row["present"] else here.remove)(row["participant_id"])
        for name, delta in event["data"]["scores"].items():
            scores[name] = scores.get(name, Decimal()) + exact(delta)
        assert event["data"]["present_total"] == len(here)
    return here, scores


def told_tests(world: World, session_id: str) -> dict[str, tuple[Any, Any]]:
    """The scores of those who are present and have one, by the emitted events alone."""
    found: dict[str, tuple[Any, Any]] = {}
    for event in world.events(session_id, version=2):
        if not short(event).startswith("attendance."):
            continue
        for row in event["data"]["rows"]:
            if not row["present"]:
                found.pop(row["participant_id"], None)
        for each in event["data"]["tests"]:
            found[each["participant_id"]] = each["pre_score"], each["post_score"]
    return {who: test for who, test in found.items() if test != (None, None)}


def stored(world: World, session_id: str) -> tuple[set[str], dict[str, Decimal]]:
    page = world.sheet(session_id)
    assert page["sheet"]["lines"] == len(page["items"])
    here = {line["participant_id"] for line in page["items"] if line["counts"]}
    assert page["sheet"]["present"] == len(here)
    scores = dict.fromkeys(page["sheet"]["scores"], Decimal())
    for line in page["items"]:
        pre, post = line["pre_score"], line["post_score"]
        if line["counts"]:
            scores["pre_n"] += pre is not None
            scores["pre_sum"] += exact(pre or 0)
            scores["post_n"] += post is not None
            scores["post_sum"] += exact(post or 0)
            if pre is not None and post is not None:
                scores["paired_n"] += 1
                scores["gain_sum"] += exact(post) - exact(pre)
    assert {name: exact(each) for name, each in page["sheet"]["scores"].items()} == scores
    return here, scores


def moved(world: World, source: str, target: str, who: list[str], **more: Any) -> list[Any]:
    asked = {
        "caller": MALI.to_dict(),
        "from_session": source,
        "to_session": target,
        "participant_ids": who,
        **more,
    }
    receipts: list[Any] = moving.move(asked, world.store)["receipts"]
    return receipts
