"""The yardstick: what MongoDB alone takes, in the same transactions and with the same indexes."""

from __future__ import annotations

import time
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.read_concern import ReadConcern

from shared.ids import new_id

DATABASE = "bench_raw"


def rows_per_second(root_uri: str, *, seconds: float, rows: int = 500) -> float:
    """Attendance rows a second, written by one process in transactions of `rows` + 1 outbox row."""
    client: MongoClient[dict[str, Any]] = MongoClient(root_uri)
    client.drop_database(DATABASE)
    db = client[DATABASE]
    attendance, outbox = db.create_collection("attendance"), db.create_collection("outbox")
    attendance.create_index("p")
    outbox.create_index([("subject", 1), ("sequence", 1), ("type", 1)], unique=True)
    people = [new_id() for _ in range(rows)]
    written = 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        subject = new_id()
        sheet = [
            {"_id": f"{subject}:{who}", "p": who, "st": "present", "pre": None, "post": None}
            for who in people
        ]
        event = {"_id": new_id(), "type": "attendance.recorded", "subject": subject, "sequence": 1}
        with (
            client.start_session() as session,
            session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority", j=True)
            ),
        ):
            attendance.insert_many(sheet, ordered=False, session=session)
            outbox.insert_one(event, session=session)
        written += rows
    took = time.perf_counter() - began
    client.drop_database(DATABASE)
    client.close()
    return written / took
