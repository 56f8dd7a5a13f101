"""A store whose events may carry anything: the bus asks nothing of them but their envelope."""

from __future__ import annotations

from typing import Any

from shared.contracts.allow_list import Contracts
from shared.store.mongo import Store


class Anything(Contracts):
    """Every type has a contract, in one version, that names whatever is in it."""

    def allowed(self, event_type: str, data: dict[str, Any]) -> dict[int, dict[str, Any]]:
        return {1: data}


class FreeStore(Store):
    contracts = Anything({})
