"""The key of people's data is gone: each of the operators' tools says so, and one puts it back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.stack import Stack
from tests.e2e.client import Client
from tests.stack import ROOT, wait_for
from tests.world.graphql import person

NAME = "Zanafatou"
FIND = """query($filter: ParticipantFilter) {
  participants(filter: $filter) { nodes { givenName } } }"""
REGISTER = """mutation($items: [ParticipantInput!]!) {
  registerParticipants(items: $items) { created } }"""

Foscao = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def foscao(stack: Stack) -> Foscao:
    """The operators' command, told where the hub is as `make up` tells it."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", *words],
            cwd=ROOT,
            env={**environment, "FOSCAO_HOME": str(stack.home), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def chapter(stack: Stack) -> Client:
    return Client(stack.hub_url, Client(stack.hub_url, stack.admin_key).key("chapter", "GH"))


@pytest.fixture
def root(stack: Stack) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](stack.mongo_root_uri) as client:
        yield client


def test_it_is_told_by_doctor_audit_and_backup_and_comes_back_from_the_last_good_one(
    stack: Stack,
    foscao: Foscao,
    chapter: Client,
    root: MongoClient[dict[str, Any]],
    tmp_path: Path,
) -> None:
    assert chapter.push(participants=[person(givenName=NAME)])["participants"]["created"] == 1
    good, bad = tmp_path / "good", tmp_path / "bad"
    taken = foscao("backup", str(good), "--json")
    assert taken.returncode == 0, taken.stderr
    assert json.loads(taken.stdout)["doubts"] == []
    vault = root["participants_keys"]["keyVault"]
    keys = list(vault.find())
    vault.delete_many({})
    try:
        refused = foscao("backup", str(bad))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "the key vault lacks the data key" in refused.stderr
        assert "foscao restore FOLDER --keys" in refused.stderr
        assert not bad.exists()
        doctor = json.loads(foscao("doctor", "--json", "--room", "database").stdout)
        faults = [each for each in doctor["findings"] if each["check"] == "seal"]
        assert [(each["severity"], each["subject"]) for each in faults] == [
            ("fault", "participants")
        ]
        audit = foscao("audit")
        assert audit.returncode == 1
        assert "MISSING  people: sealed → opened: the key vault lacks the data key" in audit.stdout
        marked = foscao("backup", str(bad), "--unproven", "--json")
        assert marked.returncode == 0, marked.stderr
        (doubt,) = json.loads(marked.stdout)["doubts"]
        assert "lacks the data key" in doubt
        assert "In doubt" in marked.stderr
        wait_for(lambda: not stack.ready("participants"), 20)
        answer = chapter.answer(REGISTER, items=[person()])
        assert answer["errors"][0]["extensions"]["code"] == "KEY_LOST"

        put = foscao("restore", str(good), "--keys", "--json")

        assert put.returncode == 0, put.stderr
        assert len(json.loads(put.stdout)["keys"]) == 1
        assert list(vault.find()) == keys
    finally:
        if not vault.count_documents({}):
            vault.insert_many(keys)
    wait_for(lambda: stack.ready("participants"), 20)
    assert chapter.push(participants=[person()])["participants"]["created"] == 1
    names = chapter.ask(FIND, filter={"text": NAME})["nodes"]
    assert names == [{"givenName": NAME}]
    wait_for(lambda: foscao("audit").returncode == 0, 60)
    assert foscao("backup", str(tmp_path / "after")).returncode == 0
