"""What chapters push, as the services take it: right, unless a test says otherwise.

Each builder takes what the test says of the item; a field that it says to be None is left out.
`tests.world.graphql` has the same items as the API takes them, `tests.world.events` the events they
become.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.ids import new_id

Item = dict[str, Any]

KALANA = "ML.SIK.YAN.KALANA"
NAMPALA = "ML.SIK.NAMPALA"
OTHER_NAMPALA = "ML.SEG.NIO.NAMPALA"
FIRST_DAY, LAST_DAY = "2021-09-06", "2021-09-07"
CONSENT = {"purpose": ["programme_records"], "given_on": "2021-05-20", "by": "self"}


def ids(count: int) -> list[str]:
    return [new_id() for _ in range(count)]


def project(**said: Any) -> Item:
    return _item({"title": {"fr": "EMMMDA"}, "starts_on": "2021-05-01"}, said)


def organisation(**said: Any) -> Item:
    return _item({"name": "GPPAC", "type": "network", "country": "NL"}, said)


def activity(project_id: str, /, **said: Any) -> Item:
    """A training of two days; without `sessions` it is a session itself."""
    usual = {
        "project_id": project_id,
        "type": "technical_training",
        "title": {"fr": "Formation"},
        "starts_on": FIRST_DAY,
        "ends_on": LAST_DAY,
        "place": KALANA,
    }
    return _item(usual, said)


def session(**said: Any) -> Item:
    return _item({"on": FIRST_DAY}, said)


def concern(**said: Any) -> Item:
    return _item({"place": NAMPALA, "category": "child_labour", "severity": 4}, said)


def place(**said: Any) -> Item:
    """A mining site near Kalana that the gazetteer lacks."""
    usual = {"parent": "ML.SIK.YAN", "name": "Fodjélé", "kind": "mining_site"}
    return _item(usual, said)


def person(**said: Any) -> Item:
    usual = {
        "given_name": "Aminata",
        "family_name": "Traoré",
        "sex": "female",
        "birth_year": 1990,
        "groups": ["youth"],
        "disability": "without",
        "place": KALANA,
        "consent": CONSENT,
    }
    return _item(usual, said)


def nomination(participant_id: str, /, **said: Any) -> Item:
    usual = {
        "participant_id": participant_id,
        "proposer_group": "community_leader",
        "proposed_on": "2021-06-01",
    }
    return _item(usual, said)


def present(*people: str) -> list[Item]:
    """The rows of a sheet."""
    return [{"participant_id": person, "status": "present"} for person in people]


def sheet(session_id: str, *people: str) -> Item:
    """Attendance of these people, present at a session."""
    return {"session_id": session_id, "rows": present(*people)}


def _item(usual: Mapping[str, Any], said: Mapping[str, Any]) -> Item:
    return {
        name: value
        for name, value in {"id": new_id(), **usual, **said}.items()
        if value is not None
    }
