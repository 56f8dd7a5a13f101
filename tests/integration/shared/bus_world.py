"""Events as the consumer of the tests takes them, and what it has applied."""

from collections.abc import Callable
from typing import Any

from pymongo.database import Database

from shared.events import Event
from shared.ids import new_id
from shared.store.mongo import Store
from tests.stack import ServiceProcess

Service = Callable[..., ServiceProcess]
Rpc = Callable[..., Any]
Db = Database[dict[str, Any]]
BUS = "tests.integration.shared.bus_service"
QUICK = {"RETRY_DELAYS_S": "0.1,0.2"}


def noted(subject: str | None = None, sequence: int = 1, **data: Any) -> Event:
    return Event.new("noted.down", "/testing", subject or new_id(), sequence, data)


def counted(subject: str, sequence: int, **data: Any) -> Event:
    return Event.new("counted.up", "/testing", subject, sequence, data)


def emit(store: Store, *events: Event) -> None:
    store.transact(lambda tx: tx.emit(events))


def applied(db: Db, subject: str) -> list[int]:
    row = db.applied.find_one({"_id": subject})
    return row["sequences"] if row else []


def unpublished(db: Db) -> int:
    return db.outbox.count_documents({"published_at": None})
