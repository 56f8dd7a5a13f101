"""A hub that the last release filled goes on under this code: the same figures, the same people."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.stack import Stack
from gateway.schema.compatibility import released
from services.participants.layout import FORM, KEYED
from services.participants.layout import PEOPLE as PEOPLE_STORED
from tests.e2e.client import Client
from tests.e2e.test_demo import run_demo
from tests.stack import wait_for

ROOT = Path(__file__).resolve().parents[2]
OLD_KEY = 'mutation { createApiKey(role: "secretariat", label: "upgrade") { key } }'
DEMO_FIGURES = """query($by: [Dimension!], $rows: RowsBy) {
  report(by: $by, rowsBy: $rows, first: 30) { rows { nodes { key figures { announced { ...f }
    personSessions { ...f } uniquePerActivity { ...f } uniquePeople { ...f } } } } } }
fragment f on Figure { total cells { keys { code } value } }"""
ASKED: list[tuple[list[str], str]] = [
    ([], "ACTIVITY"),
    (["SEX", "GROUP"], "ACTIVITY"),
    (["AGE_BAND", "DISABILITY"], "PROJECT"),
    (["SEX"], "TYPE"),
    (["AGE_BAND"], "QUARTER"),
    (["RESIDENCE"], "YEAR"),
]
PEOPLE = """query($after: String) { participants(first: 200, after: $after) {
  nodes { id version givenName familyName phone sex { code } birthYear groups { code }
    disability { code } consent { givenOn } }
  pageInfo { hasNextPage endCursor } } }"""

RENAMED = {"ML.01": "ML.BKO", "ML.06": "ML.SIK"}
"""What the release called regions of the demonstration → what they are called now: all that may
differ in its figures."""

Figures = dict[tuple[str, ...], int]


def figures(secretariat: Client) -> Figures:
    """(dimensions, rows, row, figure, codes…) → what the reports say."""
    found: Figures = {}
    for by, rows in ASKED:
        for row in secretariat.ask(DEMO_FIGURES, by=by, rows=rows)["rows"]["nodes"]:
            for name, figure in row["figures"].items():
                of = (*by, rows, row["key"], name)
                found[of] = figure["total"]
                for cell in figure["cells"]:
                    codes = (each["code"] for each in cell["keys"])
                    found[*of, *(RENAMED.get(code, code) for code in codes)] = cell["value"]
    return found


def people(secretariat: Client) -> dict[str, Any]:
    """Everybody, as they read."""
    found: dict[str, Any] = {}
    after = None
    while True:
        page = secretariat.ask(PEOPLE, after=after)
        found |= {each["id"]: each for each in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@dataclass(frozen=True)
class Upgraded:
    """A hub filled by the last release and served by this code; what it said before."""

    stack: Stack
    secretariat: Client
    figures: Figures
    people: dict[str, Any]


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    last = released()
    assert last, "this clone's history has no release: git fetch --unshallow"
    code, home = tmp_path_factory.mktemp("release"), tmp_path_factory.mktemp("hub")
    archive = subprocess.run(
        ("git", "archive", last.ref), cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(code, filter="data")

    def release(*command: str) -> None:
        env = {**os.environ, "FOSCAO_HOME": str(home), "PYTHONPATH": str(code)}
        done = subprocess.run(
            (sys.executable, "-m", "deploy.local", *command),
            cwd=code,
            env=env,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    stack = Stack(home)
    try:
        release("demo")
        key = Client(stack.hub_url, stack.admin_key).ask(OLD_KEY)["key"]
        secretariat = Client(stack.hub_url, key)
        before = figures(secretariat), people(secretariat)
    finally:
        release("down")
    try:
        stack.up(dies_with_parent=True)
        yield Upgraded(stack, Client(stack.hub_url, key), *before)
    finally:
        stack.down()


def foscao(stack: Stack, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "cli", *command),
        cwd=ROOT,
        env={**os.environ, **stack.operator_env()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_everybody_reads_as_before_also_once_they_are_sealed_anew(upgraded: Upgraded) -> None:
    assert len(upgraded.people) > 300
    assert people(upgraded.secretariat) == upgraded.people
    client: MongoClient[dict[str, Any]] = MongoClient(upgraded.stack.mongo_root_uri)
    with client:
        stored = client["participants"][PEOPLE_STORED]
        wait_for(lambda: stored.count_documents({FORM: {"$ne": KEYED}}) == 0, 60)
    assert people(upgraded.secretariat) == upgraded.people


def test_figures_are_those_of_before_at_once_and_once_they_are_rebuilt(upgraded: Upgraded) -> None:
    assert figures(upgraded.secretariat) == upgraded.figures
    rebuilt = foscao(upgraded.stack, "rebuild", "reporting")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert figures(upgraded.secretariat) == upgraded.figures
    for look in ("audit", "doctor"):
        done = foscao(upgraded.stack, look)
        assert done.returncode == 0, done.stdout + done.stderr


def test_whoever_pushes_all_again_changes_no_figure(upgraded: Upgraded) -> None:
    run_demo(upgraded.stack)
    assert figures(upgraded.secretariat) == upgraded.figures
