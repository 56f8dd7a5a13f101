"""On what went well the audit finds nothing, and counts it all."""

from __future__ import annotations

import pytest

from operations.audit.reading import Databases
from operations.audit.scope import of_activity, of_period
from services.reporting.handlers.rebuild import Rebuild
from services.reporting.store.building import Building
from shared.ids import new_id
from shared.record_types import PRODUCERS
from shared.store.replay import EventLog
from shared.subscriptions import PATTERNS
from tests.integration.operations.audit.audit_world import Hub, Programme, findings, stage
from tests.world import items


def test_a_programme_that_arrived_everywhere_is_clean(hub: Hub) -> None:
    told = hub.audit()
    assert told["findings"] == []
    assert told["clean"] is True
    for name, count in (
        ("participant: stored → logged", 7),
        ("participant: claimed → reporting", 5),
        ("activity: stored → logged", 2),
        ("attendance: rows → totals", 6),
        ("attendance: stored → logged", 6),
        ("attendance: claimed → reporting", 6),
        ("feed: positions", 8),
    ):
        assert (stage(told, name)["expected"], stage(told, name)["found"]) == (count, count), name
    webhook = next(each for each in told["stages"] if "webhook" in each["stage"])
    assert (webhook["expected"], webhook["found"]) == (8, 8)
    assert all(each["checksum_ok"] for each in told["stages"])


def test_one_activity_is_followed_with_its_sessions_and_people(
    hub: Hub, programme: Programme
) -> None:
    other = hub.world.held()
    with Databases(hub.db("reporting").client, hub.names) as databases:
        scope = of_activity(databases, programme.activity)
    assert scope.subjects is not None
    assert {programme.session, programme.other, programme.people[0]} <= scope.subjects
    assert other not in scope.subjects
    told = hub.audit(scope=scope)
    assert told["clean"] is True, "the other activity, not published, is none of this one's matters"
    assert stage(told, "attendance: stored → logged")["found"] == 6
    assert stage(told, "activity: stored → logged")["found"] == 2
    webhook = next(each for each in told["stages"] if "webhook" in each["stage"])
    assert webhook["found"] == 6, "the activity's two steps, its sheets' four"


def test_an_activity_that_nobody_knows_is_refused(hub: Hub) -> None:
    with (
        Databases(hub.db("reporting").client, hub.names) as databases,
        pytest.raises(LookupError),
    ):
        of_activity(databases, new_id())


def test_a_period_has_what_was_recorded_in_it(hub: Hub) -> None:
    with Databases(hub.db("reporting").client, hub.names) as databases:
        now = databases.now
    late = hub.world.held()
    with Databases(hub.db("reporting").client, hub.names) as databases:
        before = of_period(databases, None, now)
        since = of_period(databases, now, None)
    assert before.subjects is not None
    assert late not in before.subjects
    assert since.subjects == frozenset({late})
    assert hub.audit(scope=before)["clean"] is True
    assert findings(hub.audit(scope=since)) == [("logged → published", "missing")]


def test_what_is_on_its_way_is_in_flight_and_no_gap(hub: Hub, programme: Programme) -> None:
    hub.world.record({"session_id": programme.session, "rows": items.present(programme.people[3])})
    unpublished = hub.audit(grace_s=60)
    assert unpublished["clean"] is True
    assert stage(unpublished, "logged → published")["in_flight"] == 2  # of one step, in versions
    assert findings(hub.audit(grace_s=0)) == [("logged → published", "missing")] * 2

    step = hub.publish()
    unclaimed = hub.audit(grace_s=60)
    assert unclaimed["clean"] is True
    assert stage(unclaimed, "published → reporting")["in_flight"] == 1
    assert findings(hub.audit(grace_s=0)) == [
        ("published → reporting", "missing"),
        ("published → notifications", "missing"),
    ]

    hub.apply(step, "reporting")
    assert findings(hub.audit(grace_s=0)) == [("published → notifications", "missing")]
    hub.apply(step, "notifications")
    told = hub.audit(grace_s=0)
    assert told["clean"] is True, "what a partner has not been sent yet waits, and is no gap"
    webhook = next(each for each in told["stages"] if "webhook" in each["stage"])
    assert webhook["in_flight"] == 1


def test_a_step_that_a_later_one_overtook_is_no_gap_in_the_feed(
    hub: Hub, programme: Programme
) -> None:
    hub.world.push([{"id": programme.activity, "title": {"fr": "Un"}}])
    first = hub.publish()
    hub.world.push([{"id": programme.activity, "title": {"fr": "Deux"}}])
    second = hub.publish()
    hub.apply([*first, *second], "reporting")
    hub.apply(second, "notifications")
    hub.apply(first, "notifications")
    hub.apply([*first, *second], "notifications")
    assert hub.audit()["clean"] is True
    assert hub.notifications.inbox.count_documents({"overtaken": True}) == 1


def test_reading_is_of_one_moment(hub: Hub, programme: Programme) -> None:
    with Databases(hub.db("reporting").client, hub.names) as databases:
        list(databases.find("activities", "sheets", {}, ()))
        hub.world.record(
            {"session_id": programme.other, "rows": items.present(programme.people[4])}
        )
        keys = [key for key, _ in databases.lines([programme.other])]
    assert len(keys) == 4


def test_rebuilt_projections_are_audited_where_they_are(hub: Hub, programme: Programme) -> None:
    patterns = PATTERNS["reporting"]
    logs = [EventLog(each, hub.db(each)["outbox"], patterns) for each in PRODUCERS]
    building = Building(hub.db("reporting"))
    outcome = Rebuild(building, logs, lambda *_: None, lambda _: None).run(keep=True)
    assert outcome.swapped
    hub.db("reporting")["sessions"].delete_many({})
    assert hub.audit()["clean"] is True, "the old projections are nobody's"
    prefix, _ = hub.reporting.live()
    hub.db("reporting")[f"{prefix}sessions"].delete_one({"_id": programme.other})
    assert findings(hub.audit()) == [("attendance: claimed → reporting", "missing")]
