"""Scores that a release before told in sums, and this one once more one by one: reporting has the
same whether it heard them live or is rebuilt from the logs, which hold both versions."""

from __future__ import annotations

from typing import Any

from services.activities.handlers.restating import restate
from services.reporting.handlers.rebuild import Rebuild
from services.reporting.store.building import Building
from shared.layout import OLDER, SCHEMA_VERSION
from shared.record_types import PRODUCERS
from shared.store.replay import EventLog
from shared.subscriptions import PATTERNS
from tests.integration.operations.audit.audit_world import Hub, Programme, findings


def as_the_release_before(hub: Hub, session: str) -> None:
    """Its steps were recorded in version 1 alone, and reporting has heard them so."""
    log, projected = hub.activities.outbox.collection, hub.db("reporting")
    second = {"subject": session, SCHEMA_VERSION: 2}
    heard = [row["_id"] for row in log.find(second)]
    first = [row["_id"] for row in log.find({"subject": session, OLDER: True})]
    log.delete_many(second)
    log.update_many({"_id": {"$in": first}}, {"$unset": {OLDER: ""}})
    at = projected["inbox"].find_one({"_id": heard[0]})
    assert at is not None
    projected["inbox"].delete_many({"_id": {"$in": heard}})
    projected["inbox"].insert_many([{**at, "_id": each} for each in first])
    projected["sessions"].update_one({"_id": session}, {"$set": {"tests": []}})
    hub.activities.sheets.collection.update_one({"_id": session}, {"$unset": {"told": ""}})


def sessions(hub: Hub) -> dict[str, Any]:
    prefix, _ = hub.reporting.live()
    numbers = {row["n"]: row["_id"] for row in hub.db("reporting")[f"{prefix}people"].find()}
    return {
        row["_id"]: (
            row["seq"], row["scores"], sorted([numbers[n], *test] for n, *test in row["tests"]),
        )
        for row in hub.db("reporting")[f"{prefix}sessions"].find()
    }  # fmt: skip


def test_reporting_has_the_same_live_and_rebuilt(hub: Hub, programme: Programme) -> None:
    before = sessions(hub)
    as_the_release_before(hub, programme.session)
    assert sessions(hub)[programme.session][2] == []
    assert restate(hub.activities) == 1
    hub.relay()
    assert findings(hub.audit()) == []
    live = sessions(hub)
    sequence, scores, tests = before[programme.session]
    assert live[programme.session] == (sequence + 1, scores, tests)
    logs = [EventLog(each, hub.db(each)["outbox"], PATTERNS["reporting"]) for each in PRODUCERS]
    building = Building(hub.db("reporting"))
    assert Rebuild(building, logs, lambda *_: None, lambda _: None).run(keep=True).swapped
    assert sessions(hub) == live
    assert findings(hub.audit()) == []
    assert restate(hub.activities) == 0
