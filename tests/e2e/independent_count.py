"""Counts the demo's data files with nothing but the standard library: no code of the hub is used.

Every rule is written out a second time on purpose, so that a fault in one of the two shows.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "demo" / "sikasso" / "data"
COUNTED = {"held", "reported", "validated"}
Cells = Counter[tuple[str, str]]


def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def activities() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((DATA / "activities.json").read_text(encoding="utf-8"))
    return rows


def figures_by_group_and_sex() -> dict[str, Cells]:
    """The four figures, each as (main stakeholder group, sex) → count."""
    people = {
        row["id"]: (row["groups"].split(";")[0] or "unknown", row["sex"] or "unknown")
        for row in table("people.csv")
    }
    activity_of = {
        session["id"]: activity["id"]
        for activity in activities()
        if activity["status"] in COUNTED
        for session in activity.get("sessions", [{"id": activity["id"]}])
    }
    present = [
        (activity_of[row["session_id"]], row["participant_id"])
        for row in table("attendance.csv")
        if row["status"] == "present" and row["session_id"] in activity_of
    ]
    announced: Cells = Counter()
    for activity in activities():
        stated = activity.get("announced", {"total": 0})
        rest = stated["total"]
        for cell in stated.get("cells", []):
            announced[cell.get("group", "unknown"), cell.get("sex", "unknown")] += cell["count"]
            rest -= cell["count"]
        if rest:
            announced["unknown", "unknown"] += rest
    return {
        "announced": announced,
        "personSessions": Counter(people[who] for _, who in present),
        "uniquePerActivity": Counter(people[who] for _, who in set(present)),
        "uniquePeople": Counter(people[who] for who in {who for _, who in present}),
    }


def people_present_at(*types: str) -> set[str]:
    """Who was present at any session of an activity of one of these types."""
    wanted = {
        session["id"]
        for activity in activities()
        if activity["type"] in types
        for session in activity.get("sessions", [])
    }
    return {
        row["participant_id"]
        for row in table("attendance.csv")
        if row["status"] == "present" and row["session_id"] in wanted
    }
