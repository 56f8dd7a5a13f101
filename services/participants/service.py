"""The service class: each method takes one request and answers one dictionary."""

from __future__ import annotations

from typing import Any

from services.participants.handlers import people
from services.participants.store.people import open_store
from services.participants.watch import DataKey
from shared.host.rpc import rpc
from shared.host.store import StoreProvider


class ParticipantsService:
    """Requests and answers as the handlers tell; errors as shared.errors."""

    name = "participants"
    store = StoreProvider(open_store)
    data_key = DataKey()

    @rpc
    def register_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.register_many(request, self.store)

    @rpc
    def withdraw_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.withdraw_many(request, self.store)

    @rpc
    def reinstate_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.reinstate_many(request, self.store)

    @rpc
    def get_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.get_many(request, self.store)

    @rpc
    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.list_people(request, self.store)

    @rpc
    def vouch(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.vouch(request, self.store)

    @rpc
    def possible_duplicates(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.possible_duplicates(request, self.store)

    @rpc
    def nominate_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.nominate_many(request, self.store)

    @rpc
    def list_nominations(self, request: dict[str, Any]) -> dict[str, Any]:
        return people.list_nominations(request, self.store)
