"""A service with nothing in it but the bus: what the tests of the bus run as a real process."""

import shared.host.green

import os
import time
from collections.abc import Callable
from typing import Any

from shared.errors import Refused
from shared.events import Event
from shared.store.inbox import in_order
from shared.host.on_events import Handler, on_events
from shared.store.mongo import Tx
from shared.host.parking import ParkingService
from shared.host.rpc import rpc
from shared.host.runner import run
from shared.host.store import StoreProvider
from tests.integration.shared.anything import FreeStore


def _mute(method: Handler) -> Handler:
    return method


class BusStore(FreeStore):
    def ensure_indexes(self) -> None:
        super().ensure_indexes()
        self.create_collections("applied", "notes")


# A producer's user on the broker may not listen.
LISTENS = os.environ.get("BUS_LISTENS", "1") == "1"
PATTERNS = ("noted.*.v1", "counted.*.v1")
listening: Callable[[Handler], Handler] = on_events(*PATTERNS) if LISTENS else _mute


class BusService(ParkingService):
    """Events of `noted.*` are counted by id; those of `counted.*` must come in sequence."""

    name = os.environ.get("BUS_NAME", "bus")
    store = StoreProvider(BusStore)

    @listening
    def receive(self, events: list[Event]) -> list[Event]:
        for event in events:
            if "poison" in event.data and not self.store.db.mended.find_one():
                raise ValueError(event.data["poison"])
        if any(event.data.get("refuse") for event in events):
            raise Refused("NOT_FOUND")
        for event in events:
            time.sleep(event.data.get("takes_s", 0))

        def work(tx: Tx) -> list[Event]:
            counted = [event for event in events if event.type.startswith("counted.")]
            subjects = {event.subject for event in counted}
            rows = self.store.db.applied.find({"_id": {"$in": list(subjects)}}, session=tx.session)
            order = in_order(counted, {row["_id"]: row["sequence"] for row in rows})
            noted = [event for event in events if event.type.startswith("noted.")]
            for event in tx.claim([*noted, *order.ready, *order.stale]):
                self.store.db.applied.update_one(
                    {"_id": event.subject},
                    {
                        "$inc": {"times": 1},
                        "$max": {"sequence": event.sequence},
                        "$push": {"sequences": event.sequence},
                    },
                    upsert=True,
                    session=tx.session,
                )
            return order.early

        early: list[Event] = self.store.transact(work)
        return early

    @rpc
    def note(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store `ids` and emit an event for each."""
        events = [
            Event.new(request.get("type", "noted.down"), "/bus", each, 1, request.get("data", {}))
            for each in request["ids"]
        ]

        def work(tx: Tx) -> None:
            self.store.db.notes.insert_many(
                [{"_id": e.subject} for e in events], session=tx.session
            )
            tx.emit(events)

        self.store.transact(work)
        return {"events": [event.id for event in events]}

    @rpc
    def echo(self, request: Any) -> Any:
        return request

    @rpc
    def refuse(self, request: dict[str, Any]) -> None:
        raise Refused("TOO_MANY_ITEMS", limit=request["limit"])

    @rpc
    def fail(self, request: dict[str, Any]) -> None:
        raise ValueError(f"{request['name']} must not be quoted")

    @rpc
    def sleep(self, request: dict[str, Any]) -> str:
        time.sleep(request["s"])
        return "slept"


if __name__ == "__main__":
    run(BusService)
