"""The demo reports what an independent count of its files says; a second run changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.e2e import independent_count as independent
from tests.e2e.client import Client

ROOT = Path(__file__).parents[2]


def run_demo(stack: Stack) -> str:
    env = os.environ | {
        "HUB_URL": stack.hub_url,
        "HUB_ADMIN_KEY": stack.admin_key,
        "FOSCAO_HOME": str(stack.home),
    }
    done = subprocess.run(
        [sys.executable, "-m", "demo.sikasso"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def first_run(stack: Stack) -> str:
    return run_demo(stack)


@pytest.fixture(scope="module")
def mali(stack: Stack, first_run: str) -> Client:
    admin = Client(stack.hub_url, stack.admin_key)
    return Client(stack.hub_url, admin.key("chapter", "ML"))


def project() -> str:
    [row] = json.loads((independent.DATA / "projects.json").read_text(encoding="utf-8"))
    key: str = row["id"]
    return key


def test_the_four_figures_are_those_of_an_independent_count(mali: Client) -> None:
    figures = mali.figures(("GROUP", "SEX"), projectIds=[project()])
    counted = independent.figures_by_group_and_sex()
    assert figures == {name: dict(cells) for name, cells in counted.items()}


@pytest.mark.parametrize(
    ("first", "last"),
    [("2021-01-01", "2021-12-31"), ("2021-07-01", "2021-09-30"), ("2021-07-14", "2021-11-04")],
)
def test_a_period_by_age_is_that_of_an_independent_count(
    mali: Client, first: str, last: str
) -> None:
    period = {"from": first, "to": last, "projectIds": [project()]}
    counted = independent.figures_by_age(first, last)
    found = mali.figures(("AGE_BAND",), **period)
    assert found == {
        name: {(band,): count for band, count in cells.items()} for name, cells in counted.items()
    }


def test_the_share_of_women_in_dialogues_is_that_of_an_independent_count(mali: Client) -> None:
    document = """query($filter: ReportFilter) { report(filter: $filter) { figures {
        uniquePeople { total shares { of count known unknown share } } } } }"""
    filter = {"projectIds": [project()], "types": ["policy_dialogue"]}
    figure = mali.ask(document, filter=filter)["figures"]["uniquePeople"]
    women, known = independent.women_in_dialogues()
    assert figure["shares"][0] == {
        "of": "women",
        "count": women,
        "known": known,
        "unknown": figure["total"] - known,
        "share": round(women / known, 4),
    }


def test_the_totals_are_those_the_programme_speaks_of(mali: Client) -> None:
    def people(*types: str) -> int:
        return mali.figures(projectIds=[project()], types=list(types))["uniquePeople"][()]

    trained = people("technical_training", "advocacy_training")
    in_dialogue = people("policy_dialogue")
    assert trained == len(independent.people_present_at("technical_training", "advocacy_training"))
    assert in_dialogue == len(independent.people_present_at("policy_dialogue"))
    assert trained > 300
    assert in_dialogue > 50


def test_a_second_run_changes_nothing_and_says_so(
    stack: Stack, mali: Client, first_run: str
) -> None:
    before = mali.figures(("SEX",), projectIds=[project()])
    assert "Nothing changed" not in first_run
    assert "Nothing changed" in run_demo(stack)
    assert mali.figures(("SEX",), projectIds=[project()]) == before
