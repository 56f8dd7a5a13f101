"""Chapters at work while things break: they push, correct, move and withdraw, and try again.

A chapter does one thing after the other. On a retryable answer, a cut connection or silence it says
the same again with the same ids, that of the push among them, until it is told that it is accepted;
only then is it in its ledger. Some first pushes are given up after a failure: those are in doubt,
and must be wholly there or wholly not.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from shared.ids import new_id
from tests.e2e.client import COUNTS, MOVE, PUSH, PUSH_PROJECTS, WITHDRAW
from tests.faults.ledger import Activity, Ledger, Line, Person
from tests.world import graphql
from tests.world.items import KALANA, NAMPALA

REGISTER = (
    "mutation($items: [ParticipantInput!]!, $pushId: ID) {"
    f" registerParticipants(items: $items, pushId: $pushId) {{ {COUNTS} }} }}"
)
REINSTATE = WITHDRAW.replace("withdrawActivities", "reinstateActivities")
WITHDRAW_PEOPLE = WITHDRAW.replace("withdrawActivities", "withdrawParticipants")
PLACES = (KALANA, NAMPALA, "GH")
TIMEOUT_S = 30.0  # the gateway gives up on a request after 20 s
DEADLINE_S = 180.0  # a push refused for longer is a finding


class NeverAccepted(AssertionError):
    """A push was refused for DEADLINE_S."""


class WronglyRefused(AssertionError):
    """A push that is right was refused for good."""


@dataclass(slots=True)
class Answers:
    """How the hub answered; shared by all chapters of a run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, outcome: str, took_s: float) -> None:
        with self.lock:
            self.outcomes[outcome] += 1
            self.slowest_s = max(self.slowest_s, took_s)


class Chapter:
    """One chapter's client, its ledger, and what it does next."""

    def __init__(
        self,
        url: str,
        key: str,
        seed: int,
        answers: Answers | None = None,
        *,
        people: int = 300,
        sheet: tuple[int, int] = (20, 60),
        gives_up: float = 0.0,
    ) -> None:
        self.headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
        self._http = httpx.Client(
            base_url=url, headers=self.headers, timeout=TIMEOUT_S, trust_env=False
        )
        self.random = random.Random(seed)
        self.answers = answers or Answers()
        self.ledger = Ledger()
        self.doubts: list[Ledger] = []
        self.project = new_id()
        self._people, self._sheet, self._gives_up = people, sheet, gives_up
        self._score = 0
        self.attempts = 0

    def begin(self) -> None:
        """A project, the first people, and activities to hold."""
        self.say(PUSH_PROJECTS, {"items": [graphql.project(id=self.project)]}, Ledger())
        for _ in range(0, self._people, 100):
            self.register(min(100, self._people))
        for _ in range(3):
            self.hold()

    def step(self) -> None:
        """Do one thing, by chance."""
        deeds: dict[Callable[[], object], int] = {
            self.attend: 60,
            self.hold: 8,
            self.all_at_once: 8,
            self.correct_lines: 8,
            self.correct_activity: 4,
            self.correct_people: 4,
            self.move: 4,
            self.withdraw_or_reinstate: 3,
            self.withdraw_people: 1,
            lambda: self.register(20): 3,
        }
        self.random.choices(list(deeds), list(deeds.values()))[0]()

    # What chapters do

    def register(self, count: int) -> None:
        items, made = self._new_people(count)
        self.say(REGISTER, {"items": items}, made, new=True)

    def hold(self) -> None:
        items, made = self._new_activities(self.random.randint(1, 3))
        self.say(PUSH, {"input": {"activities": items}}, made, new=True)

    def attend(self) -> None:
        """People who are not on a sheet yet enter it, and some who are say the same again."""
        session = self._a_session()
        count = self.random.randint(*self._sheet)
        people = self.random.sample(self._known_people(), count)
        sheet = self.ledger.sheets.get(session, {})
        made = Ledger()
        rows = []
        for person in people:
            line = sheet.get(person) or Line(self.random.choices(("present", "absent"), (9, 1))[0])
            if line.status != "removed":
                made.sheets[session][person] = line
                rows.append(_row(person, line))
        made.rows = len(rows)
        wanted = {"attendance": [{"sessionId": session, "rows": rows}]}
        self.say(PUSH, {"input": wanted}, made)

    def all_at_once(self, count: int = 10) -> str:
        """New people in a new activity, with their attendance, in one push; the activity's id."""
        people, made = self._new_people(count)
        activities, held = self._new_activities(1)
        made.add(held)
        ((key, activity),) = held.activities.items()
        for session in activity.sessions:
            made.sheets[session] = {person["id"]: Line("present") for person in people}
        made.rows = count * len(activity.sessions)
        sheets = [
            {"sessionId": session, "rows": [_row(p, line) for p, line in sheet.items()]}
            for session, sheet in made.sheets.items()
        ]
        wanted = {"participants": people, "activities": activities, "attendance": sheets}
        self.say(PUSH, {"input": wanted}, made, new=True)
        return key

    def correct_lines(self) -> None:
        """Present becomes absent and the other way round; some rows are removed."""
        session = self._a_session()
        sheet = self.ledger.sheets.get(session, {})
        standing = [person for person, line in sheet.items() if line.status != "removed"]
        chosen = self.random.sample(standing, min(15, len(standing)))
        chosen = [each for each in chosen if not self.ledger.people[each].withdrawn]
        if not chosen:
            return
        made = Ledger()
        for person in chosen:
            before = sheet[person]
            self._score = self._score % 100 + 1
            status = {"present": "absent", "absent": "present"}[before.status]
            gone = self.random.random() < 0.1
            made.sheets[session][person] = (
                replace(before, status="removed") if gone else Line(status, self._score)
            )
        made.rows = len(chosen)
        rows = [_row(person, line) for person, line in made.sheets[session].items()]
        self.say(PUSH, {"input": {"attendance": [{"sessionId": session, "rows": rows}]}}, made)

    def correct_activity(self) -> None:
        activity = self._an_activity()
        now = self.ledger.activities[activity]
        made = self.ledger.corrected(activity, announced=now.announced + 1)
        item = {"id": activity, "announced": {"total": now.announced + 1}}
        self.say(PUSH, {"input": {"activities": [item]}}, made)

    def correct_people(self) -> None:
        made = Ledger()
        items = []
        for person in self.random.sample(self._known_people(), 10):
            now = self.ledger.people[person]
            after = Person(
                "male" if now.sex == "female" else "female", now.birth_year - 1, now.version + 1
            )
            made.people[person] = after
            items.append({"id": person, "sex": after.sex, "birthYear": after.birth_year})
        self.say(REGISTER, {"items": items}, made)

    def move(self) -> None:
        """People were entered at the wrong session."""
        source, target = self._a_session(), self._a_session()
        here = self.ledger.sheets.get(source, {})
        there = self.ledger.sheets.get(target, {})
        movable = [
            person
            for person, line in here.items()
            if line.status != "removed" and person not in there
        ]
        people = self.random.sample(movable, min(5, len(movable)))
        if source == target or not people:
            return
        made = Ledger()
        for person in people:
            made.sheets[source][person] = replace(here[person], status="removed")
            made.sheets[target][person] = here[person]
        self.say(MOVE, {"from": source, "to": target, "who": people}, made)

    def withdraw_or_reinstate(self) -> None:
        activity = self.random.choice(list(self.ledger.activities))
        now = self.ledger.activities[activity]
        made = self.ledger.corrected(activity, withdrawn=not now.withdrawn)
        item = {"id": activity, "reason": "a mistake", "expectedVersion": now.version}
        self.say(REINSTATE if now.withdrawn else WITHDRAW, {"items": [item]}, made)

    def withdraw_people(self) -> None:
        (person,) = self.random.sample(self._known_people(), 1)
        now = self.ledger.people[person]
        made = Ledger(people={person: replace(now, version=now.version + 1, withdrawn=True)})
        item = {"id": person, "reason": "asked for it", "expectedVersion": now.version}
        self.say(WITHDRAW_PEOPLE, {"items": [item]}, made)

    # How they say it

    def say(
        self, document: str, variables: Mapping[str, Any], made: Ledger, *, new: bool = False
    ) -> None:
        """Say it until it is accepted; then, and only then, it is in the ledger."""
        variables = _one_push(variables)
        end = time.monotonic() + DEADLINE_S
        while (wait_s := self.attempt(document, variables)) is not None:
            if new and self.random.random() < self._gives_up:
                self.doubts.append(made)
                return
            if time.monotonic() > end:
                raise NeverAccepted(document[:60])
            time.sleep(wait_s)
        self.ledger.add(made)

    def attempt(self, document: str, variables: Mapping[str, Any]) -> float | None:
        """None if accepted, else the seconds to wait before the same again.

        Raises: WronglyRefused.
        """
        self.attempts += 1
        began = time.monotonic()
        outcome = "cut"
        try:
            response = self.post(document, variables)
            outcome = str(response.status_code)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            outcome = type(error).__name__ if outcome == "cut" else outcome
            return 0.2
        finally:
            self.answers.note(outcome, time.monotonic() - began)
        errors = answer.get("errors")
        if errors:
            if all(each["extensions"]["retryable"] for each in errors):
                with self.answers.lock:
                    self.answers.outcomes[errors[0]["extensions"]["code"]] += 1
                return min(float(response.headers.get("retry-after", 0.5)), 1.0)
            raise WronglyRefused(str(errors)[:500])
        (result,) = answer["data"].values()
        parts = [result] if "receipts" in result else [part for part in result.values() if part]
        refused = [r for part in parts for r in part["receipts"] if r["status"] == "REJECTED"]
        if refused:
            raise WronglyRefused(f"{document[:60]} {str(refused)[:500]}")
        return None

    def post(self, document: str, variables: Mapping[str, Any]) -> httpx.Response:
        """Say it once. Raises httpx.HTTPError: cut, or no answer in time."""
        body = {"query": document, "variables": dict(variables)}
        return self._http.post("/graphql", json=body)

    # What they speak of

    def _new_people(self, count: int) -> tuple[list[dict[str, Any]], Ledger]:
        made = Ledger()
        items = []
        for _ in range(count):
            person, key = Person(self.random.choice(("female", "male")), 1990), new_id()
            made.people[key] = person
            items.append(
                graphql.person(
                    id=key,
                    familyName=f"Test {key[-6:]}",
                    sex=person.sex,
                    birthYear=person.birth_year,
                )
            )
        return items, made

    def _new_activities(self, count: int) -> tuple[list[dict[str, Any]], Ledger]:
        made = Ledger()
        items = []
        for _ in range(count):
            sessions = tuple(new_id() for _ in range(self.random.randint(1, 3)))
            status = self.random.choices(("held", "planned"), (9, 1))[0]
            activity, key = Activity(sessions, self.random.randint(0, 60), status), new_id()
            made.activities[key] = activity
            items.append(
                graphql.activity(
                    self.project,
                    id=key,
                    status=status,
                    place=self.random.choice(PLACES),
                    announced={"total": activity.announced},
                    sessions=[graphql.session(id=each) for each in sessions],
                )
            )
        return items, made

    def _known_people(self) -> list[str]:
        return [key for key, person in self.ledger.people.items() if not person.withdrawn]

    def _an_activity(self) -> str:
        return self.random.choice(
            [key for key, each in self.ledger.activities.items() if not each.withdrawn]
        )

    def _a_session(self) -> str:
        return self.random.choice(self.ledger.activities[self._an_activity()].sessions)


def _one_push(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the id by which the hub knows each further attempt as the same push."""
    if "input" in variables:
        return {"input": {**variables["input"], "pushId": new_id()}}
    return {**variables, "pushId": new_id()}


def _row(person: str, line: Line) -> dict[str, Any]:
    score = {} if line.pre is None else {"preScore": line.pre}
    return {"participantId": person, "status": line.status, **score}
