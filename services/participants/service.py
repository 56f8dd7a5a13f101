"""The nameko class: each method takes one request and answers one dictionary."""

from __future__ import annotations

from typing import Any

from services.participants import handlers
from services.participants.store import open_store
from shared.rpc import rpc
from shared.runner import StoreProvider


class ParticipantsService:
    """Requests and answers as the handlers tell; errors as shared.errors."""

    name = "participants"
    store = StoreProvider(open_store)

    @rpc
    def register_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.register_many(request, self.store)

    @rpc
    def withdraw_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.withdraw_many(request, self.store)

    @rpc
    def reinstate_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.reinstate_many(request, self.store)

    @rpc
    def get_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.get_many(request, self.store)

    @rpc
    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.list_people(request, self.store)

    @rpc
    def vouch(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.vouch(request, self.store)

    @rpc
    def possible_duplicates(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.possible_duplicates(request, self.store)

    @rpc
    def nominate_many(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.nominate_many(request, self.store)

    @rpc
    def list_nominations(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.list_nominations(request, self.store)
