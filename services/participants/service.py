"""The service class: each method takes one request and answers one dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from services.participants.definitions import NOMINATED, PARTICIPANT
from services.participants.handlers import (
    crossings,
    distinct,
    guests,
    history,
    merging,
    nominations,
    people,
    separating,
    standings,
)
from services.participants.store import ParticipantStore, open_store
from services.participants.store.crossings import look
from services.participants.store.marking import renew
from services.participants.watch import DataKey
from shared.errors import Refused
from shared.host.errand import Errand
from shared.host.rpc import rpc
from shared.host.store import StoreProvider
from shared.types import Answer, Request

Use = Callable[[Request, ParticipantStore], Answer]

_PUSH: Final[Mapping[str, Use]] = {
    PARTICIPANT.name: people.register,
    NOMINATED.name: nominations.nominate,
}
_RESTORE: Final[Mapping[str, Use]] = {
    PARTICIPANT.name: people.restore,
    NOMINATED.name: nominations.restore,
}
_LIST: Final[Mapping[str, Use]] = {
    PARTICIPANT.name: people.list_people,
    NOMINATED.name: nominations.list_nominations,
}


class ParticipantsService:
    """Requests and answers as the handlers tell; errors as shared.errors."""

    name = "participants"
    store = StoreProvider(open_store)
    data_key = DataKey()
    telling = Errand(ParticipantStore, standings.tell_ill_told, "%d people's standing was told")
    marking = Errand(ParticipantStore, renew, "the marks of %d people were renewed")
    comparing = Errand(ParticipantStore, look, "%d people were compared with other chapters'")

    @rpc
    def push(self, request: Request) -> Answer:
        return _use(_PUSH, request)(request, self.store)

    @rpc
    def withdraw(self, request: Request) -> Answer:
        return people.withdraw(request, self.store)

    @rpc
    def reinstate(self, request: Request) -> Answer:
        return people.reinstate(request, self.store)

    @rpc
    def restore(self, request: Request) -> Answer:
        return _use(_RESTORE, request)(request, self.store)

    @rpc
    def get_many(self, request: Request) -> Answer:
        return people.get_many(request, self.store)

    @rpc
    def lead(self, request: Request) -> Answer:
        return people.lead(request, self.store)

    @rpc
    def list(self, request: Request) -> Answer:
        return _use(_LIST, request)(request, self.store)

    @rpc
    def vouch(self, request: Request) -> Answer:  # its name on the wire
        return people.verify_participants(request, self.store)

    @rpc
    def possible_duplicates(self, request: Request) -> Answer:
        return people.possible_duplicates(request, self.store)

    @rpc
    def merge(self, request: Request) -> Answer:
        return merging.merge(request, self.store)

    @rpc
    def separate(self, request: Request) -> Answer:
        return separating.separate(request, self.store)

    @rpc
    def invite(self, request: Request) -> Answer:
        return guests.invite(request, self.store)

    @rpc
    def withdraw_guests(self, request: Request) -> Answer:
        return guests.withdraw(request, self.store)

    @rpc
    def crossings(self, request: Request) -> Answer:
        return crossings.list_likenesses(request, self.store)

    @rpc
    def guests(self, request: Request) -> Answer:
        return guests.list_guests(request, self.store)

    @rpc
    def decide_distinct(self, request: Request) -> Answer:
        return distinct.decide(request, self.store)

    @rpc
    def take_back_distinct(self, request: Request) -> Answer:
        return distinct.take_back(request, self.store)

    @rpc
    def distinct(self, request: Request) -> Answer:
        return distinct.list_decisions(request, self.store)

    @rpc
    def history(self, request: Request) -> Answer:
        return history.history(request, self.store)

    @rpc
    def changes(self, request: Request) -> Answer:
        return history.changes(request, self.store)

    @rpc
    def version(self, request: Request) -> Answer:
        return history.version(request, self.store)

    @rpc
    def compare(self, request: Request) -> Answer:
        return history.compare(request, self.store)


def _use(uses: Mapping[str, Use], request: Request) -> Use:
    """What is to be done with the record type that the request names. Raises Refused UNKNOWN_KIND
    (final)."""
    kind = str(request.get("kind"))[:80]
    if kind not in uses:
        raise Refused("UNKNOWN_KIND", value=kind, kinds=list(uses))
    return uses[kind]
