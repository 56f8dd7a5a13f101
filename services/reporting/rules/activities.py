"""What reports know of activities: where, when, by whom, how many stated; and in which row of a
report each stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from services.reporting.rules.regions import region
from shared.days import calendar_day

UNKNOWN: Final = "unknown"

ANNOUNCED_DIMENSIONS: Final = frozenset({"sex", "age_band", "group", "disability"})

ROWS_BY: Final = (
    "chapter",
    "project",
    "activity",
    "type",
    "month",
    "quarter",
    "year",
    "admin1",
    "locality",
)

Keys: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Announced:
    """What the organiser stated: a headcount, and the parts of it that were described."""

    total: int = 0
    cells: tuple[tuple[Mapping[str, str], int], ...] = ()

    def add_to(self, found: Counter[Keys], by: Sequence[str]) -> None:
        """Add the headcount to its cells; whatever was not said of people is `unknown`."""
        for stated, count in self.cells:
            known = (stated.get(dim) if dim in ANNOUNCED_DIMENSIONS else None for dim in by)
            found[tuple(value or UNKNOWN for value in known)] += count
        if undescribed := self.total - sum(count for _, count in self.cells):
            found[(UNKNOWN,) * len(by)] += undescribed


@dataclass(frozen=True, slots=True)
class ReportScope:
    """Which activities a question is about. None is no condition; of an empty one there are none.

    `since` and `until` (both included, ISO 8601 dates) are the period: which day of what lies in it
    is said by `services.reporting.rules.periods`. `places` include all that lies in them.
    """

    chapters: Sequence[str] | None = None
    project_ids: Sequence[str] | None = None
    activity_ids: Sequence[str] | None = None
    types: Sequence[str] | None = None
    countries: Sequence[str] | None = None
    places: Sequence[str] | None = None
    since: str | None = None
    until: str | None = None

    @property
    def nothing(self) -> bool:
        """Whether no activity can meet it."""
        asked = (self.chapters, self.project_ids, self.activity_ids, self.types, self.countries)
        return any(each is not None and not each for each in (*asked, self.places))

    @property
    def bounded(self) -> bool:
        """Whether a period is asked for."""
        return bool(self.since or self.until)

    def has(self, day: str) -> bool:
        """Whether the day lies in the period."""
        return (not self.since or self.since <= day) and (not self.until or day <= self.until)


@dataclass(frozen=True, slots=True)
class Session:
    """A part of an activity that has a sheet of its own."""

    id: str
    topics: Sequence[str] = ()
    place: str | None = None
    on: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What reporting keeps of an activity: codes, figures and days."""

    id: str
    chapter: str
    type: str
    status: str
    starts_on: str
    ends_on: str | None = None
    project_id: str | None = None
    place: str | None = None
    announced: Announced = Announced()
    sessions: Sequence[Session] = ()
    ecpf: Sequence[str] = ()
    architecture: Sequence[str] = ()

    @property
    def year(self) -> int:
        return int(self.starts_on[:4])

    @property
    def last_day(self) -> str:
        """The last day; of one that goes on, the last that is known."""
        return (
            self.ends_on
            or max((each.on or "" for each in self.sessions), default="")
            or self.starts_on
        )

    def day_of(self, session_id: str) -> str:
        """The day of a session; of one that the activity does not tell of, its own first day."""
        days = (each.on for each in self.sessions if each.id == session_id)
        return next(days, None) or self.starts_on


def row_key(activity: Activity, rows_by: str, on: str | None = None) -> str:
    """The row an activity stands in; `unknown` where it says nothing of that kind.

    A day stored in a form that is taken no more must not cost the others their report.

    Args: on: the day of it that is meant; None: its first.
    """
    day = on or activity.starts_on
    day = day if calendar_day(day) else ""
    key = {
        "chapter": activity.chapter,
        "project": activity.project_id,
        "activity": activity.id,
        "type": activity.type,
        "month": day[:7],
        "quarter": day and f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}",
        "year": day[:4],
        "admin1": region(activity.place, day or None),
        "locality": activity.place,
    }[rows_by]
    return key or UNKNOWN
