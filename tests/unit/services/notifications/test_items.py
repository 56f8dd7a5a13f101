"""What an event becomes in the feed, and in which order."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from services.notifications.rules import items, partner_view
from services.notifications.rules.items import Applied
from shared import contracts
from shared.events import Event
from shared.ids import new_id

CONTRACTS = contracts.of("notifications")
SECRET = "Nobody outside may read this"
ACTIVITY_ID = new_id()
SESSION_ID = new_id()


def activity(sequence: int = 1, step: str = "recorded", **changes: Any) -> Event:
    data = {
        "id": ACTIVITY_ID,
        "chapter": "ML",
        "version": sequence,
        "withdrawn": False,
        "type": "technical_training",
        "status": "held",
        "title": {"fr": "Formation", "en": "Training"},
        "description": {"en": SECRET},
        "starts_on": "2021-10-04",
        "ends_on": "2021-10-05",
        "place": "ML.SIK.YAN.KALANA",
        "venue": SECRET,
        "project_id": new_id(),
        "organisation_ids": [new_id()],
        "sessions": [
            {"id": SESSION_ID, "title": SECRET, "topics": ["human_rights", "licensing_permits"]},
            {"id": new_id(), "topics": ["human_rights"]},
        ],
        "ecpf": [],
        "architecture": ["epsao"],
        "announced": {"total": 60, "cells": [{"sex": "female", "count": 30}]},
        "dialogue": {"recommendations": [{"id": new_id(), "text": SECRET}]},
        "a_field_of_tomorrow": SECRET,
        **changes,
    }
    return Event.new(f"activity.{step}", "/activities", ACTIVITY_ID, sequence, data)


def attendance(sequence: int, step: str = "corrected", **changes: Any) -> Event:
    data = {
        "session_id": SESSION_ID,
        "activity_id": ACTIVITY_ID,
        "chapter": "ML",
        "rows": [
            {"participant_id": new_id(), "present": True},
            {"participant_id": new_id(), "present": True},
            {"participant_id": new_id(), "present": False},
        ],
        "present_total": 41,
        "scores": {"pre_n": 3, "pre_sum": 120},
        **changes,
    }
    return Event.new(f"attendance.{step}", "/activities", SESSION_ID, sequence, data)


def concern(**changes: Any) -> Event:
    identifier = new_id()
    data = {
        "id": identifier,
        "chapter": "ML",
        "version": 1,
        "withdrawn": False,
        "activity_id": ACTIVITY_ID,
        "place": "ML.SIK.YAN.KALANA",
        "category": "child_labour",
        "severity": 4,
        "status": "raised",
        "raised_on": "2021-10-04",
        "text": SECRET,
        "raised_by_group": "women_group",
        **changes,
    }
    return Event.new("concern.recorded", "/activities", identifier, 1, data)


def project() -> Event:
    identifier = new_id()
    data = {
        "id": identifier,
        "chapter": "ML",
        "version": 1,
        "withdrawn": False,
        "title": {"fr": "Projet"},
        "description": {"fr": SECRET},
        "places": ["ML.SIK.YAN.KALANA"],
        "funder_ids": [new_id()],
        "indicators": [{"text": SECRET}],
    }
    return Event.new("project.recorded", "/activities", identifier, 1, data)


def grown(events: list[Event], known: dict[str, Applied] | None = None) -> items.Growth:
    return items.grow(events, known or {})


def test_every_type_of_item_has_a_contract() -> None:
    assert {f"feed.{each}" for each in partner_view.TYPES} == set(CONTRACTS)


@pytest.mark.parametrize(
    "event",
    [activity(), project(), attendance(1, "recorded"), concern()],
    ids=lambda event: event.type,
)
def test_items_hold_what_their_contract_names_and_nothing_private(event: Event) -> None:
    (item,) = grown([event]).items

    schema = CONTRACTS[f"feed.{item.type}"]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(item.data)
    sent = items.to_cloud_event(item, 1).decode() + json.dumps(items.to_dict(item, 1))
    assert SECRET not in sent
    assert "KALANA" not in sent
    assert not any(row["participant_id"] in sent for row in event.data.get("rows", ()))


def test_an_activity_shows_its_figures_and_a_coarse_place() -> None:
    (item,) = grown([activity()]).items

    assert (item.chapter, item.country, item.place) == ("ML", "ML", "ML.SIK")
    assert item.data["topics"] == ["human_rights", "licensing_permits"]
    assert item.data["sessions"] == 2
    assert item.data["announced_total"] == 60
    assert item.data["title"] == {"fr": "Formation", "en": "Training"}


def test_media_and_publication_show_figures_only() -> None:
    media = {
        "channels": ["community_radio"],
        "broadcasts": 12,
        "audience_estimate": 9000,
        "note": SECRET,
    }
    booklet = {"title": SECRET, "language": "fr", "copies_printed": 500, "copies_distributed": 400}
    (item,) = grown([activity(media=media, publication=booklet)]).items

    assert item.data["media"] == {
        "channels": ["community_radio"],
        "broadcasts": 12,
        "audience_estimate": 9000,
    }
    assert item.data["publication"] == {
        "language": "fr",
        "copies_printed": 500,
        "copies_distributed": 400,
    }


def test_a_place_the_gazetteer_does_not_know_is_not_passed_on() -> None:
    (item,) = grown([activity(place="12 Rue Exacte")]).items

    assert (item.country, item.place) == ("ML", None)


@pytest.mark.parametrize(("day", "region"), [("2021-10-04", "ML.SIK"), ("2024-10-04", "ML.BOU")])
def test_an_items_region_is_that_of_the_day(day: str, region: str) -> None:
    told = grown([activity(starts_on=day, ends_on=day), concern(raised_on=day)]).items

    assert [item.place for item in told] == [region, region]


def test_what_an_older_version_stored_under_an_old_id_goes_out_under_the_present() -> None:
    known = {f"activity/{ACTIVITY_ID}": Applied(3, "ML.06")}
    (sheet,) = items.grow([attendance(1, "recorded")], known).items
    (item,) = grown([activity()]).items
    stored = replace(item, place="ML.06")

    assert sheet.place == "ML.SIK"
    assert items.to_dict(stored, 1)["place"] == "ML.SIK"
    assert items.to_cloud_event(stored, 1) == items.to_cloud_event(item, 1)


def test_a_webhook_tells_a_regions_official_codes_as_far_as_there_are_any() -> None:
    def told(**changes: Any) -> dict[str, Any]:
        (item,) = grown([activity(**changes)]).items
        body = json.loads(items.to_cloud_event(item, 1))
        return {name: body.get(name) for name in ("place", "iso", "pcode")}

    assert told() == {"place": "ML.SIK", "iso": "ML-3", "pcode": "ML03"}
    assert told(place="ML.TAO") == {"place": "ML.TAO", "iso": "ML-10", "pcode": None}
    assert told(place="ML.BOU") == {"place": "ML.BOU", "iso": None, "pcode": "ML15"}


def test_a_concern_is_not_tied_to_its_activity() -> None:
    (item,) = grown([concern()]).items

    assert ACTIVITY_ID not in items.to_cloud_event(item, 1).decode()
    assert item.place == "ML.SIK"


def test_attendance_counts_what_changed_and_takes_the_place_of_its_activity() -> None:
    growth = grown([activity(), attendance(1, "recorded")])

    sheet = growth.items[1]
    assert sheet.place == "ML.SIK"
    assert sheet.data["present_total"] == 41
    assert (sheet.data["present_added"], sheet.data["present_removed"]) == (2, 1)


def test_a_change_of_scores_alone_is_no_item_but_moves_the_sheet_on() -> None:
    growth = grown([attendance(1, "recorded"), attendance(2, rows=[]), attendance(3)])

    assert len(growth.items) == 2
    assert growth.applied[f"attendance/{SESSION_ID}"].sequence == 3
    assert grown([attendance(1, "recorded", rows=[])]).items == []


def test_attendance_of_an_unheard_activity_still_has_its_chapter() -> None:
    (item,) = grown([attendance(1, "recorded")]).items

    assert (item.chapter, item.country, item.place) == ("ML", "ML", None)


def test_an_older_state_never_follows_a_newer_one() -> None:
    known = {f"activity/{ACTIVITY_ID}": Applied(3, "ML.SIK")}

    growth = grown([activity(2, "corrected"), activity(3, "corrected")], known)

    assert growth.items == []
    assert growth.early == []


def test_a_batch_that_came_mixed_up_is_put_in_order() -> None:
    other = concern()

    growth = grown([activity(2, "corrected"), other, activity(1)])

    assert [item.type for item in growth.items] == [
        "activity.recorded",
        "concern.recorded",
        "activity.corrected",
    ]
    assert growth.applied[f"activity/{ACTIVITY_ID}"].sequence == 2


def test_an_attendance_event_without_its_predecessor_waits_and_delays_nobody() -> None:
    first, third = attendance(1, "recorded"), attendance(3)
    other = concern()

    growth = grown([third, first, other])

    assert growth.early == [third]
    assert [item.id for item in growth.items] == [first.id, other.id]


def test_participants_and_types_of_tomorrow_are_no_items() -> None:
    events = [
        Event.new("participant.registered", "/participants", new_id(), 1, {"chapter": "ML"}),
        Event.new("activity.archived", "/activities", new_id(), 1, {"chapter": "ML"}),
    ]

    assert grown(events) == items.Growth()


def test_a_webhook_body_is_a_cloud_event_with_the_cursor() -> None:
    (item,) = grown([activity()]).items
    body = json.loads(items.to_cloud_event(item, 1))

    assert body["specversion"] == "1.0"
    assert body["type"] == "org.foscao.feed.activity.recorded.v1"
    assert body["id"] == item.id
    assert body["cursor"] == "0"
    assert body["time"].endswith("Z")
    assert all(name.isalnum() and name.islower() for name in body)


@pytest.mark.parametrize(
    ("starts_on", "state"),
    [("2021-10-04", "held"), ("2021-10-05", "held"), ("2021-10-06", "planned")],
)
def test_of_what_nobody_stated_the_first_version_says_how_it_stood_and_the_second_nothing(
    starts_on: str, state: str
) -> None:
    """At a quarter to midnight UTC it is tomorrow in Niger."""
    said = activity(starts_on=starts_on, chapter="NE")
    for name in ("status", "ends_on"):
        del said.data[name]
    event = replace(said, time=datetime(2021, 10, 4, 23, 45, tzinfo=UTC))
    [item] = items.grow([event], {}).items
    old, new = item.as_read_by(1)[1], item.as_read_by(2)[1]
    assert (old["status"], old["ends_on"]) == (state, starts_on)
    assert {"status", "ends_on"}.isdisjoint(new)
    Draft202012Validator(
        contracts.of("notifications", version=1)["feed.activity.recorded"]
    ).validate(old)


def test_what_was_stated_is_in_both_versions() -> None:
    [item] = items.grow([activity(status="cancelled")], {}).items
    for version in (1, 2):
        data = item.as_read_by(version)[1]
        assert (data["status"], data["ends_on"]) == ("cancelled", "2021-10-05")
