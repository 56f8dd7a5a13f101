"""People who are made one and separated again, and what the store says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.participants.handlers import merging, people, separating
from services.participants.store import ParticipantStore
from tests.integration.services.participants.participants_world import (
    MALI,
    emitted,
    push,
    read,
)
from tests.world.items import person

Item = dict[str, Any]
WHY = "one and the same"


def registered(store: ParticipantStore, caller: Mapping[str, Any] = MALI, **said: Any) -> str:
    item = person(**said)
    push(store, item, caller=caller)
    return str(item["id"])


def merge(
    store: ParticipantStore,
    winner: str,
    *losers: str,
    caller: Mapping[str, Any] = MALI,
    reason: str = WHY,
    **how: Any,
) -> dict[str, Any]:
    request = {"caller": caller, "winner": winner, "losers": [*losers], "reason": reason, **how}
    return merging.merge(request, store)


def separate(
    store: ParticipantStore,
    *losers: str,
    caller: Mapping[str, Any] = MALI,
    reason: str = WHY,
    **how: Any,
) -> dict[str, Any]:
    request = {"caller": caller, "losers": [*losers], "reason": reason, **how}
    return separating.separate(request, store)


def withdraw(store: ParticipantStore, *ids: str, use: Any = people.withdraw) -> list[Item]:
    return push(store, *({"id": each, "reason": "left"} for each in ids), use=use)


def reinstate(store: ParticipantStore, *ids: str) -> list[Item]:
    return withdraw(store, *ids, use=people.reinstate)


def content(store: ParticipantStore, identifier: str) -> Item:
    """What a person says, without what tells when and why."""
    [item] = read_as_said(store, identifier)
    told = ("version", "created_at", "updated_at", "status_reason", "merged_ids", "merged_into")
    return {name: value for name, value in item.items() if name not in told}


def read_as_said(store: ParticipantStore, *ids: str) -> list[Item]:
    """The people of these ids, in order, whoever they are one with."""
    found = people.get_many({"caller": MALI, "ids": ids}, store)
    by_id = {each["id"]: each for each in found["items"]}
    return [by_id[found["merged"].get(each, each)] for each in ids]


def merged_ids(store: ParticipantStore, identifier: str) -> list[str]:
    [item] = read(store, identifier)
    return list(item["merged_ids"])


def steps(store: ParticipantStore, *ids: str) -> list[tuple[str, Any, bool]]:
    """What was told of these: type, as whom, withdrawn; without `standing`."""
    return [
        (each.type.partition(".")[2], each.data["merged_into"], each.data["withdrawn"])
        for each in emitted(store)
        if each.subject in ids and each.type.startswith("participant.")
    ]


def standings(store: ParticipantStore, *ids: str) -> dict[str, tuple[bool, str | None]]:
    """As whom each of these stands, by what was told last."""
    return {
        each.subject: (each.data["withdrawn"], each.data["merged_into"])
        for each in emitted(store)
        if each.type == "standing.changed" and each.subject in ids
    }


def fields(answer: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field → (from whom, what), as a merge shows it."""
    return {each["field"]: (each["from"], each["value"]) for each in answer["fields"]}


def became(answer: Mapping[str, Any]) -> dict[str, str]:
    """Field → what a separation did to it."""
    return {each["field"]: each["became"] for each in answer["fields"]}
