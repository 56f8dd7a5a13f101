"""An index that is missing, changed or nobody's is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo import ASCENDING

from deploy.indexes import as_text, made_by_services
from deploy.local.database import Database
from deploy.local.stack import Stack
from operations.doctor import indexes
from operations.doctor.finding import Severity
from services.reporting.store.generation import Generation
from shared.store import outbox
from tests.integration.operations.doctor.doctor_world import Client, faults, findings, named


def test_the_table_is_what_the_services_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "master.key"
    key.write_bytes(bytes(96))
    monkeypatch.setenv("FOSCAO_MASTER_KEY_FILE", str(key))
    with Database(tmp_path) as server:
        made = as_text(made_by_services(server.root_uri))
    assert indexes.EXPECTED.read_text() == made, "run python -m deploy.indexes"


def test_a_dropped_index_is_found(stack: Stack, root: Client) -> None:
    collection = root["activities"]["outbox"]
    collection.drop_index("subject_sequence_type_version")
    try:
        assert faults(stack) == {("index", "activities.outbox.subject_sequence_type_version")}
    finally:
        collection.create_indexes(list(outbox.INDEXES))


def test_an_index_that_is_no_longer_unique_is_found(stack: Stack, root: Client) -> None:
    feed = root["notifications"]["feed"]
    feed.drop_index("id_1")
    feed.create_index("id")
    try:
        assert faults(stack) == {("index", "notifications.feed.id_1")}
    finally:
        feed.drop_index("id_1")
        feed.create_index("id", unique=True)


@pytest.mark.parametrize(
    ("options", "severity"),
    [
        ({"expireAfterSeconds": 3600}, Severity.FAULT),
        ({"unique": True}, Severity.FAULT),
        ({}, Severity.WARNING),
    ],
)
def test_one_nobody_expects_is_found(
    stack: Stack, root: Client, options: dict[str, Any], severity: Severity
) -> None:
    people = root["participants"]["people"]
    people.create_index([("stray", ASCENDING)], name="stray", **options)
    try:
        found = [each for each in findings(stack) if each.check not in ("members",)]
    finally:
        people.drop_index("stray")
    assert named(found, severity) == {("index-unexpected", "participants.people.stray")}
    assert len(found) == 1


def test_of_the_projections_those_that_are_live_count(mongo_client: Client, db: Any) -> None:
    """A rebuild leaves the live ones under another prefix; what else is there is no matter."""
    table = json.loads(indexes.EXPECTED.read_text())["reporting"]
    db["settings"].insert_one({"_id": "live", "prefix": "r2_", "beside": None})
    Generation(db, "r2_").create_indexes()
    Generation(db, "r3_").collection("people").create_index("stray", unique=True)
    seen = indexes.live(db, indexes.described(db))
    assert seen == {name: table[name] for name in ("activities", "people", "places", "sessions")}
