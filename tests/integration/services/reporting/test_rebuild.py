"""Projections built anew beside the live ones: the same figures, whatever happens meanwhile."""

import random

import pytest

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from shared.events import Event
from shared.store.lease import Lease
from shared.store.replay import Stopped
from tests.integration.services.reporting.rebuild_world import (
    Logs,
    Programme,
    apply_live,
    figures,
    rebuild,
)
from tests.integration.services.reporting.reporting_world import ask, totals


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
