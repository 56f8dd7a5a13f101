"""Whatever is pushed, corrected, moved, withdrawn and told again, and in whatever order events
arrive at whichever replica: the figures are those of a model that knows none of this.

The services' own handlers and stores run here, several of each side by side, on a real database;
the test is the broker, and a bad one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pymongo import MongoClient

from services.activities.handlers import attendance, moving, standings
from services.activities.handlers import records as programme
from services.notifications.handlers import feed as partners
from services.participants.handlers import people as register
from services.reporting import schemas
from services.reporting.handlers import projecting
from services.reporting.handlers import reports as reporting
from shared.events import Event
from shared.ids import new_id
from tests.faults.accounting import CONSUMERS, readers
from tests.faults.ledger import UNSTATED, Activity, Ledger, Line, Person
from tests.faults.model_world import REPLICAS, Hub, opened
from tests.world import items

MALI = {"role": "chapter", "chapter": "ML", "key_id": "key-of-mali"}
FIGURES = {
    "announced": "announced",
    "personSessions": "person_sessions",
    "uniquePerActivity": "unique_per_activity",
    "uniquePeople": "unique_people",
}
chances = st.randoms(use_true_random=False)
replicas = st.integers(0, REPLICAS - 1)

Command = Callable[[int], Any]
"""Say something to the replica of this number; the answer of its service."""


def request(*items: Mapping[str, Any], kind: str = "activity") -> dict[str, Any]:
    """A push, which is the same whenever it is sent again."""
    pushed = {"caller": MALI, "items": list(items), "push_id": new_id()}
    return {"kind": kind, "pushes": [pushed]}


class Programme(RuleBasedStateMachine):
    """One project; `hub` is set by the test."""

    hub: Hub

    people = Bundle("people")
    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.project = new_id()
        self.ledger = Ledger()
        self.session_of: dict[str, str] = {}
        # All events so far, as each consumer is told of them, in no particular order.
        self.told: dict[str, list[Event]] = {name: [] for name in CONSUMERS}
        self.waiting: dict[str, dict[str, Event]] = {name: {} for name in CONSUMERS}
        self.said: list[Command] = []

    @initialize()
    def begin(self) -> None:
        push = request(items.project(id=self.project), kind="project")
        self.say(lambda n: programme.push(push, self.hub.activities[n]), 0)

    # What a chapter says

    @rule(
        target=people, sex=st.sampled_from(["female", "male"]), at=replicas, many=st.integers(1, 4)
    )
    def meet(self, sex: str, at: int, many: int) -> Any:
        people = {new_id(): Person(sex, 1990) for _ in range(many)}
        push = request(*(items.person(id=key, sex=sex, birth_year=1990) for key in people))
        self.say(lambda n: register.register(push, self.hub.participants[n]), at)
        self.ledger.people |= people
        return multiple(*people)

    @rule(
        person=people,
        sex=st.sampled_from(["female", "male"]),
        birth_year=st.sampled_from([1990, 1991]),
        at=replicas,
    )
    def correct_person(self, person: str, sex: str, birth_year: int, at: int) -> None:
        """To something new, or back to what it was."""
        now = self.ledger.people[person]
        if now.withdrawn:
            return
        push = request({"id": person, "sex": sex, "birth_year": birth_year})
        self.say(lambda n: register.register(push, self.hub.participants[n]), at)
        if (sex, birth_year) != (now.sex, now.birth_year):
            self.ledger.people[person] = Person(sex, birth_year, now.version + 1)

    @rule(person=people, at=replicas)
    def withdraw_or_reinstate_person(self, person: str, at: int) -> None:
        now = self.ledger.people[person]
        use = register.reinstate if now.withdrawn else register.withdraw
        push = request({"id": person, "reason": "asked for it"})
        self.say(lambda n: use(push, self.hub.participants[n]), at)
        after = replace(now, withdrawn=not now.withdrawn, version=now.version + 1)
        self.ledger.people[person] = after

    @rule(
        target=sessions,
        count=st.integers(1, 3),
        announced=st.integers(0, 50),
        status=st.sampled_from(["held", UNSTATED, "planned"]),
        at=replicas,
    )
    def hold(self, count: int, announced: int, status: str, at: int) -> Any:
        key, sessions = new_id(), tuple(new_id() for _ in range(count))
        item = items.activity(
            self.project,
            id=key,
            status=None if status == UNSTATED else status,
            announced={"total": announced},
            sessions=[items.session(id=each) for each in sessions],
        )
        self.push_activity(item, at)
        self.ledger.activities[key] = Activity(sessions, announced, status)
        self.session_of |= dict.fromkeys(sessions, key)
        return multiple(*sessions)

    @rule(
        session=sessions,
        announced=st.integers(0, 3),
        status=st.sampled_from(["held", "planned", "cancelled", UNSTATED]),
        at=replicas,
    )
    def correct_activity(self, session: str, announced: int, status: str, at: int) -> None:
        """To something new, or back to what it was; also where it stands."""
        key = self.session_of[session]
        now = self.ledger.activities[key]
        if now.withdrawn:
            return
        state = {"clear": ["status"]} if status == UNSTATED else {"status": status}
        self.push_activity({"id": key, "announced": {"total": announced}, **state}, at)
        if (announced, status) != (now.announced, now.status):
            self.ledger.add(self.ledger.corrected(key, announced=announced, status=status))

    @rule(session=sessions, at=replicas)
    def withdraw_or_reinstate(self, session: str, at: int) -> None:
        key = self.session_of[session]
        now = self.ledger.activities[key]
        use = programme.reinstate if now.withdrawn else programme.withdraw
        push = request({"id": key, "reason": "a mistake", "expected_version": now.version})
        self.say(lambda n: use(push, self.hub.activities[n]), at)
        self.ledger.add(self.ledger.corrected(key, withdrawn=not now.withdrawn))

    @rule(
        session=sessions,
        crowd=st.lists(people, min_size=1, max_size=6, unique=True),
        status=st.sampled_from(["present", None, "absent", "removed"]),
        score=st.sampled_from([None, 1, 2]),
        at=replicas,
    )
    def attend(
        self, session: str, crowd: Sequence[str], status: str | None, score: int | None, at: int
    ) -> None:
        """To something new, or back to what it was; whoever was taken off may come back."""
        if self.ledger.activities[self.session_of[session]].withdrawn:
            return
        sheet = self.ledger.sheets[session]
        rows = []
        for person in crowd:
            before = sheet.get(person)
            rows.append({"participant_id": person, "status": status, "pre_score": score})
            if before is not None:
                kept = "present" if before.status == "removed" else before.status
                sheet[person] = Line(status or kept, before.pre if score is None else score)
            elif status != "removed":
                sheet[person] = Line(status or "present", score)
        push = request({"session_id": session, "rows": rows})
        self.say(lambda n: attendance.record(push, self.hub.activities[n]), at)

    @rule(source=sessions, goal=sessions, at=replicas)
    def move(self, source: str, goal: str, at: int) -> None:
        here, there = self.ledger.sheets[source], self.ledger.sheets[goal]
        both = (self.ledger.activities[self.session_of[each]] for each in (source, goal))
        crowd = [p for p, line in here.items() if line.status != "removed" and p not in there][:3]
        if source == goal or not crowd or any(each.withdrawn for each in both):
            return
        asked = {
            "caller": MALI, "from_session": source, "to_session": goal, "participant_ids": crowd,
            "push_id": new_id(),
        }  # fmt: skip
        self.say(lambda n: moving.move(asked, self.hub.activities[n]), at)
        for person in crowd:
            there[person], here[person] = here[person], replace(here[person], status="removed")

    @precondition(lambda self: self.said)
    @rule(chance=chances, at=replicas, times=st.integers(1, 2), late=st.booleans())
    def say_it_again(self, chance: random.Random, at: int, times: int, late: bool) -> None:
        """The answer was lost on the way and the chapter is impatient, or was away for long."""
        command = chance.choice(self.said) if late else self.said[-1]
        with ThreadPoolExecutor(times) as pool:
            again = [pool.submit(command, (at + n) % REPLICAS) for n in range(times)]
        for each in again:
            assert all(receipt["status"] == "UNCHANGED" for receipt in receipts(each.result()))

    # What the broker does

    @rule(chance=chances, at=replicas, share=st.sampled_from([0.3, 0.7, 1.0]))
    def deliver(self, chance: random.Random, at: int, share: float) -> None:
        """Some of what waits, and some of what came before, in any order."""
        self.collect()
        for consumer in self.waiting:
            waiting = self.waiting[consumer]
            batch = [event for event in waiting.values() if chance.random() < share]
            batch += chance.sample(self.told[consumer], min(3, len(self.told[consumer])))
            chance.shuffle(batch)
            self.hand_over(consumer, batch, at)

    @rule(chance=chances)
    def two_replicas_get_the_same(self, chance: random.Random) -> None:
        """As when the broker takes a consumer for dead that is not."""
        self.collect()
        for consumer in self.waiting:
            batch = list(self.waiting[consumer].values())
            with ThreadPoolExecutor(2) as pool:
                for at in range(2):
                    pool.submit(self.hand_over, consumer, batch, at)

    @rule(at=replicas)
    def all_arrives(self, at: int) -> None:
        """Then the figures are the model's, whichever replica is asked."""
        for _ in range(2):  # what activities hears of people, it tells on
            self.collect()
            for consumer, waiting in self.waiting.items():
                before = None
                while waiting and before != len(waiting):
                    before = len(waiting)
                    self.hand_over(consumer, list(waiting.values()), at)
                assert not waiting, f"{consumer} never takes {list(waiting.values())}"
        asked = schemas.report_question(
            {"caller": MALI, "filter": {"project_ids": [self.project]}, "by": ["sex"]}
        )
        sheets = {each["_id"]: each for each in self.hub.activities[at].sheets.collection.find()}
        for session in self.session_of:
            assert sheets[session]["present"] == len(self.ledger.present(session))
        figures = reporting.report(asked, self.hub.reporting[at])["figures"]
        for name, expected in self.ledger.figures().items():
            cells = figures[FIGURES[name]]["cells"]
            assert {cell["keys"]["sex"]: cell["value"] for cell in cells} == expected, name

    def teardown(self) -> None:
        self.all_arrives(0)
        heard = self.told["notifications"]
        subjects = {event.subject: event for event in heard}
        found = self.hub.notifications[0].feed.find({"subject": {"$in": list(subjects)}})
        items = list(found.sort("_id", 1))
        assert len({item["id"] for item in items}) == len(items)
        sheets = {
            event.id for event in heard
            if event.type.startswith("attendance.") and event.data["rows"]
        }  # fmt: skip
        assert sheets <= {item["id"] for item in items}
        last = {item["subject"]: item["id"] for item in items}
        totals = {
            item["subject"]: item["data"]["present_total"]
            for item in items
            if item["type"].startswith("attendance.")
        }
        for session in self.session_of:
            assert totals.get(session, 0) == len(self.ledger.present(session))
        for activity, now in self.ledger.activities.items():
            (newest,) = (e for e in heard if e.subject == activity and e.sequence == now.version
                         and e.type.startswith("activity."))  # fmt: skip
            assert last[activity] == newest.id

    # How

    def push_activity(self, item: Mapping[str, Any], at: int) -> None:
        push = request(item)
        self.say(lambda n: programme.push(push, self.hub.activities[n]), at)

    def say(self, command: Command, at: int) -> None:
        told = receipts(command(at))
        assert all(receipt["status"] != "REJECTED" for receipt in told), told
        self.said.append(command)

    def collect(self) -> None:
        """Take what the relays would publish."""
        for store in self.hub.producers:
            rows = list(store.outbox.collection.find({"published_at": None}))
            ids = [row["_id"] for row in rows]
            store.outbox.collection.update_many(
                {"_id": {"$in": ids}}, {"$set": {"published_at": rows[0]["recorded_at"]}}
            ) if rows else None
            for row in rows:
                event = Event.from_json(bytes(row["body"]))
                for consumer in readers(row):
                    self.told[consumer].append(event)
                    self.waiting[consumer][event.id] = event

    def hand_over(self, consumer: str, batch: Sequence[Event], at: int) -> None:
        if consumer == "reporting":
            early = projecting.project(batch, self.hub.reporting[at])
        elif consumer == "activities":
            standings.hear(batch, self.hub.activities[at])
            early = []
        else:
            batch = [event for event in batch if not event.type.startswith("participant.")]
            early = partners.record_events(batch, self.hub.notifications[at])
        held = {event.id for event in early}
        for event in batch:
            if event.id not in held:
                self.waiting[consumer].pop(event.id, None)


def receipts(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    told: Sequence[Mapping[str, Any]] = (
        answer["receipts"] if "receipts" in answer else answer["pushes"][0]["receipts"]
    )
    return told


@pytest.mark.parametrize(
    ("examples", "steps"), [(25, 30), pytest.param(200, 50, marks=pytest.mark.faults_long)]
)
def test_figures_are_the_models(
    mongo_uri: str, mongo_client: MongoClient[dict[str, Any]], examples: int, steps: int
) -> None:
    prefix = f"test_{new_id()[-8:]}"
    try:
        with opened(mongo_uri, prefix) as hub:
            machine = type("Programme", (Programme,), {"hub": hub})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
                    suppress_health_check=list(HealthCheck), print_blob=True,
                ),
            )  # fmt: skip
    finally:
        for name in mongo_client.list_database_names():
            if name.startswith(prefix):
                mongo_client.drop_database(name)
