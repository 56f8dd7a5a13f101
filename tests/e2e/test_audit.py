"""`foscao audit` over the whole hub: clean after pushes, exact about a loss, told by its exit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.stack import Stack
from shared.ids import new_id
from tests.e2e.client import PUSH_PROJECTS, Client
from tests.stack import wait_for
from tests.world import graphql
from tests.world.graphql import activity, person, session, sheet

ROOT = Path(__file__).resolve().parents[2]


def foscao_audit(stack: Stack, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "audit", *options],
        cwd=ROOT,
        env={**os.environ, **stack.operator_env(), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def pushed(stack: Stack) -> str:
    """The id of an activity with 30 people on its sheet, that has arrived everywhere."""
    admin = Client(stack.hub_url, stack.admin_key)
    ghana = Client(stack.hub_url, admin.key("chapter", "GH"))
    project = new_id()
    ghana.ask(PUSH_PROJECTS, items=[graphql.project(id=project)])
    people = [person() for _ in range(30)]
    training = activity(project, sessions=[session()])
    rows = sheet(training["sessions"][0]["id"], [each["id"] for each in people])
    ghana.push(participants=people, activities=[training], attendance=[rows])
    wait_for(lambda: foscao_audit(stack, "--strict").returncode == 0, 30)
    key: str = training["id"]
    return key


def test_a_hub_that_was_pushed_to_is_clean(stack: Stack, pushed: str) -> None:
    told = foscao_audit(stack)
    assert told.returncode == 0, told.stdout
    assert "Clean: nothing is missing, nothing is double." in told.stdout
    assert "DIFFERS" not in told.stdout
    one = foscao_audit(stack, "--activity", pushed, "--json")
    assert one.returncode == 0, one.stdout
    stages = {each["stage"]: each for each in json.loads(one.stdout)["stages"]}
    assert stages["attendance: stored → logged"]["found"] == 30
    assert stages["participant: claimed → reporting"]["found"] == 30
    assert stages["activity: stored → logged"]["found"] == 1


def test_a_loss_is_named_and_ends_with_1(stack: Stack, pushed: str) -> None:
    with MongoClient[dict[str, Any]](stack.mongo_root_uri) as client:
        log = client["activities"]["outbox"]
        event = log.find_one({"subject": pushed, "type": "activity.recorded"})
        assert event is not None
        claim = client["reporting"]["inbox"].find_one_and_delete({"_id": event["_id"]})
        assert claim is not None
        try:
            told = foscao_audit(stack, "--json", "--grace", "0")
            shown = foscao_audit(stack, "--grace", "0")
        finally:
            client["reporting"]["inbox"].insert_one(claim)
    assert (told.returncode, shown.returncode) == (1, 1)
    [finding] = json.loads(told.stdout)["findings"]
    assert (finding["stage"], finding["ids"]["event"]) == ("published → reporting", event["_id"])
    assert event["_id"] not in shown.stderr
    assert f"activity.recorded {pushed} #1" in shown.stdout
    assert "Traoré" not in told.stdout + shown.stdout, "people are ids"


@pytest.mark.parametrize(
    ("options", "env", "said"),
    [
        (("--activity", "no-id"), {}, "is no id"),
        (("--activity", "01890000-0000-7000-8000-000000000000"), {}, "no database knows"),
        (("--all", "--from", "2024-01-01"), {}, "exclude each other"),
        (("--from", "2024-W01-1"), {}, "neither"),
        (("--to", "2024-01-01T00:00:00"), {}, "neither"),
        ((), {"OPERATOR_MONGO_URI": "mongodb://127.0.0.1:9/?connectTimeoutMS=200"}, "database"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_one_line(
    stack: Stack, pushed: str, options: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    told = foscao_audit(stack, *options, **env)
    assert told.returncode == 2, told.stderr
    assert told.stdout == ""
    assert len(told.stderr.strip().splitlines()) == 1, told.stderr
    assert said in told.stderr
