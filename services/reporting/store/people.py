"""How a participant lies in the projections (`services.reporting.layout`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.reporting.layout import CHANGES, FACTS, INTO, NUMBER, SINCE, VERSION
from services.reporting.rules.projections import Changed, Person
from shared.types import Document


def person_of(row: Mapping[str, Any]) -> Person:
    """The participant of a document."""
    changes = {
        each[SINCE]: Changed(each[NUMBER], frozenset(each[FACTS])) for each in row.get(CHANGES, ())
    }
    return Person(row[NUMBER], row[VERSION], frozenset(row[FACTS]), changes, row.get(INTO))


def upserted(person: Person) -> Document:
    """The update that makes a document say this."""
    seldom = {
        CHANGES: [
            {SINCE: day, NUMBER: each.number, FACTS: sorted(each.facts)}
            for day, each in sorted(person.changes.items())
        ],
        INTO: person.into,
    }
    there = {name: value for name, value in seldom.items() if value}
    return {
        "$set": {VERSION: person.version, FACTS: sorted(person.facts), **there},
        "$unset": dict.fromkeys(seldom.keys() - there.keys(), ""),
        "$setOnInsert": {NUMBER: person.number},
    }
