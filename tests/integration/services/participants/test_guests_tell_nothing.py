"""Whatever another chapter asks of a guest, it is answered as of an id that nobody has, and by the
same commands: not even the time tells. What it says of one is refused as of any other chapter's
person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from pymongo.database import Database

from services.participants.handlers import (
    distinct,
    guests,
    history,
    merging,
    nominations,
    people,
    separating,
)
from services.participants.service import ParticipantsService
from services.participants.store import ParticipantStore
from shared.errors import HubError
from shared.ids import new_id
from tests.integration.services.participants.guests_world import invited, take_back
from tests.integration.services.participants.merging_world import registered
from tests.integration.services.participants.participants_world import (
    NIGER,
    emitted,
    opened,
)
from tests.world.items import nomination, person

Item = dict[str, Any]
Ask = Callable[[str, str, str], Item]
"""(the id in question, one of the caller's own people, an id made for this) → the request."""


def _pushing(item: Callable[[str, str, str], Item]) -> Ask:
    return lambda *ids: {"pushes": [{"items": [item(*ids)]}]}


def _of(kind: str, **more: Any) -> Ask:
    return lambda each, own, new: {"kind": kind, "id": each, **more}


READING: Final[dict[str, tuple[Any, Ask]]] = {
    "get_many": (people.get_many, lambda each, own, new: {"ids": [each, own]}),
    "list by ids": (people.list_people, lambda each, own, new: {"filter": {"ids": [each]}}),
    "list of withdrawn": (
        people.list_people,
        lambda each, own, new: {"filter": {"ids": [each], "withdrawn": True}},
    ),
    "nominations of": (
        nominations.list_nominations,
        lambda each, own, new: {"filter": {"participant_id": each}},
    ),
    "nominations by ids": (
        nominations.list_nominations,
        lambda each, own, new: {"filter": {"ids": [each]}},
    ),
    "possible duplicates": (
        people.possible_duplicates,
        lambda each, own, new: {"participant_ids": [each, own]},
    ),
    "decisions": (distinct.list_decisions, lambda each, own, new: {"participant_ids": [each]}),
    "guests": (guests.list_guests, lambda each, own, new: {"participant_ids": [each]}),
    "history": (history.history, _of("participant")),
    "changes": (history.changes, _of("participant")),
    "version": (history.version, _of("participant", version=1)),
    "compare": (history.compare, _of("participant", **{"from": 1, "to": 2})),
    "decide distinct": (distinct.decide, lambda each, own, new: {"ids": [each, own]}),
    "take back distinct": (distinct.take_back, lambda each, own, new: {"ids": [each, own]}),
}
"""What reads, or refuses by reading alone: answered by the same commands."""

WRITING: Final[dict[str, tuple[Any, Ask]]] = {
    "withdraw": (people.withdraw, _pushing(lambda each, own, new: {"id": each, "reason": "x"})),
    "reinstate": (people.reinstate, _pushing(lambda each, own, new: {"id": each, "reason": "x"})),
    "restore": (
        people.restore,
        _pushing(lambda each, own, new: {"id": each, "version": 1, "reason": "x"}),
    ),
    "nominate": (
        nominations.nominate,
        _pushing(lambda each, own, new: nomination(each, id=new, activity_id=new)),
    ),
    "merge into own": (
        merging.merge,
        lambda each, own, new: {"winner": own, "losers": [each], "reason": "x"},
    ),
    "merge own into it": (
        merging.merge,
        lambda each, own, new: {"winner": each, "losers": [own], "reason": "x"},
    ),
    "separate": (separating.separate, lambda each, own, new: {"losers": [each], "reason": "x"}),
    "withdraw guest": (
        guests.withdraw,
        _pushing(lambda each, own, new: {"id": each, "reason": "x"}),
    ),
    "invite": (
        guests.invite,
        _pushing(lambda each, own, new: {"id": new, "participant_id": each, "chapter": "BJ"}),
    ),
}
"""Answered as if nobody had the id."""

CLAIMING: Final[dict[str, tuple[Any, Ask]]] = {
    "register": (people.register, _pushing(lambda each, own, new: person(id=each))),
    "correct": (people.register, _pushing(lambda each, own, new: {"id": each, "sex": "male"})),
    "invite under it": (
        guests.invite,
        _pushing(lambda each, own, new: {"id": each, "participant_id": own, "chapter": "BJ"}),
    ),
}
"""Refused as of any other chapter's person: one id stands for one thing."""

BY_NO_ID: Final = {"lead", "vouch", "push", "crossings"}
"""Methods of which `lead` takes keys and `crossings` nothing, `vouch` is what a guest is for (see
test_guests), and `push` stands under the names of what is pushed."""


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


@pytest.fixture(params=["standing", "taken back"])
def guest(store: ParticipantStore, request: Any) -> str:
    found = invited(store, registered(store))
    if request.param == "taken back":
        take_back(store, found)
    return found


def told(use: Any, store: ParticipantStore, request: Item, each: str) -> str:
    """The answer, or the refusal, to Niger, as text; the id in question left out."""
    for pushed in request.get("pushes", ()):
        pushed["caller"] = NIGER
    try:
        said: Any = use({"caller": NIGER, **request}, store)
    except HubError as error:
        said = (type(error).__name__, error.code, error.params)
    return str(said).replace(each, "THE ID")


@pytest.mark.parametrize("name", READING | WRITING)
def test_a_guest_is_answered_as_an_id_that_nobody_has(
    store: ParticipantStore, guest: str, name: str
) -> None:
    use, ask = (READING | WRITING)[name]
    own, nobody, new = registered(store, NIGER, chapter=None), new_id(), new_id()
    before = len(emitted(store))
    answers = [told(use, store, ask(each, own, new), each) for each in (guest, nobody)]
    assert answers[0] == answers[1]
    assert len(emitted(store)) == before


@pytest.mark.parametrize("name", READING)
def test_a_guest_is_looked_for_by_the_same_commands_as_an_id_that_nobody_has(
    store: ParticipantStore, guest: str, name: str
) -> None:
    use, ask = READING[name]
    own, nobody, new = registered(store, NIGER, chapter=None), new_id(), new_id()

    def commands(each: str) -> list[str]:
        store.db["system.profile"].drop()
        store.db.command("profile", 2)
        told(use, store, ask(each, own, new), each)
        store.db.command("profile", 0)
        done = store.db["system.profile"].find().sort("ts")
        return [
            f"{next(iter(each['command']))} {each['ns']}"
            for each in done
            if not each["ns"].endswith("system.profile")
        ]

    assert commands(guest) == commands(nobody)


@pytest.mark.parametrize("name", CLAIMING)
def test_a_guest_is_refused_as_any_other_chapters_person(
    store: ParticipantStore, guest: str, name: str
) -> None:
    use, ask = CLAIMING[name]
    own, hers, new = registered(store, NIGER, chapter=None), registered(store), new_id()
    before = len(emitted(store))
    answers = [told(use, store, ask(each, own, new), each) for each in (guest, hers)]
    assert answers[0] == answers[1]
    assert "ID_TAKEN" in answers[0]
    assert len(emitted(store)) == before


def test_every_method_that_takes_an_id_of_a_person_is_among_these() -> None:
    """A new one is added here, or told why it takes none."""
    methods = {
        name
        for name, method in vars(ParticipantsService).items()
        if getattr(method, "nameko_entrypoints", None)
    }
    assert methods == BY_NO_ID | {
        "withdraw", "reinstate", "restore", "get_many", "list", "possible_duplicates", "merge",
        "separate", "invite", "withdraw_guests", "guests", "decide_distinct",
        "take_back_distinct", "distinct", "history", "changes", "version", "compare",
    }  # fmt: skip
