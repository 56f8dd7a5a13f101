"""What changes in life counts by the day, and people who are one count once: against a count by
loops over what the producers told."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from shared.codes import age_band
from shared.events import Event
from tests.integration.services.reporting.rebuild_world import (
    Logs,
    apply_live,
    figures,
    rebuild,
)
from tests.integration.services.reporting.reporting_world import ask, question, totals
from tests.world.events import PROJECT, Told
from tests.world.items import ids

GROUPS = ("youth", "media", "womens_group")
PLACES = (None, "ML.SIK", "ML.SEG")
DAYS = ("2020-05-01", "2021-03-01", "2021-09-15", "2022-02-01")
Keys = tuple[str, ...]


def whole(groups: Sequence[str], disability: str | None, place: str | None) -> dict[str, Any]:
    return {"groups": list(groups), "disability": disability, "place": place}


def history(before: dict[str, Any], **since: dict[str, Any]) -> list[dict[str, Any]]:
    """Args: since: `d2021_03_01={…}`."""
    days = {day[1:].replace("_", "-"): told for day, told in since.items()}
    return [{"since": None, **before}, *({"since": d, **t} for d, t in sorted(days.items()))]


def cells(store: ReportingStore, figure: str, *by: str, **asked: Any) -> dict[str, int]:
    found = ask(store, by=list(by), **asked)["figures"][figure]["cells"]
    return {"/".join(each["keys"].values()): each["value"] for each in found}


YOUNG, PRESS = whole(["youth"], "without", "ML.SIK"), whole(["media"], "with", "ML.SEG")


def test_a_group_that_changes_in_2026_leaves_the_report_of_2021_as_it_was(
    store: ReportingStore, told: Told
) -> None:
    awa, sali, then, now = ids(4)
    project(
        [
            *(told.person(each, **YOUNG) for each in (awa, sali)),
            told.activity(then, starts_on="2021-06-01"),
            told.activity(now, starts_on="2026-06-01"),
            *(told.sheet(each, each, came=[awa, sali]) for each in (then, now)),
        ],
        store,
    )
    asked: dict[str, Any] = {
        "filter": {"to": "2021-12-31"},
        "by": ["group", "sex"],
        "with_shares": True,
    }
    before = ask(store, **asked)["figures"]
    changed = history(YOUNG, d2026_03_01=PRESS)
    project([told.person(awa, "participant.corrected", **PRESS, history=changed)], store)
    assert ask(store, **asked)["figures"] == before
    assert cells(store, "person_sessions", "group") == {"youth": 3, "media": 1}
    assert cells(store, "unique_per_activity", "group") == {"youth": 3, "media": 1}
    assert cells(store, "unique_people", "group") == {"youth": 1, "media": 1}
    assert cells(store, "unique_people", "disability") == {"with": 1, "without": 1}
    assert cells(store, "unique_people", "residence") == {"ML.SEG": 1, "ML.SIK": 1}
    assert totals(store)["unique_people"] == 2
    rows = ask(store, by=["group"], rows_by="year")["rows"]
    assert [row["figures"]["unique_people"]["total"] for row in rows] == [2, 2]


def test_an_activity_over_the_day_of_a_change_has_the_person_once_and_both_of_their_sessions(
    store: ReportingStore, told: Told
) -> None:
    awa, training, second = ids(3)
    sessions = [{"id": training}, {"id": second, "on": "2021-06-02"}]
    changed = history(YOUNG, d2021_06_02=PRESS)
    project(
        [
            told.person(awa, **PRESS, history=changed),
            told.activity(training, sessions=sessions, ends_on="2021-06-02"),
            *(told.sheet(each, training, came=[awa]) for each in (training, second)),
        ],
        store,
    )
    assert totals(store) == {
        "announced": 0,
        "person_sessions": 2,
        "unique_per_activity": 1,
        "unique_people": 1,
    }
    assert cells(store, "person_sessions", "group") == {"youth": 1, "media": 1}
    assert cells(store, "unique_per_activity", "group") == {"media": 1}
    asked = {"filter": {"to": "2021-06-01"}}
    assert cells(store, "unique_per_activity", "group", **asked) == {"youth": 1}


@dataclass
class People:
    """What the producers know: by id what was true from when on, and who is one with whom."""

    told: Told
    rng: random.Random
    born: dict[str, int | None] = field(default_factory=dict)
    lives: dict[str, dict[str | None, dict[str, Any]]] = field(default_factory=dict)
    into: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def some(self) -> dict[str, Any]:
        rng = self.rng
        groups = rng.sample(GROUPS, rng.randint(0, 2))
        return whole(groups, rng.choice([None, "with", "without"]), rng.choice(PLACES))

    def event(self, person: str, step: str) -> Event:
        life = self.lives[person]
        days = sorted(day for day in life if day)
        state = life[days[-1] if days else None]
        changed = [{"since": day, **life[day]} for day in (None, *days)] if days else []
        return self.told.person(
            person,
            f"participant.{step}",
            birth_year=self.born[person],
            **state,
            **({"history": changed} if changed else {}),
            **({"merged_into": self.into[person]} if person in self.into else {}),
            **({"withdrawn": True} if person in self.gone else {}),
        )

    def step(self) -> Iterator[Event]:
        """Something happens to somebody."""
        person = self.rng.choice(list(self.lives))
        life = self.lives[person]
        match self.rng.choice(["since", "since", "correct", "take back", "gone", "merge", "part"]):
            case "since":
                life[self.rng.choice(DAYS)] = self.some()
            case "correct":
                self.lives[person] = {None: self.some()}
            case "take back":
                life.pop(self.rng.choice(DAYS), None)
            case "gone":
                self.gone ^= {person}
                yield self.event(person, "withdrawn" if person in self.gone else "reinstated")
                return
            case "merge":
                other = self.rng.choice(list(self.lives))
                if person == other or person in self.into or other in self.into:
                    return
                for loser in [person, *(x for x, into in self.into.items() if into == person)]:
                    self.into[loser] = other
                    yield self.event(loser, "corrected")
                return
            case "part":
                self.into.pop(person, None)
        yield self.event(person, "corrected")

    def who(self, said: str) -> str | None:
        person = self.into.get(said, said)
        return None if person in self.gone else person

    def true(self, person: str, day: str) -> dict[str, Any]:
        life = self.lives[person]
        return life[max((each for each in life if each and each <= day), default=None)]


@dataclass
class Activity:
    year: int
    days: dict[str, str]
    came: dict[str, set[str]]


def keys(people: People, person: str, day: str, year: int, by: Sequence[str]) -> list[Keys]:
    true, born = people.true(person, day), people.born[person]
    groups = true["groups"] or ["unknown"]
    each_way = {
        "age_band": [age_band(born, year)],
        "group": groups[:1],
        "group_any": groups,
        "disability": [true["disability"] or "unknown"],
        "residence": [true["place"] or "unknown"],
    }
    return list(product(*(each_way[each] for each in by)))


def naively(
    people: People, activities: Sequence[Activity], by: Sequence[str], since: str, until: str
) -> dict[str, Counter[Keys]]:
    """The three figures of people, counted with nothing but loops."""
    found = {
        name: Counter[Keys]()
        for name in ("person_sessions", "unique_per_activity", "unique_people")
    }
    last: dict[str, tuple[str, int]] = {}
    for activity in activities:
        here: dict[str, str] = {}
        for session, day in activity.days.items():
            if not since <= day <= until:
                continue
            for person in {people.who(said) for said in activity.came[session]} - {None}:
                assert person is not None
                found["person_sessions"].update(keys(people, person, day, activity.year, by))
                here[person] = max(day, here.get(person, ""))
        for person, day in here.items():
            found["unique_per_activity"].update(keys(people, person, day, activity.year, by))
            known_day, known_year = last.get(person, ("", 0))
            last[person] = max(day, known_day), max(activity.year, known_year)
    for person, (day, year) in last.items():
        found["unique_people"].update(keys(people, person, day, year, by))
    return found


def activities_of(rng: random.Random, told: Told, people: Sequence[str]) -> Iterator[Any]:
    """Activities of up to three days, with their events."""
    for start, end in (("2020-04-30", "2020-05-01"), ("2020-12-31", "2021-03-02"),
                       ("2021-09-14", "2021-09-15"), ("2022-02-01", "2022-02-01")):  # fmt: skip
        first, second = ids(2)
        days = {first: start, second: end}
        sessions = [{"id": each, "on": day} for each, day in days.items()]
        came = {each: set(rng.sample(people, rng.randint(0, len(people)))) for each in days}
        told_so = [
            told.activity(first, starts_on=start, ends_on=end, sessions=sessions),
            *(told.sheet(each, first, came=sorted(came[each])) for each in days if came[each]),
        ]
        yield Activity(int(start[:4]), days, came), told_so


@pytest.mark.parametrize("seed", range(12))
def test_whatever_changes_in_lives_figures_are_those_of_a_count_by_hand(
    store: ReportingStore, told: Told, seed: int
) -> None:
    rng = random.Random(seed)
    everyone = ids(7)
    people = People(told, rng)
    for each in everyone:
        people.born[each] = rng.choice([None, 1985, 1986, 2003])
        people.lives[each] = {None: people.some()}
    made = list(activities_of(rng, told, everyone))
    activities = [activity for activity, _ in made]
    events = [people.event(each, "registered") for each in everyone]
    project([*events, *(event for _, some in made for event in some)], store)
    dimensions = ("age_band", "group", "group_any", "disability", "residence")
    for _ in range(12):
        project([event for _ in range(rng.randint(1, 4)) for event in people.step()], store)
        by = rng.sample(dimensions, rng.randint(1, 2))
        since, until = rng.choice([("2020-01-01", "2022-12-31"), ("2020-05-01", "2021-09-14"),
                                   ("2021-01-01", "2021-12-31")])  # fmt: skip
        asked: dict[str, Any] = {"filter": {"from": since, "to": until}, "rows_by": "year"}
        answer = ask(store, by=by, **asked)
        parts = [(answer["figures"], since, until)]
        for row in answer["rows"]:
            year = row["key"]
            parts.append((row["figures"], max(since, f"{year}-01-01"), min(until, f"{year}-12-31")))
        for four, first, last in parts:
            for name, expected in naively(people, activities, by, first, last).items():
                seen = {tuple(c["keys"].values()): c["value"] for c in four[name]["cells"]}
                assert seen == dict(expected), (name, by, first, last)
                if "group_any" not in by:
                    assert four[name]["total"] == expected.total()


def test_a_rebuild_counts_lives_and_people_who_are_one_as_before(
    store: ReportingStore, logs: Logs, told: Told
) -> None:
    rng = random.Random(1)
    everyone = ids(7)
    people = People(told, rng)
    for each in everyone:
        people.born[each] = rng.choice([None, 1985, 2003])
        people.lives[each] = {None: people.some()}
    events = [people.event(each, "registered") for each in everyone]
    events += [event for _, some in activities_of(rng, told, everyone) for event in some]
    events += [event for _ in range(60) for event in people.step()]
    logs.write(events)
    apply_live(store, events)
    assert store.db["people"].count_documents({"changes": {"$exists": True}})
    assert store.db["people"].count_documents({"into": {"$exists": True}})
    before = figures(store)
    outcome = rebuild(store.db, logs)
    assert (outcome.swapped, outcome.differences, outcome.failed) == (True, [], {})
    assert figures(store) == before


def test_people_who_are_one_count_once_on_a_sheet_and_part_again(
    store: ReportingStore, told: Told
) -> None:
    awa, double, sali, training, second = ids(5)
    sessions = [{"id": training}, {"id": second, "on": "2021-06-02"}]
    key = [told.nomination(ids(1)[0], participant_id=each, project_id=PROJECT)
           for each in (awa, double)]  # fmt: skip
    project(
        [
            *(told.person(each) for each in (awa, double, sali)),
            told.activity(training, sessions=sessions, ends_on="2021-06-02"),
            told.sheet(training, training, came=[awa, double, sali], tests={double: (40, None)}),
            told.sheet(second, training, came=[double], tests={awa: (None, 80)}),
            *key,
        ],
        store,
    )
    apart = {"person_sessions": 4, "unique_per_activity": 3, "unique_people": 3, "announced": 0}
    assert totals(store) == apart
    project([told.person(double, "participant.corrected", merged_into=awa)], store)
    one = {"person_sessions": 3, "unique_per_activity": 2, "unique_people": 2, "announced": 0}
    assert totals(store) == one
    outputs = question("outputs", store)
    assert (outputs["tests"]["n"], outputs["tests"]["gain_mean"]) == (1, 40.0)
    assert {row["status"]: row["count"] for row in outputs["nominations"] if row["count"]} == {
        "proposed": 1
    }
    [covered] = [r for r in question("coverage", store, of="type")["rows"] if r["activities"]]
    assert (covered["person_sessions"], covered["unique_people"]) == (3, 2)
    # The one who was kept decides whether they count.
    project([told.person(double, "participant.withdrawn", merged_into=awa)], store)
    assert totals(store) == one
    project([told.person(awa, "participant.withdrawn")], store)
    assert totals(store)["person_sessions"] == 1
    assert not any(row["count"] for row in question("outputs", store)["nominations"])
    project([told.person(awa, "participant.reinstated")], store)
    project([told.person(double, "participant.reinstated")], store)
    assert totals(store) == apart
