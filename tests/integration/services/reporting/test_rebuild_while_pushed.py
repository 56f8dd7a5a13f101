"""Projections built anew while chapters push: nothing is lost, nothing double."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.reporting.handlers import rebuild as rebuilding
from services.reporting.store.live import ReportingStore
from shared.events import Event
from shared.store import replay
from shared.types import Document
from tests.integration.services.reporting.rebuild_world import Logs, Programme, apply_live, rebuild
from tests.integration.services.reporting.reporting_world import SECRETARIAT, ask, totals
from tests.stack import ServiceProcess, publish, wait_for


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

    monkeypatch.setattr(rebuilding, "fail_point", at)
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
    monkeypatch.setattr(rebuilding, "fail_point", at)
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
