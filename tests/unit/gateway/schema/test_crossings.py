"""Who may be registered in two chapters is shown to the secretariat as ids and reasons."""

from __future__ import annotations

from typing import Any

from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from shared.caller import Caller
from shared.ids import new_id
from tests.gateway_fakes import CHAPTER, FakeServices, context, listed

HERE, THERE = new_id(), new_id()
QUESTION = """{ crossChapterLikenesses(first: 1) {
    nodes { participantIds chapters { code } reasons since } } }"""


async def answer(services: FakeServices, caller: Caller) -> Any:
    document = Documents(schema()).get(QUESTION)
    ctx = context(services, caller)
    return await execute(schema(), document.operation(None), document.fragments, {}, ctx)


async def test_the_secretariat_sees_pairs_of_ids_and_why() -> None:
    pair = {
        "participant_ids": [HERE, THERE],
        "chapters": ["ML", "NE"],
        "reasons": ["same_phone"],
        "since": "2021-06-01T00:00:00Z",
    }
    services = FakeServices({"participants.crossings": lambda _: listed(pair)})
    told = await answer(services, Caller("secretariat", None, "k"))
    assert told.data["crossChapterLikenesses"]["nodes"] == [
        {
            "participantIds": [HERE, THERE],
            "chapters": [{"code": "ML"}, {"code": "NE"}],
            "reasons": ["same_phone"],
            "since": "2021-06-01T00:00:00Z",
        }
    ]
    refused = await answer(services, CHAPTER)
    assert refused.data["crossChapterLikenesses"] is None
    assert len(services.asked("participants.crossings")) == 1
