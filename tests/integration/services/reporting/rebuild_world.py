"""Producers' event logs with a random programme in them, and a rebuild from them."""

import random
from collections.abc import Iterator, Sequence

from pymongo.database import Database

from services.reporting.handlers.projecting import project
from services.reporting.handlers.rebuild import Outcome, Rebuild, Watch
from services.reporting.store.building import Building
from services.reporting.store.live import ReportingStore
from shared.contracts import of
from shared.contracts.allow_list import Contracts
from shared.events import Event
from shared.record_types import PRODUCERS, RECORD_TYPES, record_type_of
from shared.store.mongo import Store
from shared.store.replay import EventLog
from shared.subscriptions import PATTERNS
from shared.types import Document
from tests.integration.services.reporting.reporting_world import ask
from tests.world.events import Told
from tests.world.items import ids


class Producer(Store):
    """Records in version 1 alone, as releases before the second versions did: each event has one
    row and one id."""

    contracts = Contracts({kind: {1: schema} for kind, schema in of().items()})


class Logs:
    """The databases of the two producers, with real outboxes."""

    def __init__(self, beside: Database[Document], prefix: str | None = None) -> None:
        self._client = beside.client
        prefix = f"{beside.name}_" if prefix is None else prefix
        self._stores = {each: Producer(self._client[f"{prefix}{each}"]) for each in PRODUCERS}
        for store in self._stores.values():
            store.ensure_indexes()

    def write(self, events: Sequence[Event]) -> None:
        """Commit the events as their producers do."""
        for producer, store in self._stores.items():
            own = [each for each in events if _producer(each) == producer]
            store.transact(lambda tx, own=own: tx.emit(own))  # type: ignore[misc]

    def logs(self, patterns: Sequence[str] = PATTERNS["reporting"]) -> list[EventLog]:
        return [EventLog(name, each.db["outbox"], patterns) for name, each in self._stores.items()]

    def spoil(self, event: Event) -> None:
        """Let the log say of an event what nobody can apply."""
        log = self._stores[_producer(event)].outbox.collection
        body = event.to_json().replace(b'"rows":[', b'"rows":null,"were":[')
        assert log.update_one({"_id": event.id}, {"$set": {"body": body}}).modified_count == 1

    def drop(self) -> None:
        for store in self._stores.values():
            self._client.drop_database(store.db.name)


def rebuild(
    db: Database[Document], logs: Logs, watch: Watch = lambda *_: None, **options: bool
) -> Outcome:
    """Run one to its end; no question is under way here, so nothing is waited for."""
    return Rebuild(Building(db), logs.logs(), watch, lambda _: None).run(**options)


class Programme:
    """Random events of a programme, and who is present where, counted independently."""

    def __init__(self, seed: int, people: int = 40, activities: int = 6) -> None:
        self._chance = random.Random(seed)
        self._told = Told()
        self._people, self._activities = ids(people), ids(activities)
        self._projects = ids(2)
        self.present: dict[str, set[str]] = {each: set() for each in self._activities}

    def beginning(self) -> list[Event]:
        """Everybody and everything once."""
        chapters = ["ML", "NE", "SN"]
        return [
            *(self._told.project(each) for each in self._projects),
            *(self._told.person(each, **self._facts()) for each in self._people),
            *(
                self._told.activity(
                    each,
                    chapter=self._chance.choice(chapters),
                    project_id=self._chance.choice(self._projects),
                    announced={"total": self._chance.randrange(50)},
                )
                for each in self._activities
            ),
        ]

    def steps(self, count: int) -> Iterator[Event]:
        """Sheets filled in and corrected, people corrected, withdrawn and nominated."""
        for _ in range(count):
            kind = self._chance.random()
            if kind < 0.7:
                yield self._sheet()
            elif kind < 0.95:
                person = self._chance.choice(self._people)
                yield self._told.person(person, "participant.corrected", **self._facts())
            else:
                yield self._told.nomination(ids(1)[0])

    def person_sessions(self) -> int:
        return sum(map(len, self.present.values()))

    def unique_people(self) -> int:
        return len(set().union(*self.present.values()))

    def _sheet(self) -> Event:
        activity = self._chance.choice(self._activities)
        some, there = set(self._chance.sample(self._people, 5)), self.present[activity]
        came, left = sorted(some - there), sorted(some & there)
        self.present[activity] = there ^ some
        return self._told.sheet(activity, activity, came=came, left=left)

    def _facts(self) -> Document:
        return {
            "sex": self._chance.choice(["female", "male", None]),
            "birth_year": self._chance.choice([None, 1960, 1990, 2004]),
            "groups": self._chance.sample(["youth", "women", "media"], 2),
        }


def _producer(event: Event) -> str:
    return RECORD_TYPES[record_type_of(event.type)].owner


def figures(store: ReportingStore) -> list[Document]:
    """Everything a report can say by one dimension, in all and by project."""
    dimensions = ("sex", "age_band", "group", "group_any", "disability", "residence")
    answers = [ask(store, by=[each], rows_by="project") for each in dimensions]
    return [{"figures": each["figures"], "rows": each["rows"]} for each in answers]


def apply_live(store: ReportingStore, events: list[Event]) -> None:
    for _ in range(3):  # a batch's portions are in the order of subjects: one is enough, mostly
        events = project(events, store)
    assert events == [], "these wait for an event that was lost"
