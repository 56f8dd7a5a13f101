"""Events that do not flow are found."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta

from deploy.local.stack import Stack
from operations.doctor.finding import Severity
from tests.integration.operations.doctor.doctor_world import Client, faults, findings, warnings
from tests.stack import wait_for


def test_an_event_that_is_not_published_is_found(stack: Stack, root: Client) -> None:
    rows = root["activities"]["outbox"]
    row = {
        "_id": "nobody-listens",
        "type": "nonsense.happened",
        "subject": "x",
        "sequence": 1,
        "body": b"{}",
        "actor": "test",
        "recorded_at": datetime.now(UTC) - timedelta(minutes=10),
        "published_at": None,
    }
    rows.insert_one(row)
    try:
        assert faults(stack) == {("outbox", "activities")}
        rows.update_one({}, {"$set": {"recorded_at": datetime.now(UTC) - timedelta(minutes=1)}})
        assert faults(stack) == set()
        assert warnings(stack) == {("outbox", "activities")}
    finally:
        rows.delete_one({"_id": row["_id"]})


def test_a_relay_that_stands_still_is_found(stack: Stack) -> None:
    pid = next(each.pid for each in stack.processes() if each.name == "activities")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        assert wait_for(lambda: faults(stack), 30) == {("lease", "activities")}
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: not faults(stack), 30)


def test_parked_events_are_a_warning(stack: Stack, root: Client) -> None:
    root["reporting"]["parked"].insert_one({"_id": "p", "state": "parked"})
    try:
        assert warnings(stack) == {("parked", "reporting")}
    finally:
        root["reporting"]["parked"].delete_one({"_id": "p"})


def test_webhooks_of_a_revoked_key_that_nobody_closes_are_found(stack: Stack, root: Client) -> None:
    pid = next(each.pid for each in stack.processes() if each.name == "gateway")
    assert pid is not None
    keys = root["gateway"]["api_keys"]
    os.kill(pid, signal.SIGSTOP)
    try:
        keys.insert_one({"_id": "leaked", "revoked_at": datetime.now(UTC)})
        assert faults(stack) == set(), "it may still be under way"
        keys.update_one({}, {"$set": {"revoked_at": datetime.now(UTC) - timedelta(minutes=1)}})
        (found,) = (each for each in findings(stack) if each.severity is Severity.FAULT)
        assert (found.check, found.subject) == ("revoked", "gateway")
        assert "leaked" in found.found
    finally:
        os.kill(pid, signal.SIGCONT)
    try:
        wait_for(lambda: not faults(stack), 30)
    finally:
        keys.delete_one({"_id": "leaked"})
