"""People of Mali whom Niger enters in its sheets, and what Niger may enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.participants.handlers import guests, people
from services.participants.store import ParticipantStore
from shared.ids import new_id
from tests.integration.services.participants.participants_world import MALI, NIGER, push

Item = dict[str, Any]


def invited(store: ParticipantStore, person: str, chapter: str = "NE") -> str:
    """The id of a new guest."""
    guest = new_id()
    [receipt] = invite(store, guest, person, chapter)
    assert receipt["status"] == "CREATED", receipt
    return guest


def invite(
    store: ParticipantStore,
    guest: Any,
    person: Any,
    chapter: Any = "NE",
    caller: Mapping[str, Any] = MALI,
    **how: Any,
) -> list[Item]:
    item = {"id": guest, "participant_id": person, "chapter": chapter}
    return push(store, item, caller=caller, use=guests.invite, **how)


def take_back(
    store: ParticipantStore, *ids: str, caller: Mapping[str, Any] = MALI, **how: Any
) -> list[Item]:
    items = ({"id": each, "reason": "went home"} for each in ids)
    return push(store, *items, caller=caller, use=guests.withdraw, **how)


def may_enter(store: ParticipantStore, *ids: str, caller: Mapping[str, Any] = NIGER) -> list[str]:
    """Those of the ids that the caller may enter in a sheet."""
    unknown = people.verify_participants({"caller": caller, "ids": ids}, store)["unknown"]
    return [each for each in ids if each not in unknown]


def listed(
    store: ParticipantStore, caller: Mapping[str, Any] = MALI, **asked: Any
) -> dict[str, tuple[str, str, bool]]:
    """Guest → (person, chapter, withdrawn)."""
    items = guests.list_guests({"caller": caller, **asked}, store)["items"]
    return {
        each["id"]: (each["participant_id"], each["chapter"], each["withdrawn"]) for each in items
    }
