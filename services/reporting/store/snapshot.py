"""Reads of one moment from the projections: documents become what the model counts with."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pyroaring import BitMap

from services.reporting.layout import (
    ACTIVITY_ID,
    ATTRIBUTES,
    BITS,
    CHANGES,
    INTO,
    NUMBER,
    PEOPLE,
    POSITION,
    PRESENT,
    PROJECTED,
    SESSIONS,
    SINCE,
    TESTS,
)
from services.reporting.rules.activities import Activity, Announced, ReportScope, Session
from services.reporting.rules.lives import NOBODY, Life, Lives, end
from services.reporting.rules.projections import DOCUMENTS
from services.reporting.rules.scores import Test
from shared.codes import places
from shared.codes.countries import today
from shared.codes.states import state_on
from shared.store.prefixes import below

PAGE: Final = 10_000  # documents a round trip: a report reads thousands of small ones


class Snapshot:
    """Reads of one moment."""

    def __init__(self, db: Database[dict[str, Any]], prefix: str, session: ClientSession) -> None:
        self._db = db
        self._prefix = prefix
        self._session = session
        self._same = cache(self._same_places)
        self._today = cache(partial(today, at=datetime.now(UTC)))
        """Chapter → its calendar day, the same all through."""
        self.lives, self._into = self._lives()
        """Who has changed in life, or is one with another; of the latter by id."""

    def position(self) -> Mapping[str, Any] | None:
        """The last event applied, and how many were; None before the first."""
        return next(self._find(POSITION, {"_id": "last"}), None)

    def activities(self, scope: ReportScope, *parts: str) -> list[Activity]:
        """Every activity in scope that neither is withdrawn nor its project, whatever its status;
        of a period, those that have a day in it.

        Args: parts: `announced`, `sessions` or parts of them, `ecpf`, `architecture`; left empty
            unless asked for.
        """
        fields = (*_ALWAYS, *parts)
        gone = self._withdrawn("project", {})
        query = _query(scope, self._within(scope))
        if gone:
            query = {"$and": [query, {"project_id": {"$nin": gone}}]}
        rows = self._find(PROJECTED["activity"], query, fields)
        return [_activity(row, self._today(row["chapter"]), self._place) for row in rows]

    def day(self, chapters: Sequence[str] | None) -> str:
        """The calendar day by which states are read that nobody stated: of the chapter, if it is
        one alone, else of UTC."""
        return self._today(chapters[0] if chapters and len(chapters) == 1 else "")

    def sections(self, activity_ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """`media`, `publication` and `recommendations` of these activities."""
        fields = ("media", "publication", "recommendations")
        return self._find(PROJECTED["activity"], {"_id": {"$in": list(activity_ids)}}, fields)

    def titles(self, kind: str, ids: Sequence[str]) -> dict[str, Mapping[str, str]]:
        """The titles of projects or activities, by id and language."""
        found = self._find(DOCUMENTS[kind], {"_id": {"$in": list(ids)}}, ("title",))
        return {row["_id"]: row["title"] or {} for row in found}

    def sheets(self, activity_ids: Sequence[str]) -> dict[str, dict[str, BitMap]]:
        """Who was present, by activity and session, each under their first number; withdrawn people
        are nowhere."""
        gone = self._people_gone()
        found: defaultdict[str, dict[str, BitMap]] = defaultdict(dict)
        query = {ACTIVITY_ID: {"$in": list(activity_ids)}}
        for row in self._find(SESSIONS, query, (ACTIVITY_ID, PRESENT)):
            present = self.lives.people(BitMap.deserialize(row[PRESENT]))
            found[row[ACTIVITY_ID]][row["_id"]] = present - gone
        return found

    def tests(self, activity_ids: Sequence[str]) -> dict[str, dict[str, dict[int, Test]]]:
        """By activity and session, the scores of those present; withdrawn people are nowhere."""
        gone = self._people_gone()
        found: defaultdict[str, dict[str, dict[int, Test]]] = defaultdict(dict)
        query = {ACTIVITY_ID: {"$in": list(activity_ids)}}
        for row in self._find(SESSIONS, query, (ACTIVITY_ID, TESTS)):
            said = self.lives.tests({n: (pre, post) for n, pre, post in row.get(TESTS, ())})
            if scores := {number: test for number, test in said.items() if number not in gone}:
                found[row[ACTIVITY_ID]][row["_id"]] = scores
        return found

    def bits(self, attributes: Iterable[str]) -> dict[str, dict[str, BitMap]]:
        """Of each attribute's values, who has them; only these attributes are read."""
        found: defaultdict[str, dict[str, BitMap]] = defaultdict(dict)
        for attribute in attributes:
            query = {"_id": below(f"{attribute}/")}
            for row in self._find(ATTRIBUTES, query):
                value = row["_id"].split("/")[1]
                members = found[attribute].setdefault(value, BitMap())
                members |= BitMap.deserialize(row[BITS])
        return found

    def concerns(
        self, scope: ReportScope, activity_ids: Sequence[str] | None
    ) -> Iterator[Mapping[str, Any]]:
        """`category`, `severity` and `status` of each concern raised there and then.

        Args: activity_ids: only concerns raised in one of these; None: in any or in none.
        """
        conditions: dict[str, Sequence[str] | None] = {
            "chapter": scope.chapters,
            "within": self._within(scope),
            "activity_id": activity_ids,
        }
        query = _any_of(conditions) | _period("raised_on", scope) | _nothing(scope)
        fields = ("category", "severity", "status")
        return self._find(PROJECTED["concern"], {"withdrawn": False, **query}, fields)

    def nominations(self, scope: ReportScope) -> Iterator[str]:
        """The status of each nomination to a project or an activity in scope, unless one of these
        or the person is withdrawn. Of the standing ones of people who are one, for the same thing,
        one counts: that of the id that was kept, else of the first."""
        query = _any_of({"chapter": scope.chapters}) | _nothing(scope)
        if scope != ReportScope(chapters=scope.chapters):
            activity_ids = [each.id for each in self.activities(scope) if scope.has(each.starts_on)]
            query["$or"] = [
                {"activity_id": {"$in": activity_ids}},
                {"project_id": {"$in": list(scope.project_ids or ())}},
            ]
        projects = self._withdrawn("project", {})
        activities = self._withdrawn("activity", {"project_id": {"$in": projects}})
        gone = {
            "project_id": projects,
            "activity_id": activities,
            "participant_id": self._ids_gone(),
        }
        stands = {name: {"$nin": ids} for name, ids in gone.items() if ids}
        query = {"$and": [{"withdrawn": False, **query}, stands]}
        fields = ("status", *_PROPOSED) if self._into else ("status",)
        found = self._find(PROJECTED["nomination"], query, fields)
        return (row["status"] for row in (self._once(found) if self._into else found))

    def _once(self, nominations: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        counted = set[tuple[str, ...]]()
        for row in sorted(
            nominations, key=lambda row: (row["participant_id"] in self._into, row["_id"])
        ):
            person, *targets = (row[name] for name in _PROPOSED)
            key = (self._into.get(person, person), *map(str, targets))
            if row["status"] == _NOT_STANDING:
                yield row
            elif key not in counted:
                counted.add(key)
                yield row

    def _ids_gone(self) -> list[str]:
        """The ids of withdrawn people, and those that are one with them."""
        numbers = {NUMBER: {"$in": list(self._people_gone())}}
        gone = {row["_id"] for row in self._find(PEOPLE, numbers, ("_id",))}
        merged = {each for each, person in self._into.items() if person in gone}
        return sorted(gone.difference(self._into) | merged)

    def _lives(self) -> tuple[Lives, dict[str, str]]:
        some = {"$or": [{each: {"$exists": True}} for each in (f"{CHANGES}.{NUMBER}", INTO)]}
        rows = list(self._find(PEOPLE, some, (NUMBER, CHANGES, INTO)))
        if not rows:
            return NOBODY, {}
        known = {row["_id"]: row[NUMBER] for row in rows}
        merged = {row["_id"]: row[INTO] for row in rows if INTO in row}
        others = {"_id": {"$in": list(set(merged.values()).difference(known))}}
        known |= {row["_id"]: row[NUMBER] for row in self._find(PEOPLE, others, (NUMBER,))}
        # Whoever another is one with may not have been told of yet.
        into = {each: person for each, person in merged.items() if person in known}
        ends = {each: end(each, into) for each in into}
        lives = (
            Life(
                row[NUMBER],
                [each[SINCE] for each in row[CHANGES]],
                [each[NUMBER] for each in row[CHANGES]],
            )
            for row in rows
            if CHANGES in row
        )
        return Lives.of(lives, {known[each]: known[person] for each, person in ends.items()}), ends

    def _within(self, scope: ReportScope) -> list[str] | None:
        """The countries and the places together: in one of them, by all ids they had, or in what
        turned out to be one of them. What was projected before an id changed keeps the old one
        until the projections are rebuilt."""
        if scope.countries is None and scope.places is None:
            return None
        asked = [*(scope.countries or ()), *(scope.places or ())]
        if any(map(places.may_be_same, asked)):
            asked = places.with_same(asked, self._same())
        return [each for place_id in asked for each in places.spellings(place_id)]

    def _place(self, place_id: str | None) -> str | None:
        """The present id of a place, or of what it turned out to be."""
        if place_id is None:
            return None
        if places.pushed_as(place_id) is None:
            return places.present(place_id)
        return places.settled(place_id, self._same())

    def _same_places(self) -> dict[str, str]:
        """The pushed places that turned out to be another one → that."""
        found = self._find(PROJECTED["place"], {"same_as": {"$gt": ""}}, ("parent", "same_as"))
        return {
            places.pushed_id(each["parent"], each["_id"]): places.present(each["same_as"])
            for each in found
        }

    def _people_gone(self) -> BitMap:
        """The numbers of withdrawn people."""
        gone = BitMap()
        for members in self.bits(["withdrawn"]).get("withdrawn", {}).values():
            gone |= members
        return gone

    def _withdrawn(self, kind: str, or_these: Mapping[str, Any]) -> list[str]:
        """The ids of the withdrawn projects or activities, and of those that `or_these` finds."""
        query: dict[str, Any] = {"withdrawn": True}
        if or_these:
            query = {"$or": [query, dict(or_these)]}
        return [row["_id"] for row in self._find(DOCUMENTS[kind], query, ("_id",))]

    def _find(
        self, name: str, query: Mapping[str, Any], fields: Sequence[str] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        found = self._db[self._prefix + name].find(
            dict(query), fields, session=self._session, batch_size=PAGE
        )
        return iter(found)


_PROPOSED: Final = ("participant_id", "activity_id", "project_id")
_NOT_STANDING: Final = "withdrawn"  # of a nomination
_ALWAYS: Final = ("chapter", "type", "status", "starts_on", "ends_on", "project_id", "place")


def _query(scope: ReportScope, within: Sequence[str] | None) -> dict[str, Any]:
    conditions = {
        "chapter": scope.chapters,
        "project_id": scope.project_ids,
        "_id": scope.activity_ids,
        "type": scope.types,
        "within": within,
    }
    query = {"withdrawn": False, **_any_of(conditions), **_nothing(scope)}
    if scope.until:
        query["starts_on"] = {"$lte": scope.until}
    if scope.since:
        late = [{name: {"$gte": scope.since}} for name in ("ends_on", "starts_on")]
        query["$or"] = [*late, {"ends_on": None}]
    return query


def _any_of(conditions: Mapping[str, Sequence[str] | None]) -> dict[str, Any]:
    """Each field is one of its values; None sets no condition."""
    return {name: {"$in": list(of)} for name, of in conditions.items() if of is not None}


def _nothing(scope: ReportScope) -> dict[str, Any]:
    return {"_id": {"$in": []}} if scope.nothing else {}


def _period(name: str, scope: ReportScope) -> dict[str, Any]:
    bounds = {"$gte": scope.since, "$lte": scope.until}
    given = {bound: day for bound, day in bounds.items() if day}
    return {name: given} if given else {}


def _activity(
    row: Mapping[str, Any], day: str, placed: Callable[[str | None], str | None]
) -> Activity:
    announced = row.get("announced") or {}
    return Activity(
        id=row["_id"],
        chapter=row["chapter"],
        type=row["type"],
        status=state_on(day, row["status"], row["starts_on"]),
        starts_on=row["starts_on"],
        ends_on=row.get("ends_on"),
        project_id=row["project_id"],
        place=placed(row["place"]),
        announced=Announced(
            announced.get("total") or 0,
            tuple((cell, cell["count"]) for cell in announced.get("cells") or ()),
        ),
        sessions=[
            Session(
                each["id"],
                each.get("topics") or (),
                placed(each.get("place")),
                each.get("on"),
            )
            for each in row.get("sessions") or ()
        ],
        ecpf=row.get("ecpf") or (),
        architecture=row.get("architecture") or (),
    )
