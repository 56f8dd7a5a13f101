"""A small programme gone through all services, in this process, and its audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from operations.audit import report
from operations.audit.log import AuditClock
from operations.audit.reading import SERVICES, Databases
from operations.audit.run import audit
from operations.audit.scope import EVERYTHING, AuditScope
from services.activities.handlers import standings
from services.activities.store import ActivityStore
from services.notifications.handlers import endpoints, feed
from services.notifications.sealing import Sealer
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.posting import Poster
from services.notifications.transports.sender import Pace, Sender
from services.participants.handlers import nominations
from services.participants.handlers import people as participants
from services.participants.store import ParticipantStore
from services.participants.store.proof import prove
from services.reporting.handlers import projecting
from services.reporting.store.live import ReportingStore
from shared.events import Event
from shared.ids import new_id
from shared.record_types import CONSUMERS, PRODUCERS
from shared.subscriptions import listens
from shared.types import Document
from tests.integration.services.activities.activities_world import World
from tests.integration.services.participants import participants_world
from tests.notified import PARTNER
from tests.receiver import Receiver
from tests.stack import wait_for
from tests.world import items

KEY = b"k" * 32


class Hub:
    """The services' stores, and the bus between them, walked by hand."""

    def __init__(self, client: MongoClient[Document], people: ParticipantStore, name: str) -> None:
        self._client = client
        self.names = {service: f"{name}_{service}" for service in SERVICES}
        self.names["participants"] = people.db.name
        self.people = people
        self.activities = ActivityStore(self.db("activities"))
        self.reporting = ReportingStore(self.db("reporting"))
        self.notifications = NotificationStore(self.db("notifications"))
        for store in (self.activities, self.reporting, self.notifications):
            store.ensure_indexes()
        self.world = World(self.activities)

    def db(self, service: str) -> Database[Document]:
        return self._client[self.names[service]]

    def register(self, *people: Mapping[str, Any]) -> list[str]:
        receipts = participants_world.push(self.people, *map(dict, people))
        assert set(participants_world.statuses(receipts)) <= {"CREATED", "UPDATED"}
        return [str(person["id"]) for person in people]

    def publish(self) -> list[Event]:
        """Mark what waits in the outboxes as published; returns it in the order of recording."""
        rows: list[Document] = []
        for service in PRODUCERS:
            outbox = self.db(service)["outbox"]
            rows += outbox.find({"published_at": None})
            outbox.update_many({"published_at": None}, {"$set": {"published_at": _now()}})
        rows.sort(key=lambda row: (row["recorded_at"], row["sequence"]))
        return [Event.from_json(row["body"]) for row in rows]

    def apply(self, events: Sequence[Event], *consumers: str) -> None:
        """Hand the events to the consumers (all if none is named) that listen to them."""
        newest: dict[tuple[str, str, int], int] = {}
        for each in sorted(events, key=lambda event: event.schema_version):
            newest[each.type, each.subject, each.sequence] = each.schema_version
        for consumer in consumers or CONSUMERS:
            told = [
                each
                for each in events
                if listens(
                    consumer,
                    each.type,
                    each.schema_version,
                    older=each.schema_version < newest[each.type, each.subject, each.sequence],
                )
            ]
            if consumer == "activities":
                standings.hear(told, self.activities)
            elif consumer == "reporting":
                assert projecting.project(told, self.reporting) == []
            else:
                assert feed.record_events(told, self.notifications) == []

    def relay(self) -> None:
        """Until nothing more happens of itself."""
        while events := self.publish():
            self.apply(events)

    def endpoint(self, receiver: Receiver, **fields: Any) -> str:
        """A partner's webhook that wants all from the beginning."""
        made = endpoints.create_endpoint(
            {
                "caller": PARTNER,
                "endpoint": {"id": new_id(), "url": receiver.url, **fields},
                "from": "beginning",
            },
            self.notifications,
            Sealer(KEY),
            allow_private=True,
        )
        receiver.secrets = [made["secret"]]
        return str(made["endpoint"]["id"])

    def deliver(self) -> None:
        """Send until every endpoint has all."""
        sender = Sender(
            self.notifications,
            Poster(allow_private=True),
            Sealer(KEY),
            pace=Pace(concurrent=2, poll_s=0.02),
        )
        sender.start()
        try:
            head = self.notifications.head()
            alive = {"state": "active", "cursor": {"$lt": head}}
            wait_for(lambda: self.notifications.endpoints.count_documents(alive) == 0)
        finally:
            sender.stop()

    def audit(
        self, *, scope: AuditScope = EVERYTHING, grace_s: float = 0.0, most: int = 20
    ) -> Document:
        """The audit's document, with what participants proves in this moment."""
        prove(self.people)
        with Databases(self._client, self.names) as databases:
            clock = AuditClock(databases.now, timedelta(seconds=grace_s))
            return report.document(audit(databases, scope, clock, most))

    def collections(self) -> Iterator[Collection[Document]]:
        for service in SERVICES:
            db = self.db(service)
            yield from (db[name] for name in db.list_collection_names())

    def drop(self) -> None:
        for service in ("activities", "reporting", "notifications"):
            self._client.drop_database(self.names[service])


class Programme:
    """What was told: five people, one of them corrected and one withdrawn; a project, a concern, a
    nomination; an activity of two sessions, whose sheets were corrected, and scores."""

    def __init__(self, hub: Hub, receiver: Receiver) -> None:
        self.hub = hub
        world = hub.world
        self.people = hub.register(*(items.person() for _ in range(5)))
        hub.register(items.person(id=self.people[1], sex="male"))
        self.session, self.other = new_id(), new_id()
        sessions = [items.session(id=each) for each in (self.session, self.other)]
        self.activity = world.held(sessions=sessions, status="held")
        first, second, third, *_ = self.people
        rows = [
            {"participant_id": first, "status": "present", "pre_score": 40, "post_score": 70},
            {"participant_id": second, "status": "present", "pre_score": 50},
            {"participant_id": third, "status": "absent"},
        ]
        world.record({"session_id": self.session, "rows": rows})
        world.record({"session_id": self.session, "rows": items.present(third)})
        gone = [{"participant_id": second, "status": "removed"}]
        world.record({"session_id": self.session, "rows": gone})
        world.record({"session_id": self.other, "rows": items.present(*self.people[:4])})
        self.concern = str(items.concern()["id"])
        world.push([items.concern(id=self.concern)], kind="concern")
        world.push([items.organisation()], kind="organisation")
        nominated = items.nomination(first, activity_id=self.activity)
        participants_world.push(hub.people, nominated, use=nominations.nominate)
        withdrawn = {"id": self.people[4], "reason": "moved away"}
        participants_world.push(hub.people, withdrawn, use=participants.withdraw)
        hub.relay()
        world.push([{"id": self.activity, "title": {"fr": "Formation, suite"}}])
        hub.relay()
        self.endpoint = hub.endpoint(receiver)
        hub.deliver()


@contextmanager
def as_it_was(hub: Hub) -> Iterator[None]:
    """Puts every document back when the block ends."""
    kept = [(each, list(each.find())) for each in hub.collections()]
    try:
        yield
    finally:
        for collection, documents in kept:
            if list(collection.find()) != documents:
                collection.delete_many({})
                if documents:
                    collection.insert_many(documents)


def findings(document: Document) -> list[tuple[str, str]]:
    """(stage, kind) of each finding."""
    return [(each["stage"], each["kind"]) for each in document["findings"]]


def stage(document: Document, name: str) -> Document:
    found: Document = next(each for each in document["stages"] if each["stage"] == name)
    return found


def _now() -> datetime:
    return datetime.now(UTC)


def audited(hub: Hub, *expected: tuple[str, str]) -> list[Document]:
    """The findings, which are exactly these (stage, kind)."""
    told = hub.audit()
    assert findings(told) == list(expected)
    assert told["clean"] is False
    found: list[Document] = told["findings"]
    return found


def event_of(hub: Hub, service: str, subject: str, sequence: int, record_type: str) -> str:
    row = hub.db(service)["outbox"].find_one(
        {"subject": subject, "sequence": sequence, "type": {"$regex": f"^{record_type}\\."}}
    )
    assert row is not None
    return str(row["_id"])
