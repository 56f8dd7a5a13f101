"""From events to projections: what each event means for the sets and documents behind reports.

Pure: a function takes what was loaded and returns what is to be written. The same events in the
order of their subjects always lead to the same figures, live or in a rebuild.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from pyroaring import BitMap

from services.reporting.layout import PEOPLE, PROJECTED, SESSIONS
from services.reporting.rules.regions import home, places_within
from services.reporting.rules.scores import Test
from shared.events import Event
from shared.record_types import SCORES, for_each, record_type_of
from shared.scores import Points, added

WITHDRAWN: Final = "withdrawn/yes"
CHUNK_BITS: Final = 16
"""A set of people is stored in chunks of 65,536, the size of one container of a roaring bitmap: at
most 8 kB to rewrite for one person, however many there are."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What holds of a participant from a day on, under a number of its own."""

    number: int
    facts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """A participant as a number, with what was last said of them; version 0: nothing yet. If
    something of them changed, `facts` are those before, and `changes` by day those from it on;
    `into`: the participant they are one with."""

    number: int
    version: int = 0
    facts: frozenset[str] = frozenset()
    changes: Mapping[str, Changed] = field(default_factory=dict)
    into: str | None = None

    @property
    def held(self) -> Iterator[tuple[int, frozenset[str]]]:
        """What holds under each number."""
        yield self.number, self.facts
        yield from ((each.number, each.facts) for each in self.changes.values())


@dataclass(frozen=True, slots=True)
class ProjectedSheet:
    """Who was present in a session, the sums of their test scores, and whose score was which as far
    as that was told; as of one sequence."""

    activity_id: str
    sequence: int = 0
    present: BitMap = field(default_factory=BitMap)
    scores: Mapping[str, Points] = field(default_factory=dict)
    tests: Mapping[int, Test] = field(default_factory=dict)


@dataclass(slots=True)
class MembershipChange:
    """Who joins and who leaves one chunk of the set of those of whom a fact holds."""

    joining: BitMap = field(default_factory=BitMap)
    leaving: BitMap = field(default_factory=BitMap)


def people_in(events: Iterable[Event]) -> list[str]:
    """The participants these events speak of, each once, in the order of first sight."""
    seen: dict[str, None] = {}
    for event in events:
        record_type = record_type_of(event.type)
        if record_type == "participant":
            seen[event.subject] = None
        elif record_type == "attendance":
            seen.update((row["participant_id"], None) for row in event.data["rows"])
            tests = event.data.get("tests") or ()
            seen.update((each["participant_id"], None) for each in tests)
    return list(seen)


def portions(events: Iterable[Event], rows: int) -> Iterator[list[Event]]:
    """The events in the order of their subjects' history, cut so that no part holds many more than
    `rows` rows: a transaction must end in time."""
    part: list[Event] = []
    size = 0
    for event in sorted(events, key=lambda each: (each.subject, each.sequence)):
        part.append(event)
        size += len(event.data["rows"]) if record_type_of(event.type) == "attendance" else 1
        if size >= rows:
            yield part
            part, size = [], 0
    if part:
        yield part


def latest(events: Iterable[Event]) -> dict[str, Event]:
    """The newest event of each subject: a state event carries the whole state."""
    newest: dict[str, Event] = {}
    for event in events:
        if event.subject not in newest or newest[event.subject].sequence < event.sequence:
            newest[event.subject] = event
    return newest


def facts_of(person: Mapping[str, Any]) -> frozenset[str]:
    """What holds of a participant, each as `attribute/value`; of a withdrawn one nothing else."""
    if person.get("withdrawn"):
        return frozenset({WITHDRAWN})
    groups: Sequence[str] = person.get("groups") or ()
    said = {
        "sex": person.get("sex"),
        "birth_year": person.get("birth_year"),
        "group": groups[0] if groups else None,
        "disability": person.get("disability"),
        "residence": home(person.get("place")),
    }
    return frozenset(
        {f"{attribute}/{value}" for attribute, value in said.items() if value is not None}
        | {f"group_any/{group}" for group in groups}
    )


def facts_by_day(person: Mapping[str, Any]) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """What holds of a participant before something changed, and by day what holds from it on."""
    first, *later = person.get("history") or [{}]
    return (
        facts_of({**person, **first}),
        {each["since"]: facts_of({**person, **each}) for each in later},
    )


def days_to_number(events: Iterable[Event], people: Mapping[str, Person]) -> list[tuple[str, str]]:
    """(participant, day) of the changes told that have no number yet."""
    return [
        (subject, each["since"])
        for subject, event in latest(events).items()
        if event.sequence > people[subject].version
        for each in (event.data.get("history") or ())[1:]
        if each["since"] not in people[subject].changes
    ]


def describe(
    events: Iterable[Event],
    people: Mapping[str, Person],
    numbers: Mapping[tuple[str, str], int] = MappingProxyType({}),
) -> tuple[dict[str, Person], dict[str, MembershipChange]]:
    """Apply `participant.*` events: who changed, and by chunk (`sex/female/0`) who moves.

    Args: numbers: of `days_to_number`.
    """
    changed: dict[str, Person] = {}
    moves: defaultdict[str, MembershipChange] = defaultdict(MembershipChange)
    for subject, event in latest(events).items():
        before = people[subject]
        if event.sequence <= before.version:
            continue
        facts, by_day = facts_by_day(event.data)
        after = replace(
            before,
            version=event.sequence,
            facts=facts,
            changes={
                day: Changed(
                    before.changes[day].number if day in before.changes else numbers[subject, day],
                    true,
                )
                for day, true in by_day.items()
            },
            into=event.data.get("merged_into"),
        )
        changed[subject] = after
        held, holds = dict(before.held), dict(after.held)
        for number in held.keys() | holds.keys():
            was, now = held.get(number, frozenset()), holds.get(number, frozenset())
            chunk = number >> CHUNK_BITS
            for fact in now - was:
                moves[f"{fact}/{chunk}"].joining.add(number)
            for fact in was - now:
                moves[f"{fact}/{chunk}"].leaving.add(number)
    return changed, dict(moves)


def attend(
    events: Iterable[Event], sheets: Mapping[str, ProjectedSheet], numbers: Mapping[str, int]
) -> dict[str, ProjectedSheet]:
    """Apply `attendance.*` events that are next in their sessions; the sheets that changed."""
    changed: dict[str, ProjectedSheet] = {}
    for event in events:
        data = event.data
        before = changed.get(event.subject) or sheets.get(event.subject)
        sheet = before or ProjectedSheet(activity_id=data["activity_id"])
        came = BitMap(numbers[row["participant_id"]] for row in data["rows"] if row["present"])
        left = BitMap(numbers[row["participant_id"]] for row in data["rows"] if not row["present"])
        deltas = data.get("scores") or {}
        tests = {number: each for number, each in sheet.tests.items() if number not in left}
        for each in data.get("tests") or ():  # from version 2 of the contract on
            number, test = numbers[each["participant_id"]], (each["pre_score"], each["post_score"])
            if test == (None, None):
                tests.pop(number, None)
            else:
                tests[number] = test
        changed[event.subject] = ProjectedSheet(
            activity_id=sheet.activity_id,
            sequence=event.sequence,
            present=(sheet.present - left) | came,
            scores={name: added(sheet.scores.get(name, 0), deltas.get(name, 0)) for name in SCORES},
            tests=tests,
        )
    return changed


def document(event: Event) -> dict[str, Any]:
    """What reporting keeps of a project, an activity, a concern, a place or a nomination."""
    data = event.data
    kept = {name: data.get(name) for name in _KEPT[record_type_of(event.type)]}
    kept |= {
        "_id": event.subject,
        "version": event.sequence,
        "withdrawn": bool(data.get("withdrawn")),
        "chapter": data.get("chapter"),
    }
    if "place" in kept:
        kept["within"] = places_within(
            kept["place"], data.get("starts_on") or data.get("raised_on")
        )
    if record_type_of(event.type) == "activity":
        kept["sessions"] = [
            {
                "id": each["id"],
                "on": each.get("on"),
                "topics": each.get("topics") or [],
                "place": each.get("place"),
            }
            for each in data.get("sessions") or ()
        ]
        recommendations = (data.get("dialogue") or {}).get("recommendations") or ()
        kept["recommendations"] = [each.get("status") for each in recommendations]
    return kept


DOCUMENTS: Final[Mapping[str, str]] = {
    record_type: name for record_type, name in PROJECTED.items() if name not in (PEOPLE, SESSIONS)
}
"""Record type → collection, of what is kept as a document each; people and sheets are kept as
sets."""

_KEPT: Final[Mapping[str, tuple[str, ...]]] = for_each(
    DOCUMENTS,
    {
        "project": ("title", "starts_on", "ends_on"),
        "activity": (
            "project_id",
            "type",
            "title",
            "status",
            "starts_on",
            "ends_on",
            "place",
            "ecpf",
            "architecture",
            "announced",
            "media",
            "publication",
        ),
        "place": ("parent", "same_as"),
        "concern": ("activity_id", "place", "category", "severity", "status", "raised_on"),
        "nomination": ("participant_id", "activity_id", "project_id", "proposer_group", "status"),
    },
)
