"""What reporting is asked: figures, coverage, gaps, concerns, outputs; each of one moment."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pyroaring import BitMap

from services.reporting.answers import (
    CODE_LISTS,
    by_status,
    figures_shown,
    framed,
    listed,
    media_shown,
    named_shown,
    page_of_rows,
    publications_shown,
    tests_shown,
    with_shares,
)
from services.reporting.rules.activities import UNKNOWN, Activity, ReportScope
from services.reporting.rules.figures import (
    COUNTED,
    NOT_COUNTED,
    OVERLAPPING,
    Cells,
    Counted,
    figures,
    union,
)
from services.reporting.rules.lives import Lives
from services.reporting.rules.periods import Sheets, continues, days_matter, parts, within
from services.reporting.rules.scores import paired, tested
from services.reporting.rules.shares import DIMENSIONS, shares
from services.reporting.schemas import NAMED, Question, ReportQuestion
from services.reporting.store.live import ReportingStore
from shared.codes import age_band, code_list

T = TypeVar("T")


def report(asked: ReportQuestion, store: ReportingStore) -> dict[str, Any]:
    """The four figures of all in scope and, if `rows_by` is given, of a page of its parts.

    Returns: figures with their cells (those that are not zero, unless `with_zeros`) and with
        `with_shares` the shares of women, youth and people with disability, the event
        they stand by, the filter applied, how many activities were counted and how many were not,
        which of them go on over a border of the period; of the rows' page what `shared.paging`
        tells.
    Raises: Unavailable (retryable); Refused BAD_CURSOR (final).
    """
    scope = asked.scope
    with store.snapshot() as seen:
        lives = seen.lives
        by_day = lives.days_matter or days_matter(scope, asked.rows_by)
        days = ("sessions.id", "sessions.on") if by_day else ()
        activities = seen.activities(scope, "announced", *days)
        counted = _counted(activities)
        sheets = _on_their_days(counted, seen.sheets([each.id for each in counted]), lives)
        split_by = {*asked.by, *(DIMENSIONS if asked.with_shares else ())}
        bits = seen.bits("birth_year" if dim == "age_band" else dim for dim in split_by)
        cells = Cells(asked.by, bits, age_band)
        rows = page_of_rows(_parted(counted, sheets, scope, asked.rows_by), asked)
        titled = asked.rows_by if asked.rows_by in ("project", "activity") else None
        titles = seen.titles(titled, [key for key, _ in rows.items]) if titled else {}
        over = sorted(
            (each for each in counted if continues(each, scope)),
            key=lambda each: (each.starts_on, each.id),
        )
        bare = sorted(
            (each for each in counted if scope.has(each.starts_on) and _lacks_people(each, sheets)),
            key=lambda each: (each.starts_on, each.id),
        )
        some = [*over[:NAMED], *bare[:NAMED]]
        named = seen.titles("activity", [each.id for each in some])
        frame = framed(seen.position(), scope, seen.day(scope.chapters))

    def shown(some: Sequence[Counted]) -> dict[str, Any]:
        found = figures_shown(figures(some, cells, lives), asked)
        if not asked.with_shares:
            return found
        return with_shares(found, shares(some, bits, age_band, lives))

    whole = [part for _, _, part in _parted(counted, sheets, scope)]
    years = {each.year for each in whole}
    begun = [each for each in activities if scope.has(each.starts_on)]
    statuses = Counter(each.status for each in begun)
    return {
        **frame,
        "figures": shown(whole),
        "rows": [
            {"key": key, "label": titles.get(key), "figures": shown(some)}
            for key, some in rows.items
        ],
        **rows.frame(),
        "activities_counted": sum(each.begins for each in whole),
        "activities_not_counted": {status: statuses[status] for status in NOT_COUNTED},
        "continuing": named_shown(over, named),
        "incomplete": named_shown(bare, named),
        "age_reference_year": years.pop() if len(years) == 1 else None,
        "adds_up": OVERLAPPING.isdisjoint(asked.by),
    }


def _lacks_people(activity: Activity, sheets: Mapping[str, Mapping[str, BitMap]]) -> bool:
    """Whether nobody is on a sheet of an activity that ought to have one."""
    kind = code_list("activity_type").get(activity.type)
    wanted = kind is None or kind.extra["has_sheet"] == "true"
    return wanted and not any(sheets.get(activity.id, {}).values())


def coverage(asked: Question, store: ReportingStore) -> dict[str, Any]:
    """For every code of the list asked about: the activities, person-sessions and people it has.

    Zeros are the gaps to be seen. `unknown` stands for what has no code, where there is any.
    Raises: Unavailable (retryable).
    """
    scope = asked.scope
    with store.snapshot() as seen:
        counted = _counted(seen.activities(scope, "sessions", "ecpf", "architecture"))
        sheets = seen.sheets([each.id for each in counted])
        frame = framed(seen.position(), scope, seen.day(scope.chapters))
    activities: Counter[str] = Counter()
    present: defaultdict[str, list[BitMap]] = defaultdict(list)
    for activity in counted:
        if scope.has(activity.starts_on):
            activities.update(_codes(activity, asked.of))
        for session, people in within(activity, sheets.get(activity.id, {}), scope):
            for code in _codes(activity, asked.of, session):
                present[code].append(people)
    return {
        **frame,
        "of": asked.of,
        "rows": [
            {
                "code": code,
                "activities": activities[code],
                "person_sessions": sum(map(len, present[code])),
                "unique_people": len(union(present[code])),
            }
            for code in listed(CODE_LISTS[asked.of], activities | present.keys())
        ],
    }


def gaps(asked: Question, store: ReportingStore) -> dict[str, Any]:
    """Locality × stakeholder group × topic: how many people, and where nobody was reached.

    A person counts in each of their groups, of the last day on which they came there. The place of
    a planned activity is shown as well, with what is missing there today. `unknown` is told where
    it is not empty; it is no gap.
    Raises: Unavailable (retryable).
    """
    with store.snapshot() as seen:
        activities = seen.activities(asked.scope, "sessions")
        counted = _counted(activities)
        lives = seen.lives
        sheets = _on_their_days(counted, seen.sheets([each.id for each in counted]), lives)
        groups = seen.bits(["group_any"]).get("group_any", {})
        frame = framed(seen.position(), asked.scope, seen.day(asked.scope.chapters))
    reached: defaultdict[str, defaultdict[str, BitMap]] = defaultdict(lambda: defaultdict(BitMap))
    for activity in activities:
        if activity.status == "cancelled":
            continue
        present = sheets.get(activity.id, {})
        for session in activity.sessions:
            if not asked.scope.has(activity.day_of(session.id)):
                continue
            by_topic = reached[session.place or activity.place or UNKNOWN]
            for topic in session.topics or [UNKNOWN]:
                by_topic[topic] |= present.get(session.id, BitMap())
    rows = [
        {
            "place": place,
            "group": group,
            "topic": topic,
            "unique_people": count,
            "gap": topic != UNKNOWN and not count,
        }
        for place, by_topic in sorted(reached.items())
        for topic in listed("emmmda_topic", by_topic)
        for group, count in _by_group(lives.once(by_topic[topic]), groups)
        if count or topic != UNKNOWN
    ]
    return {**frame, "rows": rows}


def concerns(asked: Question, store: ReportingStore) -> dict[str, Any]:
    """How many concerns by category, severity and status; the period is that of `raised_on`.

    Raises: Unavailable (retryable).
    """
    scope = asked.scope
    with store.snapshot() as seen:
        activities: list[str] | None = None
        if any(each is not None for each in (scope.project_ids, scope.activity_ids, scope.types)):
            anywhere = replace(scope, countries=None, places=None, since=None, until=None)
            activities = [each.id for each in seen.activities(anywhere)]
        found = Counter(
            (row["category"], row["severity"], row["status"])
            for row in seen.concerns(scope, activities)
        )
        frame = framed(seen.position(), scope, seen.day(scope.chapters))
    return {
        **frame,
        "total": found.total(),
        "rows": [
            {"category": category, "severity": severity, "status": status, "count": count}
            for (category, severity, status), count in sorted(found.items())
        ],
    }


def outputs(asked: Question, store: ReportingStore) -> dict[str, Any]:
    """Media reach, publications, recommendations, test scores and nominations; of a period, those
    of the activities that begin in it.

    Raises: Unavailable (retryable).
    """
    with store.snapshot() as seen:
        found = seen.activities(asked.scope, "sessions.id", "sessions.on")
        begun = _counted(each for each in found if asked.scope.has(each.starts_on))
        counted = [each.id for each in begun]
        sections = list(seen.sections(counted))
        tests = seen.tests(counted)
        nominations = Counter(seen.nominations(asked.scope))
        frame = framed(seen.position(), asked.scope, seen.day(asked.scope.chapters))
    pairs = [pair for each in begun for pair in paired(_in_order(each, tests.get(each.id, {})))]
    recommendations = Counter(status for each in sections for status in each["recommendations"])
    return {
        **frame,
        "media": media_shown([each["media"] for each in sections if each["media"]]),
        "publications": publications_shown(
            [each["publication"] for each in sections if each["publication"]]
        ),
        "recommendations": by_status("recommendation_status", recommendations),
        "tests": tests_shown(tested(pairs)),
        "nominations": by_status("nomination_status", nominations),
    }


def _on_their_days(
    activities: Iterable[Activity], sheets: Mapping[str, Sheets], lives: Lives
) -> Mapping[str, Sheets]:
    """The sheets, with everybody under the number that holds on the day of the session."""
    if not lives.days_matter:
        return sheets
    return {
        each.id: {
            session_id: lives.on(each.day_of(session_id), people)
            for session_id, people in sheets.get(each.id, {}).items()
        }
        for each in activities
    }


def _in_order(activity: Activity, of_session: Mapping[str, T]) -> list[T]:
    """What there is of an activity's sessions in the order of their days."""
    days = sorted((activity.day_of(session_id), session_id) for session_id in of_session)
    return [of_session[session_id] for _, session_id in days]


def _parted(
    activities: Iterable[Activity],
    sheets: Mapping[str, Sheets],
    scope: ReportScope,
    rows_by: str | None = None,
) -> Iterator[tuple[Activity, str, Counted]]:
    """What of each activity counts in the period, with the key of the row it stands in."""
    for each in activities:
        for key, part in parts(each, sheets.get(each.id, {}), scope, rows_by):
            yield each, key, part


def _counted(activities: Iterable[Activity]) -> list[Activity]:
    return [each for each in activities if each.status in COUNTED]


def _codes(activity: Activity, of: str, session_id: str | None = None) -> Collection[str]:
    """The codes of an activity in one list, those of one session if they are told by session."""
    if of == "topic":
        among = (each for each in activity.sessions if session_id in (None, each.id))
        found: Collection[str] = {topic for each in among for topic in each.topics}
    else:
        found = {"ecpf": activity.ecpf, "architecture": activity.architecture}.get(
            of, [activity.type]
        )
    return found or [UNKNOWN]


def _by_group(people: BitMap, groups: Mapping[str, BitMap]) -> Iterator[tuple[str, int]]:
    """How many of them are in each stakeholder group, and in none if there are any."""
    for group in code_list("stakeholder_group"):
        yield group, people.intersection_cardinality(groups.get(group, BitMap()))
    if ungrouped := people - union(groups.values()):
        yield UNKNOWN, len(ungrouped)
