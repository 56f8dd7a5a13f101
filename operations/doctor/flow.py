"""Whether news moves: what waits in the outboxes, what is parked, who holds the relays' leases,
and whether `notifications` has heard of each revoked key.

Times are compared within the database, by its own clock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from pymongo import MongoClient
from pymongo.database import Database

from gateway.identity.layout import API_KEYS, REVOKED_AT, WEBHOOKS_CLOSED_AT
from operations.doctor.finding import Finding, fault, ok, warning
from shared.access import GATEWAY, SERVICES
from shared.layout import (
    LEASES,
    OUTBOX,
    PARKING_LOT,
    PUBLISHED_AT,
    RECORDED_AT,
    RELAY,
    SEQUENCE,
    STATE,
    TYPE,
    UNTIL,
)
from shared.parked import PARKED
from shared.types import Document

BACKLOG_S: Final = (30.0, 300.0)
CLOSED_S: Final = 30  # `notifications` hears of a revoked key within 5 s
HANDOVER_S: Final = 3.0  # a lease without a holder for a moment is one that is handed over
_POLL_S: Final = 0.3
_SHOWN: Final = 10


def check(client: MongoClient[Document]) -> Iterator[Finding]:
    """Findings of all services. Raises PyMongoError."""
    for service in SERVICES:
        database = client[service]
        yield from _relay(database, service)
        yield from _backlog(database, service)
        yield from _parked(database, service)
    yield from _revoked(client[GATEWAY])


def _relay(database: Database[Document], service: str) -> Iterator[Finding]:
    give_up_at = time.monotonic() + HANDOVER_S
    while (left_ms := _lease_left_ms(database)) is None or left_ms <= 0:
        if time.monotonic() > give_up_at:
            yield fault(
                "lease",
                service,
                f"no replica of {service} publishes: the lease "
                + ("was never taken" if left_ms is None else "has run out"),
                "nothing is lost: events wait in the outbox, and reports and partners do not hear",
                f"start {service}, or see in its log what its relay says",
            )
            return
        time.sleep(_POLL_S)
    yield ok("lease", service, "held")


def _lease_left_ms(database: Database[Document]) -> int | None:
    """For how long the relay's lease is still held, negative if it has run out."""
    left = {"$subtract": [f"${UNTIL}", "$$NOW"]}
    found = database[LEASES].aggregate([{"$match": {"_id": RELAY}}, {"$project": {"left": left}}])
    return next((int(row["left"]) for row in found), None)


def _backlog(database: Database[Document], service: str) -> Iterator[Finding]:
    waiting = list(
        database[OUTBOX].aggregate(
            [
                {"$match": {PUBLISHED_AT: None}},
                {"$sort": {RECORDED_AT: 1, SEQUENCE: 1}},
                {
                    "$group": {
                        "_id": None,
                        "count": {"$sum": 1},
                        "type": {"$first": f"${TYPE}"},
                        "since": {"$first": f"${RECORDED_AT}"},
                    }
                },
                {
                    "$project": {
                        "count": 1,
                        "type": 1,
                        "age_ms": {"$subtract": ["$$NOW", "$since"]},
                    }
                },
            ]
        )
    )
    age_s = waiting[0]["age_ms"] / 1000 if waiting else 0.0
    if age_s <= BACKLOG_S[0]:
        yield ok("outbox", service, f"{waiting[0]['count'] if waiting else 0} events wait")
        return
    yield (fault if age_s > BACKLOG_S[1] else warning)(
        "outbox",
        service,
        f"{waiting[0]['count']} events wait, the oldest ({waiting[0]['type']}) for {age_s:.0f} s",
        "nothing is lost while the database lives; reports and partners do not hear of them",
        "see the log of the service: the broker is away, or nobody listens to this type",
    )


def _parked(database: Database[Document], service: str) -> Iterator[Finding]:
    count = database[PARKING_LOT].count_documents({STATE: PARKED})
    if count:
        yield warning(
            "parked",
            service,
            f"{count} parked event{'s' if count > 1 else ''}",
            "what they say is missing in this service's answers until somebody has decided",
            "foscao parked list, then retry or discard",
        )
    else:
        yield ok("parked", service, "nothing parked")


def _revoked(database: Database[Document]) -> Iterator[Finding]:
    long_ago = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": CLOSED_S}}
    unannounced = {
        WEBHOOKS_CLOSED_AT: None,
        REVOKED_AT: {"$type": "date"},
        "$expr": {"$lt": [f"${REVOKED_AT}", long_ago]},
    }
    found = database[API_KEYS].find(unannounced, {"_id": 1}).sort(REVOKED_AT, 1).limit(_SHOWN)
    keys = [each["_id"] for each in found]
    if not keys:
        yield ok("revoked", GATEWAY, "the webhooks of every revoked key are closed")
        return
    yield fault(
        "revoked",
        GATEWAY,
        f"revoked more than {CLOSED_S} s ago, and their webhooks are not closed: {', '.join(keys)}",
        "items go on to whoever holds the address; nothing of this hub is lost",
        "start the gateway and notifications, or see in the gateway's log why it is not heard",
    )
