"""A chapter whose lists have no ids of the hub's kind sends them as the guide shows, again and
again, and fetches what has changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.e2e.client import Client

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```graphql\n(.*?)```", GUIDE, re.DOTALL)
PUSH = next(each for each in SHOWN if "mutation" in each and "externalRefs" in each)
READ = next(each for each in SHOWN if "query" in each and "externalRefs" in each)
COUNTS = "created updated unchanged rejected"
COUNTED = PUSH.replace(
    "{ attendance { created rejected } }",
    f"{{ participants {{ {COUNTS} }} activities {{ {COUNTS} }} attendance {{ {COUNTS} }} }}",
)
CHANGED = """query($since: DateTime) { activities(filter: {updatedSince: $since}) {
  asOf nodes { id sessions { externalRefs { system key } present } project { id } } } }"""


@pytest.fixture(scope="module")
def mali(stack: Stack) -> Client:
    admin = Client(stack.hub_url, stack.admin_key)
    return Client(stack.hub_url, admin.key("chapter", "ML"))


def pushed(client: Client, document: str) -> dict[str, Any]:
    answer = client.answer(document)
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


def test_the_guides_list_is_sent_twice_and_nothing_is_there_twice(mali: Client) -> None:
    first, again = pushed(mali, COUNTED), pushed(mali, COUNTED)
    one, two = (each["pushProjects"]["receipts"][0] for each in (first, again))
    assert (one["status"], two["status"], one["id"]) == ("CREATED", "UNCHANGED", two["id"])
    for name, counts in first["pushActivities"].items():
        assert counts == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 0}, name
    for name, counts in again["pushActivities"].items():
        assert counts == {"created": 0, "updated": 0, "unchanged": 1, "rejected": 0}, name
    page = mali.ask(CHANGED)
    [activity] = [each for each in page["nodes"] if each["project"]["id"] == one["id"]]
    by_key = {each["externalRefs"][0]["key"]: each["present"] for each in activity["sessions"]}
    assert by_key == {"A-12/1": 1, "A-12/2": 0}
    later = mali.ask(CHANGED, since=page["asOf"])  # what was changed within a minute comes again
    assert activity["id"] in [each["id"] for each in later["nodes"]]
    assert mali.ask(CHANGED, since="2100-01-01T00:00:00+01:00")["nodes"] == []


def test_what_the_guide_asks_for_is_answered(mali: Client) -> None:
    pushed(mali, PUSH)
    found = pushed(mali, READ)
    assert len(found["participants"]["nodes"]) == 1
    assert found["activities"]["asOf"] > "2021"
    assert found["organisations"]["nodes"] == []


def test_a_trial_of_the_whole_list_stores_nothing_and_foresees_all(stack: Stack) -> None:
    admin = Client(stack.hub_url, stack.admin_key)
    benin = Client(stack.hub_url, admin.key("chapter", "BJ"))
    project = PUSH[: PUSH.index("pushActivities")] + "}"
    pushed(benin, project)
    tried = COUNTED[: COUNTED.index("pushProjects")] + COUNTED[COUNTED.index("pushActivities") :]
    tried = tried.replace("input: {", "input: { dryRun: true, mode: ALL_OR_NOTHING", 1)
    for counts in pushed(benin, tried)["pushActivities"].values():
        assert counts == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 0}
    assert benin.ask(CHANGED)["nodes"] == []
