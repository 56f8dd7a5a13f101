"""After the faults: is everything accepted there exactly once, and everything else wholly or not?

Compares the chapters' own ledgers with what plain reads of the databases, the report and the feed
over GraphQL, and a partner's server show. None of the hub's own code or counters is asked.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.e2e.client import Client
from tests.faults.chapters import Chapter
from tests.faults.ledger import Ledger
from tests.receiver import Receiver

PRODUCERS = ("participants", "activities")
CONSUMERS = ("reporting", "activities", "notifications")
FOR_PARTNERS = ("activity", "project", "attendance", "concern")
SHOWN = 5  # of each kind of difference

Db = MongoClient[dict[str, Any]]


@dataclass(slots=True)
class Account:
    """What was found: nothing in `wrong` if all is as it must be."""

    wrong: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def same(self, what: str, expected: Any, found: Any) -> None:
        """Note a difference between two values, sets or dictionaries."""
        if expected == found:
            return
        if isinstance(expected, dict) and isinstance(found, dict):
            keys = [k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k)]
            pairs = [f"{k}: {expected.get(k)} is {found.get(k)}" for k in keys[:SHOWN]]
            self.wrong.append(f"{what}: {len(keys)} differ, {'; '.join(pairs)}")
        elif isinstance(expected, set) and isinstance(found, set):
            for name, some in (("missing", expected - found), ("too many", found - expected)):
                if some:
                    self.wrong.append(f"{what}: {len(some)} {name}, {sorted(some)[:SHOWN]}")
        else:
            self.wrong.append(f"{what}: should be {str(expected)[:300]}, is {str(found)[:300]}")


def settled(client: Db, receiver: Receiver, deadline_s: float = 120.0) -> float:
    """Seconds until every event is published, claimed and delivered.

    Raises: AssertionError: it was not in `deadline_s`; says what is missing.
    """
    began = time.monotonic()
    while True:
        try:
            waiting = _waiting(client, receiver)
        except PyMongoError as error:
            waiting = {"database": type(error).__name__}
        took_s = time.monotonic() - began
        if not waiting:
            return took_s
        assert took_s < deadline_s, f"not settled after {deadline_s:.0f} s: {waiting}"
        time.sleep(0.25)


def account(
    client: Db, url: str, admin_key: str, chapters: Sequence[tuple[Chapter, Client]],
    receiver: Receiver, *, parked: int = 0,
) -> Account:  # fmt: skip
    """Compare. Args: chapters: each with a client of its key, to ask for its report; parked: how
    many rows the test put into the parking lots itself."""
    found = Account()
    ledgers = []
    for chapter, http in chapters:
        ledger = _resolved(client, chapter, found)
        ledgers.append(ledger)
        report = http.figures(("SEX",))
        for name, counted in ledger.figures().items():
            shown = {key[0]: value for key, value in report[name].items()}
            found.same(f"report of {name}", dict(counted), shown)
    whole = Ledger()
    for ledger in ledgers:
        whole.add(ledger)
    _compare_stores(client, whole, found)
    _compare_events(client, whole, found)
    _compare_feed(client, Client(url, admin_key), receiver, found)
    lots = sum(client[name].parked.count_documents({}) for name in CONSUMERS)
    found.same("parked", parked, lots)
    found.counted["people"] = len(whole.people)
    found.counted["activities"] = len(whole.activities)
    found.counted["attendance lines"] = sum(map(len, whole.sheets.values()))
    found.counted["attendance rows accepted"] = whole.rows
    found.counted["pushes in doubt"] = sum(len(chapter.doubts) for chapter, _ in chapters)
    return found


def _waiting(client: Db, receiver: Receiver) -> dict[str, Any]:
    """What is under way: nothing if all has arrived."""
    waiting: dict[str, Any] = {}
    events: dict[str, set[str]] = {name: set() for name in CONSUMERS}
    for producer in PRODUCERS:
        unpublished = client[producer].outbox.count_documents({"published_at": None})
        if unpublished:
            waiting[f"{producer} to publish"] = unpublished
            return waiting
        for row in client[producer].outbox.find({}, {"body": 0}):
            for consumer in readers(row):
                events[consumer].add(row["_id"])
    for consumer, expected in events.items():
        claimed = {row["_id"] for row in _inbox(client, consumer).find({}, {"_id": 1})}
        if missing := expected - claimed:
            waiting[f"{consumer} to apply"] = (len(missing), sorted(missing)[:3])
    head = (client.notifications.counters.find_one({"_id": "feed"}) or {"position": 0})["position"]
    for endpoint in client.notifications.endpoints.find():
        if endpoint["cursor"] < head:
            waiting["webhooks to deliver"] = (head - endpoint["cursor"], endpoint["last_error"])
    return waiting


def readers(row: Mapping[str, Any]) -> Iterator[str]:
    """Who is told of an event by this row: reporting by its latest version, notifications too, but
    of attendance by the first; of how people stand activities alone."""
    record_type, latest = row["type"].partition(".")[0], not row.get("older")
    if record_type == "standing":
        yield "activities"
        return
    if latest:
        yield "reporting"
    first = row.get("schema_version", 1) == 1
    if record_type in FOR_PARTNERS and (first if record_type == "attendance" else latest):
        yield "notifications"


def _inbox(client: Db, consumer: str) -> Any:
    live = client[consumer].settings.find_one({"_id": "live"}) or {}
    return client[consumer][f"{live.get('prefix', '')}inbox"]


def _resolved(client: Db, chapter: Chapter, found: Account) -> Ledger:
    """The chapter's ledger with what is there of its pushes in doubt: each list of a push wholly or
    not at all."""
    whole = Ledger()
    whole.add(chapter.ledger)
    for doubt in chapter.doubts:
        there = Ledger()
        people = _present(client.participants.people, doubt.people)
        activities = _present(client.activities.activities, doubt.activities)
        lines = [f"{s}:{p}" for s, sheet in doubt.sheets.items() for p in sheet]
        rows = _present(client.activities.attendance, lines)
        for what, some, all_ in (
            ("people", people, doubt.people),
            ("activities", activities, doubt.activities),
            ("attendance", rows, lines),
        ):
            if some and len(some) != len(all_):
                found.wrong.append(f"{what} of a push in doubt: {len(some)} of {len(all_)} there")
        there.people = {key: doubt.people[key] for key in people}
        there.activities = {key: doubt.activities[key] for key in activities}
        if rows:
            there.sheets, there.rows = doubt.sheets, doubt.rows
        whole.add(there)
        found.counted["doubts that were stored"] += bool(people or activities or rows)
    return whole


def _present(collection: Any, ids: Iterable[str]) -> set[str]:
    return {row["_id"] for row in collection.find({"_id": {"$in": list(ids)}}, {"_id": 1})}


def _compare_stores(client: Db, whole: Ledger, found: Account) -> None:
    stored: dict[str, Any] = {
        row["_id"]: (row["version"], row["withdrawn"], row["content"]["sex"])
        for row in client.participants.people.find({}, {"version": 1, "withdrawn": 1, "content": 1})
    }
    expected: dict[str, Any] = {
        key: (each.version, each.withdrawn, each.sex) for key, each in whole.people.items()
    }
    found.same("people stored", expected, stored)
    stored = {
        row["_id"]: (
            row["version"], row["withdrawn"],
            row["content"]["status"], row["content"]["announced"]["total"],
        )
        for row in client.activities.activities.find()
    }  # fmt: skip
    expected = {
        key: (each.version, each.withdrawn, each.status, each.announced)
        for key, each in whole.activities.items()
    }
    found.same("activities stored", expected, stored)
    stored = {
        row["_id"]: (row["st"], row.get("pre"))
        for row in client.activities.attendance.find({}, {"st": 1, "pre": 1})
    }
    expected = {
        f"{session}:{person}": (line.status, line.pre)
        for session, sheet in whole.sheets.items()
        for person, line in sheet.items()
    }
    found.same("attendance lines stored", expected, stored)
    stored = {row["_id"]: row["present"] for row in client.activities.sheets.find()}
    expected = {
        session: len(whole.present(session))
        for activity in whole.activities.values()
        for session in activity.sessions
    }
    found.same("totals of sheets", expected, stored)


def _events(client: Db) -> Iterator[dict[str, Any]]:
    for producer in PRODUCERS:
        yield from client[producer].outbox.find()


def _compare_events(client: Db, whole: Ledger, found: Account) -> None:
    """Each version is one event, 1, 2, 3 …; attendance events add up to the sheets; each event was
    claimed once by each consumer, and nothing else was."""
    sequences: defaultdict[str, list[int]] = defaultdict(list)
    present: defaultdict[str, set[str]] = defaultdict(set)
    born: dict[str, int] = {}
    expected: dict[str, set[str]] = {name: set() for name in CONSUMERS}
    rows = sorted(_events(client), key=lambda row: row["sequence"])
    for row in rows:
        record_type = row["type"].partition(".")[0]
        for consumer in readers(row):
            expected[consumer].add(row["_id"])
        if row.get("older") or record_type == "standing":
            continue  # the same event, in the words of version 1, or for activities
        sequences[
            row["subject"] if record_type != "attendance" else f"sheet {row['subject']}"
        ].append(row["sequence"])
        if record_type == "attendance":
            _replay(json.loads(bytes(row["body"]))["data"], present[row["subject"]], found)
        if record_type == "participant":
            born[row["subject"]] = json.loads(bytes(row["body"]))["data"]["birth_year"]
    found.counted["events"] = len(rows)
    known = {key: each.birth_year for key, each in whole.people.items()}
    found.same("what is last told of people", known, born)
    versions = {key: each.version for key, each in (whole.people | whole.activities).items()}
    for sheet in client.activities.sheets.find({"seq": {"$gt": 0}}):
        versions[f"sheet {sheet['_id']}"] = sheet["seq"]
    for project in client.activities.projects.find():
        versions[project["_id"]] = project["version"]
    numbered = {key: list(range(1, last + 1)) for key, last in versions.items()}
    found.same("events by subject", numbered, dict(sequences))
    meant = {session: whole.present(session) for session in whole.sheets}
    replayed = dict(present)
    found.same(
        "attendance events added up",
        {k: v for k, v in meant.items() if v},
        {k: v for k, v in replayed.items() if v},
    )
    for consumer, ids in expected.items():
        claimed = {row["_id"] for row in _inbox(client, consumer).find({}, {"_id": 1})}
        found.same(f"events claimed by {consumer}", ids, claimed)


def _replay(data: dict[str, Any], present: set[str], found: Account) -> None:
    for row in data["rows"]:
        who, came = row["participant_id"], row["present"]
        if (who in present) is came:
            found.wrong.append(f"attendance event says twice that {who} came or left")
        (present.add if came else present.discard)(who)


def _compare_feed(client: Db, operator: Client, receiver: Receiver, found: Account) -> None:
    """The feed has no gap and no double; it lacks only what a later state has superseded; the
    partner's server has all of it, in order, and repetitions are the same bytes."""
    feed = list(client.notifications.feed.find().sort("_id", 1))
    found.same("positions of the feed", list(range(1, len(feed) + 1)), [i["_id"] for i in feed])
    ids = [item["id"] for item in feed]
    found.same("items of the feed that are there twice", len(ids), len(set(ids)))
    shown, _ = operator.feed()
    found.same("feed over GraphQL", ids, [item["id"] for item in shown])
    place = {key: number for number, key in enumerate(ids)}
    latest: dict[str, int] = {}
    missing = []
    for row in (row for row in _events(client) if "notifications" in readers(row)):
        record_type = row["type"].partition(".")[0]
        if record_type not in FOR_PARTNERS:
            continue
        if row["_id"] in place:
            if record_type != "attendance":
                latest[row["subject"]] = max(latest.get(row["subject"], 0), row["sequence"])
        elif record_type != "attendance" or json.loads(bytes(row["body"]))["data"]["rows"]:
            missing.append(row)
    superseded = [
        row for row in missing
        if row["type"].partition(".")[0] != "attendance"
        and latest.get(row["subject"], 0) > row["sequence"]
    ]  # fmt: skip
    found.same("items missing in the feed", 0, len(missing) - len(superseded))
    found.same(
        "items of the feed of no event", set(), set(ids) - {r["_id"] for r in _events(client)}
    )
    found.counted |= Counter({"feed items": len(ids), "superseded in the feed": len(superseded)})

    taken = [each for each in receiver.received if each.genuine]
    first = list(dict.fromkeys(each.id for each in taken))
    found.same("webhooks, in order", ids, first)
    found.same("different bodies under one webhook-id", len(set(ids)),
               len({(each.id, each.body) for each in taken}))  # fmt: skip
    found.counted["webhooks repeated"] = len(taken) - len(first)
