"""What nobody stated of an activity is read off its chapter's calendar when a report is asked for;
what counts and has nobody on a sheet is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from shared.codes.countries import today
from tests.integration.services.reporting.reporting_world import ask
from tests.world.events import Told
from tests.world.items import ids


def day(distance: int) -> str:
    return today("ML", datetime.now(UTC) + timedelta(days=distance))


def test_an_activity_counts_from_its_own_day_without_anybodys_word(
    store: ReportingStore, told: Told
) -> None:
    person, past, now, coming, stated = ids(5)
    days = {past: day(-30), now: day(0), coming: day(30), stated: day(-30)}
    for key, starts_on in days.items():
        status = "planned" if key == stated else None
        event = told.activity(key, starts_on=starts_on, status="held")
        event.data["status"] = status
        if status is None:
            del event.data["status"], event.data["ends_on"]
        project([event, told.sheet(key, key, came=[person])], store)

    answer = ask(store, filter={"chapters": ["ML"]})

    assert answer["as_of"]["day"] == day(0)
    assert answer["activities_counted"] == 2
    assert answer["activities_not_counted"] == {"planned": 2, "cancelled": 0}
    assert answer["figures"]["person_sessions"]["total"] == 2


def test_what_was_held_and_has_nobody_on_a_sheet_is_named_as_incomplete(
    store: ReportingStore, told: Told
) -> None:
    person, complete, bare, publication, cancelled, emptied = ids(6)
    said = {
        complete: {},
        bare: {"starts_on": "2021-10-01"},
        publication: {"type": "publication"},
        cancelled: {"status": "cancelled"},
        emptied: {"starts_on": "2021-09-01"},
    }
    project([told.activity(key, **fields) for key, fields in said.items()], store)
    project([told.sheet(complete, complete, came=[person])], store)
    project([told.sheet(emptied, emptied, came=[person])], store)
    project([told.sheet(emptied, emptied, left=[person])], store)

    incomplete = ask(store)["incomplete"]

    assert incomplete["total"] == 2
    assert [each["id"] for each in incomplete["activities"]] == [emptied, bare]
    assert ask(store, filter={"from": "2021-09-15"})["incomplete"]["total"] == 1
