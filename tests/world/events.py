"""What the producers tell of a programme: events that keep their contracts.

The functions give single events; `Told` numbers the steps of each subject as its producer does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from shared import contracts
from shared.events import Event
from shared.ids import new_id
from shared.record_types import RECORD_TYPES, SCORES
from shared.scores import Points
from tests.world.items import KALANA

PROJECT = new_id()

Test = tuple[Points | None, Points | None]
"""Scores before and after; None without a test."""

_CONTRACTS = {
    version: {
        type: Draft202012Validator(schema)
        for type, schema in contracts.of("activities", "participants", version=version).items()
    }
    for version in (1, 2)
}


def person(
    identifier: str | None = None, sequence: int = 1, step: str = "registered", **said: Any
) -> Event:
    usual = {
        "chapter": "ML",
        "sex": "female",
        "birth_year": 1990,
        "groups": ["youth"],
        "disability": "without",
        "place": KALANA,
    }
    return _state("participant", identifier, sequence, step, usual | said)


def standing(
    identifier: str, sequence: int, *, withdrawn: bool = False, merged_into: str | None = None
) -> Event:
    """How a person stands since their version `sequence`."""
    said = {"chapter": "ML", "withdrawn": withdrawn, "merged_into": merged_into}
    return _state("standing", identifier, sequence, "changed", said)


def nomination(
    identifier: str | None = None, sequence: int = 1, step: str = "proposed", **said: Any
) -> Event:
    usual = {
        "participant_id": new_id(),
        "activity_id": None,
        "project_id": None,
        "chapter": "ML",
        "proposer_group": "religious_leader",
        "status": "proposed",
    }
    return _state("nomination", identifier, sequence, step, usual | said)


def project(
    identifier: str | None = None, sequence: int = 1, step: str = "recorded", **said: Any
) -> Event:
    usual = {
        "chapter": "ML",
        "title": {"en": "EMMMDA", "fr": "EMMMDA"},
        "starts_on": "2021-05-01",
    }
    return _state("project", identifier, sequence, step, usual | said)


def activity(
    identifier: str | None = None, sequence: int = 1, step: str = "recorded", **said: Any
) -> Event:
    """Of one day; unless `sessions` are said, it is its only session itself."""
    subject = identifier or new_id()
    usual: dict[str, Any] = {
        "chapter": "ML",
        "project_id": PROJECT,
        "type": "technical_training",
        "title": {"en": "Training"},
        "status": "held",
        "starts_on": "2021-06-01",
        "place": KALANA,
        "sessions": [{"id": subject}],
    }
    state = usual | said
    session = {"on": state["starts_on"], "place": state["place"]}
    state["sessions"] = [{**session, **each} for each in state["sessions"]]
    return _state("activity", subject, sequence, step, {"ends_on": state["starts_on"], **state})


def concern(
    identifier: str | None = None, sequence: int = 1, step: str = "recorded", **said: Any
) -> Event:
    usual = {
        "chapter": "ML",
        "place": KALANA,
        "category": "environment_water",
        "severity": 3,
        "status": "raised",
        "raised_on": "2021-05-20",
    }
    return _state("concern", identifier, sequence, step, usual | said)


def place(
    identifier: str | None = None, sequence: int = 1, step: str = "recorded", **said: Any
) -> Event:
    usual = {"chapter": "ML", "parent": "ML.SIK.YAN", "name": "Fodjélé", "kind": "mining_site"}
    return _state("place", identifier, sequence, step, usual | said)


def attendance(
    session_id: str,
    activity_id: str,
    sequence: int = 1,
    *,
    present_total: int,
    came: Sequence[str] = (),
    left: Sequence[str] = (),
    scores: Mapping[str, Points] | None = None,
    tests: Mapping[str, Test] | None = None,
) -> Event:
    """A step of a sheet, after which `present_total` people are on it.

    Args: tests: scores before and after of each; with them in version 2 of its contract.
    """
    rows = [{"participant_id": each, "present": True} for each in came]
    rows += [{"participant_id": each, "present": False} for each in left]
    data = {
        "session_id": session_id,
        "activity_id": activity_id,
        "chapter": "ML",
        "rows": rows,
        "present_total": present_total,
        "scores": dict.fromkeys(SCORES, 0) | dict(scores or {}),
    }
    step = "recorded" if sequence == 1 else "corrected"
    if tests is None:
        return _event(f"attendance.{step}", session_id, sequence, data)
    data["tests"] = [
        {"participant_id": each, "pre_score": pre, "post_score": post}
        for each, (pre, post) in tests.items()
    ]
    event = _event(f"attendance.{step}", session_id, sequence, data, version=2)
    return event.in_version(data, 2)


class Told:
    """Events with the sequences their producers would give them."""

    def __init__(self) -> None:
        self._last: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._present: defaultdict[str, int] = defaultdict(int)

    def person(self, id: str, event: str = "participant.registered", **said: Any) -> Event:
        return person(id, *self._next(event, id), **said)

    def activity(self, id: str, event: str = "activity.recorded", **said: Any) -> Event:
        return activity(id, *self._next(event, id), **said)

    def concern(self, id: str, event: str = "concern.recorded", **said: Any) -> Event:
        return concern(id, *self._next(event, id), **said)

    def place(self, id: str, event: str = "place.recorded", **said: Any) -> Event:
        return place(id, *self._next(event, id), **said)

    def project(self, id: str, event: str = "project.recorded", **said: Any) -> Event:
        return project(id, *self._next(event, id), **said)

    def nomination(self, id: str, event: str = "nomination.proposed", **said: Any) -> Event:
        return nomination(id, *self._next(event, id), **said)

    def sheet(
        self,
        session_id: str,
        activity_id: str,
        *,
        came: Sequence[str] = (),
        left: Sequence[str] = (),
        scores: Mapping[str, Points] | None = None,
        tests: Mapping[str, Test] | None = None,
    ) -> Event:
        """The next step of a sheet; with `tests` in version 2 of its contract."""
        self._present[session_id] += len(came) - len(left)
        sequence, _ = self._next("attendance.recorded", session_id)
        return attendance(
            session_id,
            activity_id,
            sequence,
            present_total=self._present[session_id],
            came=came,
            left=left,
            scores=scores,
            tests=tests,
        )

    def _next(self, event: str, subject: str) -> tuple[int, str]:
        record_type, _, step = event.partition(".")
        self._last[record_type, subject] += 1
        return self._last[record_type, subject], step


def _state(
    record_type: str, identifier: str | None, sequence: int, step: str, content: Mapping[str, Any]
) -> Event:
    """The event of a record's new state."""
    subject = identifier or new_id()
    frame = {"id": subject, "version": sequence, "withdrawn": step == "withdrawn"}
    if record_type == "nomination":
        del frame["withdrawn"]  # as a status
    return _event(f"{record_type}.{step}", subject, sequence, {**frame, **content})


def _event(type: str, subject: str, sequence: int, data: dict[str, Any], version: int = 1) -> Event:
    event = Event.new(
        type, f"/{RECORD_TYPES[type.partition('.')[0]].owner}", subject, sequence, data
    )
    _CONTRACTS[version][type].validate(event.data)
    return event
