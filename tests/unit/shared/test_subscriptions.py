"""Of an event that is recorded in several versions each consumer is told once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared import record_types, subscriptions
from shared.topology import event_key, event_keys

VERSIONS = range(1, 5)


@pytest.mark.parametrize("latest", VERSIONS)
@pytest.mark.parametrize("read", VERSIONS)
def test_a_reader_of_each_version_is_bound_for_exactly_one_row_of_an_event(
    read: int, latest: int
) -> None:
    bound, _ = event_keys(f"activity.*.v{read}")
    rows = {version: version != latest for version in range(1, latest + 1)}
    keys = {
        event_key("activity.recorded", version, older=older).replace("recorded", "*")
        for version, older in rows.items()
    }
    assert keys & set(bound) == {
        event_key("activity.*", min(read, latest), older=rows[min(read, latest)])
    }


def test_a_reader_that_moves_is_unbound_from_what_it_alone_was_bound_for() -> None:
    assert event_keys("activity.*.v1") == (
        ["org.foscao.activity.*.v1", "org.foscao.activity.*.v1.older"],
        [],
    )
    assert event_keys("activity.*.v3") == (
        [
            "org.foscao.activity.*.v1",
            "org.foscao.activity.*.v2",
            "org.foscao.activity.*.v3",
            "org.foscao.activity.*.v3.older",
        ],
        ["org.foscao.activity.*.v1.older", "org.foscao.activity.*.v2.older"],
    )


@pytest.mark.parametrize("latest", VERSIONS)
@pytest.mark.parametrize("read", VERSIONS)
def test_the_audit_expects_of_a_consumer_the_row_that_it_is_bound_for(
    monkeypatch: pytest.MonkeyPatch, read: int, latest: int
) -> None:
    concern = replace(record_types.RECORD_TYPES["concern"], heard_by={"reporting": read})
    monkeypatch.setattr(subscriptions, "RECORD_TYPES", {"concern": concern})
    heard = [
        version
        for version in range(1, latest + 1)
        if subscriptions.listens("reporting", "concern.raised", version, older=version != latest)
    ]
    assert heard == [min(read, latest)]
    assert not subscriptions.listens("notifications", "concern.raised", latest)
