"""The envelope on the wire is CloudEvents 1.0 and comes back as it went."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.caller import Caller
from shared.events import Event, Undecodable

CALLER = Caller("chapter", "ML", "k", correlation_id="c-1", traceparent="00-ab-cd-01")


def test_an_event_carries_what_cloudevents_asks_for() -> None:
    event = Event.new("activity.recorded", "/activities", "s", 3, {"a": 1}, caller=CALLER)
    wire = orjson.loads(event.to_json())
    assert wire["specversion"] == "1.0"
    assert wire["type"] == "org.foscao.activity.recorded.v1"
    assert (wire["subject"], wire["sequence"]) == ("s", 3)
    assert wire["time"].endswith("Z")
    assert (wire["correlationid"], wire["traceparent"]) == ("c-1", "00-ab-cd-01")


@given(st.dictionaries(st.text(), st.one_of(st.integers(-(2**53), 2**53), st.text())))
def test_an_event_comes_back_as_it_went(data: dict[str, object]) -> None:
    event = Event.new("a.b", "/x", "s", 1, data, caller=CALLER)
    assert Event.from_json(event.to_json()) == replace(event, actor="")  # stays inside


def test_attributes_that_come_later_are_ignored() -> None:
    event = Event.new("a.b", "/x", "s", 1, {}, caller=CALLER)
    wire = orjson.loads(event.to_json()) | {"newattribute": "x"}
    assert Event.from_json(wire) == replace(event, actor="")


def test_an_effect_names_its_cause() -> None:
    cause = Event.new("a.b", "/x", "s", 1, {}, caller=CALLER)
    effect = Event.new("c.d", "/y", "t", 1, {}, cause=cause)
    assert (effect.causationid, effect.correlationid) == (cause.id, "c-1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"type":"org.other.v1"}',
        b'{"type":"org.foscao.a.v1"}',
        b"null",
    ],
)
def test_what_is_no_event_of_ours_is_told_apart(body: bytes) -> None:
    with pytest.raises(Undecodable):
        Event.from_json(body)


@pytest.mark.parametrize(
    "time", ["2026-11-23", "2026-11-23T08:30:00", "2026-W48-1T08:30:00Z", "20261123T083000Z", None]
)
def test_an_event_without_a_moment_is_none(time: object) -> None:
    wire = orjson.loads(Event.new("a.b", "/x", "s", 1, {}, caller=CALLER).to_json())
    with pytest.raises(Undecodable):
        Event.from_json({**wire, "time": time})
