"""Those of a restore drill: a chapter that pushes, a partner that keeps a table, the operator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import bson

from deploy.local.stack import Stack
from operations.archive.format import ArchiveBatch, Begin, read_archive
from shared.ids import new_id
from shared.types import Document
from tests.e2e.client import PUSH_PROJECTS, Client
from tests.world import graphql
from tests.world.graphql import activity, person, session, sheet

ROOT = Path(__file__).resolve().parents[4]
PEOPLE = 20  # on each sheet
PRIVATE = {
    "givenName": "Zanafatou",
    "familyName": "Kpelekeze",
    "phone": "+233249988770",
    "email": "zanafatou.kpelekeze@example.org",
}


class Chapter:
    """Pushes activities, each with a session and its sheet; remembers what was acknowledged."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.project = new_id()
        client.ask(PUSH_PROJECTS, items=[graphql.project(id=self.project)])
        self.people = [person(**PRIVATE)] + [person() for _ in range(PEOPLE - 1)]
        client.push(participants=self.people)
        self.pushed: list[Document] = []

    def push(self) -> None:
        training = activity(self.project, sessions=[session()], announced={"total": PEOPLE})
        push = {
            "activities": [training],
            "attendance": [sheet(training["sessions"][0]["id"], [p["id"] for p in self.people])],
        }
        assert self._accepted(self.client.push(**push))
        self.pushed.append(push)

    def push_again(self, client: Client) -> None:
        for push in self.pushed:
            assert self._accepted(client.push(**push))

    def _accepted(self, answer: Any) -> bool:
        return not answer["activities"]["rejected"] and not answer["attendance"]["rejected"]


class Mirror:
    """A partner's table: of each subject the entry with the highest cursor, as docs/partners.md
    tells them to keep it."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], tuple[int, Document]] = {}
        self.cursor: str | None = None

    def take(self, entries: Iterable[tuple[int, Document]]) -> None:
        for position, entry in entries:
            key = (entry["type"].partition(".")[0], entry["subject"])
            if position > self.rows.get(key, (0, {}))[0]:
                self.rows[key] = (position, {"id": entry["id"], "data": entry["data"]})

    def pull(self, client: Client) -> int:
        """Read on behind the stored cursor; returns how many entries came."""
        count = 0
        while True:
            page = client.ask(FEED, after=self.cursor)
            self.take((int(node["cursor"]), node) for node in page["nodes"])
            count += len(page["nodes"])
            self.cursor = page["pageInfo"]["endCursor"] or self.cursor
            if not page["pageInfo"]["hasNextPage"]:
                return count

    def data(self) -> dict[tuple[str, str], Document]:
        return {key: entry["data"] for key, (_, entry) in self.rows.items()}


FEED = """query($after: String) { feed(first: 500, after: $after) {
  nodes { cursor id type subject data } pageInfo { hasNextPage endCursor } head } }"""


def foscao(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The operators' command, told where the stack is as `make up` tells it."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env={**environment, "FOSCAO_HOME": str(stack.home), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def done(result: subprocess.CompletedProcess[str]) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one line of a command that could not run."""
    assert result.returncode == 2, (result.stdout, result.stderr)
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert result.stdout == ""
    return lines[0]


def documents(folder: Path, database: str) -> Iterator[tuple[str, Document]]:
    name = ""
    for part in read_archive(folder / f"{database}.bson.gz", database):
        match part:
            case Begin(collection=name):
                pass
            case ArchiveBatch():
                yield from ((name, bson.decode(each)) for each in part.split())


def sessions_of(push: Mapping[str, Any]) -> str:
    return str(push["activities"][0]["sessions"][0]["id"])


def person_sessions(client: Client) -> int:
    return client.figures()["personSessions"][()]
