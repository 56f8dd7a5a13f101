"""The commands in the pages do what the pages say, typed just as they stand."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.e2e.client import Client

ROOT = Path(__file__).parents[2]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def folder(stack: Stack, tmp_path: Path) -> Path:
    """A folder as the reader's, with the running hub's settings in `.local`."""
    (tmp_path / ".local").symlink_to(stack.home)
    return tmp_path


def typed(folder: Path, *commands: str, **env: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def counts(node: Any) -> list[tuple[str, int]]:
    """Every count of receipts in an answer that is not zero."""
    found = []
    for name, value in node.items():
        if isinstance(value, dict):
            found += counts(value)
        elif name in ("created", "updated", "unchanged", "rejected") and value:
            found.append((name, value))
    return found


def test_the_readmes_first_push_creates_and_its_repetition_changes_nothing(folder: Path) -> None:
    [commands] = [block for block in blocks("README.md", "sh") if "pushActivities" in block]
    for expected in ("created", "unchanged"):
        answer = json.loads(typed(folder, commands))
        assert counts(answer["data"]) == [(expected, 1)] * 2


def test_the_programmers_page_pushes_and_shows_its_figures(stack: Stack, folder: Path) -> None:
    [push] = [block for block in blocks("docs/api.md", "json") if '"query"' in block]
    (folder / "push.json").write_text(push, encoding="utf-8")
    key, send = blocks("docs/api.md", "sh")[:2]
    first = typed(folder, key, send).splitlines()
    assert counts(json.loads(first[1])["data"]) == [("created", 1)] * 4
    again = typed(folder, "KEY=" + first[0], ". .local/hub.env", send)
    assert counts(json.loads(again)["data"]) == [("unchanged", 1)] * 4

    mali = Client(stack.hub_url, first[0])
    for document in blocks("docs/api.md", "graphql"):
        answer = mali.answer(document)
        assert "errors" not in answer, document


def test_the_partners_page_pulls_the_feed(stack: Stack, folder: Path) -> None:
    key = Client(stack.hub_url, stack.admin_key).key("partner")
    [pull] = [block for block in blocks("docs/partners.md", "sh") if "feed(" in block]
    feed = json.loads(typed(folder, pull, HUB_URL=stack.hub_url, HUB_KEY=key))["data"]["feed"]
    assert len(feed["nodes"]) <= int(feed["head"])
