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


def figures_by_age(first: str, last: str) -> dict[str, Counter[str]]:
    """The four figures of a period by age band: who came by the day of the session, headcounts by
    the activity's first day; ages in the year in which the activity began, of unique people in that
    of the last one they came to in the period."""
    born = {row["id"]: _birth_year(row) for row in table("people.csv")}
    held = [each for each in activities() if each["status"] in COUNTED]
    announced: Counter[str] = Counter()
    days: dict[str, tuple[str, str, int]] = {}
    for activity in held:
        starts = activity["startsOn"]
        for session in activity.get("sessions", [{"id": activity["id"], "on": starts}]):
            days[session["id"]] = (session["on"], activity["id"], int(starts[:4]))
        if first <= starts <= last:
            stated = activity.get("announced", {"total": 0})
            rest = stated["total"]
            for cell in stated.get("cells", []):
                announced[cell.get("ageBand", "unknown")] += cell["count"]
                rest -= cell["count"]
            announced["unknown"] += rest
    sessions: Counter[str] = Counter()
    per_activity: dict[tuple[str, str], int] = {}
    last_year: dict[str, int] = {}
    for row in table("attendance.csv"):
        if row["status"] != "present" or row["session_id"] not in days:
            continue
        day, activity_id, year = days[row["session_id"]]
        who = row["participant_id"]
        if first <= day <= last:
            sessions[_band(born[who], year)] += 1
            per_activity[activity_id, who] = year
            last_year[who] = max(year, last_year.get(who, 0))
    return {
        "announced": +announced,
        "personSessions": sessions,
        "uniquePerActivity": Counter(
            _band(born[who], year) for (_, who), year in per_activity.items()
        ),
        "uniquePeople": Counter(_band(born[who], year) for who, year in last_year.items()),
    }


def women_in_dialogues() -> tuple[int, int]:
    """How many of the people in policy dialogues are women, and of how many the sex is stated."""
    sex = {row["id"]: row["sex"] for row in table("people.csv")}
    people = people_present_at("policy_dialogue")
    stated = [sex[each] for each in people if sex[each] in ("female", "male", "other")]
    return stated.count("female"), len(stated)


def _birth_year(row: dict[str, str]) -> int | None:
    if row["birth_year"]:
        return int(row["birth_year"])
    return int(row["age_on"][:4]) - int(row["age"]) if row["age"] else None


def _band(born: int | None, year: int) -> str:
    if born is None:
        return "unknown"
    age = year - born
    bands = [(0, "under_15"), (15, "15_17"), (18, "18_24"), (25, "25_35"), (36, "36_59")]
    return [code for start, code in [*bands, (60, "60_plus")] if start <= age][-1]


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
