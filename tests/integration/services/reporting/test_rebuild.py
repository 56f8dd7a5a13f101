"""Projections built anew beside the live ones: the same figures, whatever happens meanwhile."""

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.reporting.handlers import rebuild as rebuilding
from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from shared.events import Event
from shared.store import replay
from shared.store.lease import Lease
from shared.store.replay import Stopped
from tests.integration.services.reporting.rebuild_world import Logs, Programme, rebuild
from tests.integration.services.reporting.reporting_world import SECRETARIAT, ask, totals
from tests.stack import ServiceProcess, publish, wait_for

Document = dict[str, Any]


@pytest.fixture
def store(db: Database[Document]) -> ReportingStore:
    store = ReportingStore(db)
    store.ensure_indexes()
    return store


@pytest.fixture
def logs(db: Database[Document]) -> Iterator[Logs]:
    logs = Logs(db)
    yield logs
    logs.drop()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many steps even in a small history."""
    monkeypatch.setattr(replay, "BATCH", 20)


def figures(store: ReportingStore) -> list[Document]:
    """Everything a report can say by one dimension, in all and by project."""
    dimensions = ("sex", "age_band", "group", "group_any", "disability", "residence")
    answers = [ask(store, by=[each], rows_by="project") for each in dimensions]
    return [{"figures": each["figures"], "rows": each["rows"]} for each in answers]


def apply_live(store: ReportingStore, events: list[Event]) -> None:
    for _ in range(3):  # a batch's portions are in the order of subjects: one is enough, mostly
        events = project(events, store)
    assert events == [], "these wait for an event that was lost"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.usefixtures("small_batches")
def test_what_is_rebuilt_from_the_logs_equals_what_was_applied_live_in_any_order(
    store: ReportingStore, logs: Logs, seed: int
) -> None:
    programme = Programme(seed)
    history = [*programme.beginning(), *programme.steps(200)]
    logs.write(history)
    random.Random(seed).shuffle(history)
    waiting: list[Event] = []
    while history or waiting:
        batch, history = [*waiting, *history[:25]], history[25:]
        waiting = project(batch, store)
    before, as_of = figures(store), ask(store)["as_of"]

    outcome = rebuild(store.db, logs)
    assert outcome.swapped
    assert (outcome.differences, outcome.failed, outcome.waiting) == ([], {}, {})
    assert store.live()[0].startswith("rebuilt_")
    assert figures(store) == before
    assert ask(store)["as_of"] == as_of
    assert totals(store)["person_sessions"] == programme.person_sessions()
    assert not {"people", "sessions"} & set(store.db.list_collection_names())  # the old ones

    again = rebuild(store.db, logs)  # and what was rebuilt can be rebuilt
    assert (again.swapped, again.differences) == (True, [])
    assert figures(store) == before


def test_damage_to_the_live_projections_is_mended_and_shown(
    store: ReportingStore, logs: Logs
) -> None:
    programme = Programme(4)
    history = [*programme.beginning(), *programme.steps(100)]
    logs.write(history)
    apply_live(store, history)
    whole = figures(store)
    lost = store.db["sessions"].find_one_and_delete({})
    store.db["attributes"].delete_one({"_id": "sex/female/0"})
    damaged = figures(store)
    assert damaged != whole
    assert lost is not None

    tried = rebuild(store.db, logs, dry_run=True)
    assert not tried.swapped
    assert figures(store) == damaged
    assert not [name for name in store.db.list_collection_names() if name.startswith("rebuilt_")]
    outcome = rebuild(store.db, logs)
    assert figures(store) == whole
    assert outcome.differences == tried.differences
    assert {each.rows_by for each in outcome.differences} == {"chapter", "project"}
    changed = [
        each.after - each.before
        for each in outcome.differences
        if (each.rows_by, each.figure, each.dimension) == ("chapter", "person_sessions", None)
    ]
    assert sum(changed) == len(programme.present[lost["_id"]])
    women = [each for each in outcome.differences if each.category == "female"]
    assert women
    assert all(each.before == 0 < each.after for each in women)


@pytest.mark.usefixtures("small_batches")
def test_what_is_pushed_during_the_rebuild_is_in_afterwards_once_and_questions_go_on(
    store: ReportingStore, logs: Logs
) -> None:
    programme = Programme(5)
    history = [*programme.beginning(), *programme.steps(100)]
    logs.write(history)
    apply_live(store, history)
    steps = programme.steps(10_000)
    pushed: list[Event] = []
    consumed = len(pushed)
    done = threading.Event()
    failures: list[BaseException] = []
    answers = 0

    def live() -> None:
        """Producer and consumer; the consumer lags, and gets some events twice."""
        nonlocal consumed
        consumer = ReportingStore(store.db)
        while not done.is_set():
            fresh = [next(steps) for _ in range(5)]
            logs.write(fresh)
            pushed.extend(fresh)
            apply_live(consumer, pushed[max(0, consumed - 3) : len(pushed) - 4])
            consumed = len(pushed) - 4

    def questions() -> None:
        nonlocal answers
        last = 0
        while not done.is_set():
            answer = ask(store, by=["sex"])
            assert answer["as_of"]["events_applied"] >= last
            last = answer["as_of"]["events_applied"]
            figure = answer["figures"]["person_sessions"]
            assert sum(cell["value"] for cell in figure["cells"]) == figure["total"] > 0
            answers += 1

    def noting(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=noting, args=(each,)) for each in (live, questions)]
    for each in threads:
        each.start()
    try:
        wait_for(lambda: len(pushed) > 20)

        def watch(step: str, count: int, of: int) -> None:
            before = len(pushed)  # let more happen within each step
            if threads[0].is_alive():
                wait_for(lambda: len(pushed) > before or not threads[0].is_alive())

        outcome = rebuild(store.db, logs, watch)
        swapped_at = len(pushed)
        wait_for(lambda: len(pushed) > swapped_at + 20 or failures)
    finally:
        done.set()
        for each in threads:
            each.join()
    assert failures == []
    assert outcome.swapped
    assert answers > 5
    apply_live(store, pushed[consumed:])
    # Every event is claimed once, and the figures are what an independent count says.
    assert ask(store)["as_of"]["events_applied"] == len(history) + len(pushed)
    inbox = store.db[f"{store.live()[0]}inbox"]
    assert {row["_id"] for row in inbox.find()} == {each.id for each in history + pushed}
    figure = totals(store)
    assert figure["person_sessions"] == programme.person_sessions()
    assert figure["unique_people"] == programme.unique_people()
    assert rebuild(store.db, logs).differences == []


def test_an_event_committed_behind_the_reader_and_applied_live_is_noted_for_the_rebuild(
    store: ReportingStore, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also between the last catching up and the swap, in the swap's own transaction."""
    programme = Programme(6)
    history = [*programme.beginning(), *programme.steps(50)]
    logs.write(history)
    apply_live(store, history)
    points: list[str] = []

    def at(point: str) -> None:
        late = list(programme.steps(5))
        logs.write(late)
        apply_live(store, late)
        history.extend(late)
        points.append(point)

    monkeypatch.setattr(rebuilding, "killpoint", at)
    assert rebuild(store.db, logs).swapped
    assert points[-2:] == ["rebuild.before_swap", "rebuild.after_swap"]
    assert ask(store)["as_of"]["events_applied"] == len(history)
    assert totals(store)["person_sessions"] == programme.person_sessions()


def test_a_transaction_of_the_consumer_that_overlaps_the_swap_is_not_lost(
    store: ReportingStore, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consumer has read which projections are live, then they are swapped, then it writes."""
    programme = Programme(7)
    history = [*programme.beginning(), *programme.steps(50)]
    logs.write(history)
    apply_live(store, history)
    late = list(programme.steps(5))
    logs.write(late)
    consumer = ReportingStore(store.db)
    looked, swapped = threading.Event(), threading.Event()
    look = consumer.generation

    def slowly(tx: Any) -> Any:
        found = look(tx)
        looked.set()
        swapped.wait(4)
        return found

    monkeypatch.setattr(consumer, "generation", slowly)
    thread = threading.Thread(target=apply_live, args=(consumer, late))

    def at(point: str) -> None:
        if point == "rebuild.before_swap" and not thread.is_alive():
            thread.start()
            assert looked.wait(5)
        if point == "rebuild.after_swap":
            swapped.set()

    # The rebuild reads nothing of `late`: they reach it through the consumer alone.
    monkeypatch.setattr(replay.EventLog, "read", _without(late))
    monkeypatch.setattr(rebuilding, "killpoint", at)
    assert rebuild(store.db, logs).swapped
    thread.join()
    assert ask(store)["as_of"]["events_applied"] == len(history) + len(late)
    assert totals(store)["person_sessions"] == programme.person_sessions()


def _without(events: list[Event]) -> Callable[..., Any]:
    hidden = {each.id for each in events}
    read = replay.EventLog.read

    def filtered(log: replay.EventLog, after: Any = None) -> Iterator[Any]:
        for batch, mark in read(log, after):
            yield [each for each in batch if each.id not in hidden], mark

    return filtered


def test_a_second_rebuild_at_the_same_time_is_refused(store: ReportingStore, logs: Logs) -> None:
    logs.write(Programme(8).beginning())
    refused: list[str] = []

    def watch(step: str, done: int, of: int) -> None:
        with pytest.raises(Stopped) as stopped:
            rebuild(store.db, logs)
        refused.append(str(stopped.value))

    assert rebuild(store.db, logs, watch).swapped
    assert refused
    assert "another rebuild is at work" in refused[0]


def test_one_that_was_paused_while_another_took_over_stops_and_harms_nothing(
    store: ReportingStore, logs: Logs
) -> None:
    programme = Programme(9)
    history = [*programme.beginning(), *programme.steps(20)]
    logs.write(history)
    apply_live(store, history)

    def watch(step: str, done: int, of: int) -> None:
        if step.startswith("comparing"):
            store.db["leases"].delete_one({"_id": "rebuild"})  # as if its time were over
            assert rebuild(store.db, logs, fresh=True).swapped

    with pytest.raises(Stopped):
        rebuild(store.db, logs, watch)
    assert totals(store)["person_sessions"] == programme.person_sessions()
    assert Lease(store.db, "rebuild").held()
    assert rebuild_leftovers(store) == set()


def rebuild_leftovers(store: ReportingStore) -> set[str]:
    live, beside = store.live()
    assert beside is None
    names = set(store.db.list_collection_names())
    return {each for each in names if each.startswith("rebuilt_") and not each.startswith(live)}


def test_an_event_that_nobody_can_apply_is_named_and_holds_up_only_its_own_subject(
    store: ReportingStore, logs: Logs
) -> None:
    programme = Programme(10, activities=2)
    history = [*programme.beginning(), *programme.steps(40)]
    logs.write(history)
    sheets = [each for each in history if each.type.startswith("attendance.")]
    poison = next(each for each in sheets if each.sequence == 2)
    followers = {e.id for e in sheets if e.subject == poison.subject and e.sequence > 2}
    logs.spoil(poison)
    lost = {poison.id, *followers}
    apply_live(store, [each for each in history if each.id not in lost])

    outcome = rebuild(store.db, logs)
    assert outcome.swapped
    assert set(outcome.failed) == {poison.id}
    assert outcome.failed[poison.id].reason == "TypeError"
    assert set(outcome.waiting) == followers
    assert ask(store)["as_of"]["events_applied"] == len(history) - len(lost)


def test_nothing_is_swapped_if_an_event_of_the_live_ones_cannot_be_applied_anew(
    store: ReportingStore, logs: Logs
) -> None:
    programme = Programme(11)
    history = [*programme.beginning(), *programme.steps(20)]
    logs.write(history)
    poison = next(each for each in reversed(history) if each.type.startswith("attendance."))
    rest = [each for each in history if each.id != poison.id]
    apply_live(store, rest)
    logs.spoil(poison)

    def watch(step: str, done: int, of: int) -> None:
        if step.startswith("reading"):
            apply_live(store, [poison])  # the live ones can

    with pytest.raises(Stopped, match=poison.id):
        rebuild(store.db, logs, watch)
    assert store.live()[0] == ""
    assert totals(store)["person_sessions"] == programme.person_sessions()


def test_what_people_have_discarded_stays_discarded(store: ReportingStore, logs: Logs) -> None:
    programme = Programme(12)
    history = [*programme.beginning(), *programme.steps(20)]
    logs.write(history)
    gone = next(each for each in history if each.type == "participant.registered")
    apply_live(store, [each for each in history if each.id != gone.id])
    store.parked.collection.insert_one({"_id": gone.id, "state": "discarded"})
    outcome = rebuild(store.db, logs)
    assert (outcome.swapped, outcome.differences, outcome.failed) == (True, [], {})
    assert ask(store)["as_of"]["events_applied"] == len(history) - 1


def test_the_running_service_follows_the_swap_and_loses_nothing_in_its_queue(
    service: Callable[..., ServiceProcess],
    rpc: Callable[..., Any],
    amqp_uri: str,
    store: ReportingStore,
    logs: Logs,
) -> None:
    programme = Programme(13)
    told: list[Event] = []

    def push(events: list[Event]) -> None:
        logs.write(events)
        publish(amqp_uri, events)
        told.extend(events)

    def report() -> Document:
        answer: Document = rpc("reporting.report", {"caller": SECRETARIAT, "by": ["sex"]})
        return answer

    def caught_up() -> bool:
        return bool(report()["as_of"]["events_applied"] == len(told))

    process = service("reporting")
    push([*programme.beginning(), *programme.steps(60)])
    wait_for(caught_up)
    store.db["attributes"].delete_many({})

    def watch(step: str, done: int, of: int) -> None:
        push(list(programme.steps(30)))
        assert report()["figures"]["announced"]["total"] > 0

    assert rebuild(store.db, logs, watch).swapped
    push(list(programme.steps(30)))
    wait_for(caught_up, deadline_s=20)
    figure = report()["figures"]["person_sessions"]
    assert figure["total"] == programme.person_sessions()
    assert {cell["keys"]["sex"] for cell in figure["cells"]} == {"female", "male", "unknown"}
    process.stop()
    process.start()
    assert report()["figures"]["person_sessions"]["total"] == programme.person_sessions()
