"""`foscao rebuild reporting` as the operator runs it, with its own user; and cut off anywhere."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from deploy.local.database import Database as LocalDatabase
from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from shared.events import Event
from shared.types import Document
from tests.integration.services.reporting.rebuild_world import Logs, Programme
from tests.integration.services.reporting.reporting_world import ask, totals
from tests.stack import ROOT

POINTS = ("after_begin", "after_batch", "before_swap", "after_swap")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDatabase]:
    """One with the hub's own users and database names."""
    with LocalDatabase(tmp_path_factory.mktemp("operated")) as server:
        yield server


@pytest.fixture
def reporting(server: LocalDatabase) -> Iterator[Database[Document]]:
    with MongoClient[Document](server.root_uri, tz_aware=True) as client:
        yield client["reporting"]
        for name in ("reporting", "participants", "activities"):
            client.drop_database(name)


@pytest.fixture
def store(reporting: Database[Document]) -> ReportingStore:
    store = ReportingStore(reporting)
    store.ensure_indexes()
    return store


def foscao(server: LocalDatabase, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "rebuild", "reporting", *options],
        cwd=ROOT,
        env={**os.environ, "OPERATOR_MONGO_URI": server.uri("operator"), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def begun(store: ReportingStore, seed: int) -> tuple[Programme, Logs, list[Event]]:
    """A programme in the producers' logs and in the live projections."""
    programme = Programme(seed)
    history = [*programme.beginning(), *programme.steps(60)]
    logs = Logs(store.db, prefix="")
    logs.write(history)
    assert project(history, store) == []
    return programme, logs, history


def test_the_operator_sees_what_differed_and_leaves_only_the_new_projections(
    server: LocalDatabase, store: ReportingStore
) -> None:
    programme, _, history = begun(store, 1)
    store.db["sessions"].delete_many({})
    tried = foscao(server, "--dry-run")
    assert tried.returncode == 1
    assert "person_sessions" in tried.stdout
    assert "not swapped" in tried.stderr
    assert totals(store)["person_sessions"] == 0

    ran = foscao(server, "--json")
    assert ran.returncode == 1, ran.stderr
    told = json.loads(ran.stdout)
    assert told["swapped"]
    assert told["events_read"] == len(history)
    found = [
        each
        for each in told["differences"]
        if each["figure"] == "person_sessions" and each["rows_by"] == "chapter"
    ]
    in_all = sum(each["after"] - each["before"] for each in found if each["dimension"] is None)
    assert in_all == programme.person_sessions() == totals(store)["person_sessions"]
    left = set(store.db.list_collection_names())
    assert not left & {"people", "sessions", "position"}
    assert len({name.rpartition("_")[0] for name in left if name.startswith("rebuilt_")}) == 1

    again = foscao(server, "--keep")
    assert (again.returncode, again.stdout) == (0, "No figure differs.\n")


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_it_leaves_right_figures_and_goes_on_when_run_again(
    server: LocalDatabase, store: ReportingStore, point: str
) -> None:
    programme, logs, history = begun(store, POINTS.index(point))
    before = ask(store, by=["sex"])
    killed = foscao(server, FOSCAO_KILL_AT=f"rebuild.{point}")
    assert killed.returncode == -signal.SIGKILL
    assert ask(store, by=["sex"]) == before
    assert bool(store.live()[0]) == (point == "after_swap")

    # The hub lives on in between.
    late = list(programme.steps(20))
    logs.write(late)
    assert project(late, store) == []
    refused = foscao(server)
    assert refused.returncode == 2
    assert "another rebuild" in refused.stderr
    assert store.db["leases"].delete_one({"_id": "rebuild"}).deleted_count  # its time is over

    ran = foscao(server, "--json", "--keep")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["swapped"]
    assert ask(store)["as_of"]["events_applied"] == len(history) + len(late)
    assert totals(store)["person_sessions"] == programme.person_sessions()
    kept = {name.rpartition("_")[0] for name in store.db.list_collection_names()}
    assert len({each for each in kept if each.startswith("rebuilt")}) <= 2


def test_it_goes_on_where_it_was_cut_off_but_not_with_what_other_code_has_built(
    server: LocalDatabase, store: ReportingStore
) -> None:
    begun(store, 9)
    foscao(server, FOSCAO_KILL_AT="rebuild.before_swap")
    store.db["leases"].delete_many({})
    built = store.live()[1]
    assert built is not None
    ran = foscao(server, "--json", "--keep")
    assert json.loads(ran.stdout)["events_read"] == 0
    assert store.live()[0] == built["prefix"]

    foscao(server, FOSCAO_KILL_AT="rebuild.before_swap")
    store.db["leases"].delete_many({})
    store.settings.update_one({"_id": "live"}, {"$set": {"beside.code": "of another version"}})
    other = store.live()[1]
    assert other is not None
    assert json.loads(foscao(server, "--json", "--keep").stdout)["events_read"] > 0
    assert store.live()[0] != other["prefix"]
    assert not [n for n in store.db.list_collection_names() if n.startswith(other["prefix"])]


def test_without_a_database_it_says_so_in_one_line() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cli", "rebuild", "reporting"],
        cwd=ROOT,
        env={**os.environ, "OPERATOR_MONGO_URI": "mongodb://127.0.0.1:9/?replicaSet=rs0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert len(ran.stderr.strip().splitlines()) == 1
    assert "run it again" in " ".join(ran.stderr.split())
