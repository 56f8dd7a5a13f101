"""The operator's way to the parking lot: the command `foscao`, GraphQL, and two consumers.

The consumers are the bus's test service under the names of the real ones, because it can be told to
fail, and to fail no more.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from deploy.local import ports
from shared.caller import Caller
from shared.events import Event
from shared.ids import new_id
from tests.integration.shared.bus_world import BUS, Db, applied, counted
from tests.stack import ROOT, ServiceProcess, publish, wait_for

ADMIN = "fhk_admin_0123456789"


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def url(amqp_uri: str, mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = next(each for each in ports.CANDIDATES if ports.is_free(each))
    database = f"test_{os.urandom(6).hex()}"
    env = {
        "HTTP_PORT": str(port),
        "AMQP_URI": amqp_uri,
        "MONGO_URI": mongo_uri,
        "FOSCAO_DB": database,
        "HUB_ADMIN_KEY_SHA256": hashlib.sha256(ADMIN.encode()).hexdigest(),
    }
    with (tmp_path_factory.mktemp("gateway") / "gateway.log").open("wb") as log:
        command = [sys.executable, "-m", "gateway"]
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **env}, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: _ready(url), 20)
    yield url
    process.kill()
    process.wait()
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client.drop_database(database)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def other_db(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[Db]:
    name = f"test_{os.urandom(6).hex()}"
    yield mongo_client[name]
    mongo_client.drop_database(name)


@pytest.fixture
def third(
    service: Callable[..., ServiceProcess], mongo_client: MongoClient[dict[str, Any]]
) -> Iterator[None]:
    """The third of the consumers, which hears nothing here."""
    name = f"test_{os.urandom(6).hex()}"
    quiet = {"BUS_NAME": "activities", "BUS_LISTENS": "0", "FOSCAO_DB": name}
    assert service("activities", module=BUS, **quiet).ready()
    yield
    mongo_client.drop_database(name)


@pytest.fixture
def consumers(service: Callable[..., ServiceProcess], other_db: Db, third: None) -> None:
    quick = {"RETRY_DELAYS_S": "0.1,0.2"}
    first = service("reporting", module=BUS, start=False, BUS_NAME="reporting", **quick)
    second = service(
        "notifications",
        module=BUS,
        BUS_NAME="notifications",
        FOSCAO_DB=other_db.name,
        **quick,
    )
    first.start()
    assert second.ready()


@pytest.fixture
def foscao(url: str, tmp_path: Path) -> Run:
    """Runs `./foscao …`; `typed` is what somebody types at its terminal, if anybody is there."""

    def run(*words: str, typed: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        home = {"FOSCAO_HOME": str(tmp_path), "HUB_URL": url, "HUB_ADMIN_KEY": ADMIN}
        keyboard, terminal = os.openpty()
        if typed is not None:
            os.write(keyboard, f"{typed}\n".encode())
        try:
            return subprocess.run(
                [ROOT / "foscao", *words],
                env={**os.environ, **home, **env},
                stdin=subprocess.DEVNULL if typed is None else terminal,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            os.close(keyboard)
            os.close(terminal)

    return run


def park(amqp_uri: str, *dbs: Db) -> list[Event]:
    """Three steps of one subject, of which the first is poison for each consumer."""
    subject = new_id()
    steps = [counted(subject, 1, poison="x"), counted(subject, 2), counted(subject, 3)]
    publish(amqp_uri, steps)
    for db in dbs:
        wait_for(lambda db=db: db.parked.count_documents({"state": "parked"}) == 3)  # type: ignore[misc]
    return steps


def test_an_operator_lists_shows_and_retries_with_the_command(
    consumers: None, foscao: Run, amqp_uri: str, db: Db, other_db: Db
) -> None:
    assert foscao("parked", "list").returncode == 0
    steps = park(amqp_uri, db, other_db)
    poison = steps[0]

    listed = foscao("parked", "list", "--service", "reporting")
    assert listed.returncode == 1
    assert f"counted.up #1 of {poison.subject}" in listed.stdout
    assert "The service’s program failed on this event (ValueError in " in listed.stdout
    assert "holds up 2 later events" in listed.stdout
    assert f"waits for {poison.id}" in listed.stdout
    assert listed.stdout.splitlines()[-1] == "reporting: 3 parked, 0 retried, 0 discarded"

    told = json.loads(foscao("parked", "list", "--reason", "INTERNAL", "--json").stdout)
    assert [(e["service"], e["id"]) for e in told["events"]] == [
        ("reporting", poison.id),
        ("notifications", poison.id),
    ]
    shown = foscao("parked", "show", poison.id, "--json")
    assert [e["event"]["data"] for e in json.loads(shown.stdout)["events"]] == [{"poison": "x"}] * 2

    for each in (db, other_db):
        each.mended.insert_one({"_id": "so"})
    retried = foscao("parked", "retry", "--all")
    assert (retried.returncode, retried.stdout) == (
        0,
        "reporting: 3 retried\nnotifications: 3 retried\n",
    )
    for each in (db, other_db):
        wait_for(lambda each=each: applied(each, poison.subject) == [1, 2, 3])  # type: ignore[misc]
    assert foscao("parked", "list").returncode == 0
    assert "applied after all" in foscao("parked", "list", "--state", "retried").stdout


def test_discarding_asks_and_is_recorded(
    consumers: None, foscao: Run, amqp_uri: str, db: Db, other_db: Db, url: str
) -> None:
    poison, *_ = park(amqp_uri, db, other_db)
    words = ("parked", "discard", poison.id, "--service", "reporting", "--why", "a test’s event")
    unasked = foscao(*words)
    assert (unasked.returncode, unasked.stderr) == (
        2,
        "foscao: nobody is there to ask: add --yes to discard\n",
    )
    refused = foscao(*words, typed="no")
    assert (refused.returncode, refused.stdout.strip()) == (1, "")
    assert "2 later events cannot be applied without them" in refused.stderr
    assert refused.stderr.endswith("Nothing was discarded.\n")
    assert db.parked.find_one({"_id": poison.id, "state": "parked"})

    done = foscao(*words, typed="yes")
    assert (done.returncode, done.stdout.strip()) == (0, "reporting: 1 discarded")
    assert other_db.parked.count_documents({"state": "parked"}) == 3
    shown = foscao("parked", "show", poison.id, "--service", "reporting").stdout
    assert "discarded 2" in shown
    assert "with key bootstrap: a test’s event" in shown

    elsewhere = foscao("parked", "discard", poison.id, "--why", "the same", "--yes")
    assert elsewhere.stdout == "reporting: 1 discarded\nnotifications: 1 discarded\n"

    db.mended.insert_one({"_id": "so"})
    assert foscao("parked", "retry", poison.id, "--service", "reporting").returncode == 0
    wait_for(lambda: applied(db, poison.subject) == [1, 2, 3])


def test_a_late_retry_of_a_decision_does_not_undo_the_one_after_it(
    consumers: None, rpc: Callable[..., Any], amqp_uri: str, db: Db, other_db: Db
) -> None:
    poison, *_ = park(amqp_uri, db, other_db)
    operator = Caller("operator", None, "key-op", "corr").to_dict()

    def decide(method: str, push_id: str) -> str:
        asked = {"caller": operator, "ids": [poison.id], "reason": "nonsense", "push_id": push_id}
        [item] = [
            each for each in rpc(f"reporting.{method}", asked)["items"] if each["id"] == poison.id
        ]
        return str(item["state"])

    discarding, retrying = new_id(), new_id()
    assert decide("discard_parked", discarding) == "discarded"
    db.mended.insert_one({"_id": "so"})
    assert decide("retry_parked", retrying) == "retried"
    wait_for(lambda: applied(db, poison.subject) == [1, 2, 3])
    assert decide("discard_parked", discarding) == "retried"
    assert decide("retry_parked", retrying) == "retried"
    assert len(db.parked.find_one({"_id": poison.id})["decisions"]) == 2  # type: ignore[index]


def test_ids_that_are_nowhere_change_nothing(
    consumers: None, foscao: Run, amqp_uri: str, db: Db, other_db: Db
) -> None:
    poison, *_ = park(amqp_uri, db, other_db)
    answer = foscao("parked", "retry", poison.id, "unheard-of")
    assert answer.returncode == 2
    assert answer.stderr == "foscao: not in the parking lot, so nothing was done: unheard-of\n"
    assert db.parked.count_documents({"state": "retried"}) == 0


def test_one_service_that_is_away_does_not_hide_the_others(
    service: Callable[..., ServiceProcess], third: None, foscao: Run
) -> None:
    service("reporting", module=BUS, BUS_NAME="reporting")
    assert foscao("parked", "list", "--service", "reporting").returncode == 0
    answer = foscao("parked", "list")
    assert answer.returncode == 2
    assert "no answer from notifications" in answer.stderr


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"HUB_URL": "http://127.0.0.1:1"}, "no answer from http://127.0.0.1:1"),
        ({"HUB_URL": ""}, "HUB_URL is missing"),
        ({"HUB_ADMIN_KEY": "fhk_wrong_key"}, "A valid access key is needed"),
    ],
)
def test_what_the_command_lacks_is_one_line(foscao: Run, env: dict[str, str], said: str) -> None:
    answer = foscao("parked", "list", **env)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_reasons_are_told_in_the_language_of_the_request(
    consumers: None, url: str, amqp_uri: str, db: Db, other_db: Db
) -> None:
    park(amqp_uri, db, other_db)
    query = '{ parked(service: reporting, reason: "OUT_OF_ORDER") { nodes { reasonText } } }'
    answer = _ask(url, query, "fr")
    texts = {node["reasonText"] for node in answer["data"]["parked"]["nodes"]}
    assert texts == {
        "Un événement antérieur du même sujet manque, et celui-ci en dépend. "
        "Relancez l’événement antérieur : celui-ci le suivra."
    }
    refused = _ask(url, "{ parked(service: gateway) { nodes { id } } }", "en")
    assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_INVALID"


def _ask(url: str, query: str, language: str) -> Any:
    headers = {"Authorization": f"Bearer {ADMIN}", "Accept-Language": language}
    post = httpx.post(f"{url}/graphql", json={"query": query}, headers=headers, trust_env=False)
    return post.json()
