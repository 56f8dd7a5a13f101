"""What a chapter was told is accepted, kept by the chapter itself, and counted by itself.

Nothing of the hub's code is used: every rule of the figures is written out a second time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

UNSTATED = "unstated"
"""Where an activity stands is left to the calendar; its days are long past."""
COUNTED = ("held", "reported", "validated", UNSTATED)


@dataclass(frozen=True, slots=True)
class Person:
    sex: str
    birth_year: int
    version: int = 1
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    sessions: tuple[str, ...]
    announced: int
    status: str = "held"
    version: int = 1
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a sheet; `pre` is the test score that tells one correction from the next."""

    status: str
    pre: int | None = None


Sheet = dict[str, Line]


@dataclass(slots=True)
class Ledger:
    """People, activities and sheets by id. Also used for what is in doubt: what a push whose
    answer never came, and which was never repeated, would have made."""

    people: dict[str, Person] = field(default_factory=dict)
    activities: dict[str, Activity] = field(default_factory=dict)
    sheets: dict[str, Sheet] = field(default_factory=lambda: defaultdict(dict))
    rows: int = 0

    def add(self, other: Ledger) -> None:
        """Take over what a push made; corrections replace what was there."""
        self.people.update(other.people)
        self.activities.update(other.activities)
        for session, sheet in other.sheets.items():
            self.sheets[session].update(sheet)
        self.rows += other.rows

    def present(self, session: str) -> set[str]:
        """Who counts on a sheet."""
        return {
            person
            for person, line in self.sheets.get(session, {}).items()
            if line.status == "present" and not self.people[person].withdrawn
        }

    def sex_of(self, person: str) -> str:
        return self.people[person].sex

    def figures(self) -> dict[str, Counter[str]]:
        """The four figures by sex. Withdrawn people and activities count nowhere."""
        announced: Counter[str] = Counter()
        sessions: Counter[str] = Counter()
        per_activity: Counter[str] = Counter()
        everybody: set[str] = set()
        for activity in self.activities.values():
            if activity.withdrawn or activity.status not in COUNTED:
                continue
            announced["unknown"] += activity.announced
            met: set[str] = set()
            for session in activity.sessions:
                present = self.present(session)
                sessions.update(map(self.sex_of, present))
                met |= present
            per_activity.update(map(self.sex_of, met))
            everybody |= met
        return {
            "announced": +announced,
            "personSessions": sessions,
            "uniquePerActivity": per_activity,
            "uniquePeople": Counter(map(self.sex_of, everybody)),
        }

    def corrected(self, activity: str, **changes: object) -> Ledger:
        """A ledger of this one activity's next version."""
        now = self.activities[activity]
        after = replace(now, version=now.version + 1, **changes)  # type: ignore[arg-type]
        return Ledger(activities={activity: after})
