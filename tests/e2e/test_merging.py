"""Two records of one person, made one and separated again through the whole hub: every sheet, every
figure and total follows, and no id stops working."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from deploy.local.stack import Stack
from shared.ids import new_id
from tests.e2e.client import COUNTS, PUSH_PROJECTS, Client
from tests.e2e.test_audit import foscao_audit
from tests.stack import wait_for
from tests.world import graphql
from tests.world.graphql import activity, nomination, person, session

WHY = "the same telephone, the same mother"
MERGE = f"""mutation($winner: ID!, $losers: [ID!]!, $reason: String!, $dryRun: Boolean) {{
  mergeParticipants(winner: $winner, losers: $losers, reason: $reason, dryRun: $dryRun) {{
    result {{ {COUNTS} }} fields {{ field from value says {{ id value }} }}
    doubled {{ target nominations }} }} }}"""
SEPARATE = f"""mutation($losers: [ID!]!, $reason: String!) {{
  separateParticipants(losers: $losers, reason: $reason) {{ result {{ {COUNTS} }}
    fields {{ id field became }} }} }}"""
NOMINATE = f"""mutation($items: [NominationInput!]!) {{
  nominateParticipants(items: $items) {{ {COUNTS} }} }}"""
REGISTER = f"""mutation($items: [ParticipantInput!]!) {{
  registerParticipants(items: $items) {{ {COUNTS} }} }}"""
STANDING = f"""mutation($items: [TombstoneInput!]!) {{ %s(items: $items) {{ {COUNTS} }} }}"""
WITHDRAW, REINSTATE = (
    STANDING % name for name in ("withdrawParticipants", "reinstateParticipants")
)
PERSON = "query($id: ID!) { participant(id: $id) { id phone withdrawn mergedIds } }"
PRESENT = "query($id: ID!) { activity(id: $id) { sessions { present } } }"
OUTPUTS = """query($project: ID!) { outputs(filter: {projectIds: [$project]}) {
  tests { preN postN n unpaired gainMean } nominations { code { code } count } } }"""


class Told(NamedTuple):
    """What the hub says of the doubled person's activities, wherever it says it."""

    present: tuple[int, ...]
    """Of each session, by `Session.present`, which the feed's last total must be."""
    person_sessions: int
    per_activity: int
    people: int
    tests: tuple[int, ...]
    """Before, after, both, one alone."""
    nominations: int


APART = Told(
    (3, 1, 1), person_sessions=5, per_activity=4, people=3, tests=(1, 1, 0, 2), nominations=2
)
ONE = Told(
    (2, 1, 1), person_sessions=4, per_activity=3, people=2, tests=(1, 1, 1, 0), nominations=1
)
GONE = Told(
    (1, 0, 0), person_sessions=1, per_activity=1, people=1, tests=(0, 0, 0, 0), nominations=0
)


class Doubled:
    """One person under two ids, with somebody else: both on one sheet, each on one of its own; the
    score before stands under the one, the score after under the other; both are nominated."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.project = new_id()
        client.ask(PUSH_PROJECTS, items=[graphql.project(id=self.project)])
        self.people = [person(phone="+221 77 000 00 01"), person(), person(birthYear=1971)]
        self.winner, self.loser, self.other = (each["id"] for each in self.people)
        self.activities = [
            activity(self.project, sessions=[session(), session()]),
            activity(self.project, sessions=[session()]),
        ]
        self.sessions = [each["id"] for one in self.activities for each in one["sessions"]]
        first, second, third = self.sessions
        client.push(
            participants=self.people,
            activities=self.activities,
            attendance=[
                rows(first, {self.winner: {"preScore": 40}, self.loser: {"postScore": 75}}),
                rows(first, {self.other: {}}),
                rows(second, {self.winner: {}}),
                rows(third, {self.loser: {}}),
            ],
        )
        proposed = [
            nomination(each, activityId=self.activities[0]["id"])
            for each in (self.winner, self.loser)
        ]
        assert client.ask(NOMINATE, items=proposed)["created"] == 2

    def told(self) -> Told | None:
        """None while two places still say different things."""
        present = tuple(
            each["present"]
            for one in self.activities
            for each in self.client.ask(PRESENT, id=one["id"])["sessions"]
        )
        figures = self.client.figures(projectIds=[self.project])
        outputs = self.client.ask(OUTPUTS, project=self.project)
        if present != self.in_feed():
            return None
        tests = outputs["tests"]
        return Told(
            present,
            person_sessions=figures["personSessions"][()],
            per_activity=figures["uniquePerActivity"][()],
            people=figures["uniquePeople"][()],
            tests=tuple(tests[name] for name in ("preN", "postN", "n", "unpaired")),
            nominations=sum(each["count"] for each in outputs["nominations"]),
        )

    def in_feed(self) -> tuple[int, ...]:
        """The last total of each session, which what came and went before must add up to."""
        last, added = dict.fromkeys(self.sessions, 0), dict.fromkeys(self.sessions, 0)
        items, _ = self.client.feed()
        for item in items:
            if item["type"].startswith("attendance.") and item["subject"] in last:
                data = item["data"]
                last[item["subject"]] = data["present_total"]
                added[item["subject"]] += data["present_added"] - data["present_removed"]
        assert added == last
        return tuple(last.values())

    def comes_to(self, told: Told) -> None:
        wait_for(lambda: self.told() == told, 20)

    def merge(self, **how: Any) -> Any:
        return self.client.ask(MERGE, winner=self.winner, losers=[self.loser], reason=WHY, **how)


def rows(session_id: str, people: dict[str, dict[str, Any]]) -> dict[str, Any]:
    said = [{"participantId": key, "status": "present", **row} for key, row in people.items()]
    return {"sessionId": session_id, "rows": said}


def statuses(result: dict[str, Any]) -> list[str]:
    return [receipt["status"] for receipt in result["receipts"]]


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Client:
    return Client(stack.hub_url, stack.admin_key)


@pytest.fixture(scope="module")
def senegal(stack: Stack, admin: Client) -> Client:
    return Client(stack.hub_url, admin.key("chapter", "SN"))


@pytest.fixture(scope="module")
def doubled(senegal: Client) -> Doubled:
    return Doubled(senegal)


def test_all_follows_when_two_records_become_one_and_when_they_part(doubled: Doubled) -> None:
    doubled.comes_to(APART)

    foreseen = doubled.merge(dryRun=True)
    assert statuses(foreseen["result"]) == ["UPDATED", "UPDATED"]
    [target] = foreseen["doubled"]
    assert (target["target"], len(target["nominations"])) == (doubled.activities[0]["id"], 2)
    phone = next(each for each in foreseen["fields"] if each["field"] == "phone")
    assert phone["from"] == doubled.winner
    assert doubled.told() == APART, "a dry run changes nothing"

    assert doubled.merge()["fields"] == foreseen["fields"]
    assert statuses(doubled.merge()["result"]) == ["UNCHANGED", "UNCHANGED"]
    doubled.comes_to(ONE)

    old_ids_go_on(doubled)
    doubled.comes_to(ONE)

    tombstone = [{"id": doubled.loser, "reason": "asked for it"}]
    assert doubled.client.ask(WITHDRAW, items=tombstone)["updated"] == 1
    doubled.comes_to(GONE)
    assert doubled.client.ask(REINSTATE, items=tombstone)["updated"] == 1
    doubled.comes_to(ONE)

    separated = doubled.client.ask(SEPARATE, losers=[doubled.loser], reason="sisters")
    assert statuses(separated["result"]) == ["UPDATED"]
    doubled.comes_to(APART)
    read = doubled.client.ask(PERSON, id=doubled.loser)
    assert (read["id"], read["mergedIds"]) == (doubled.loser, [])


def old_ids_go_on(doubled: Doubled) -> None:
    """The id of the record that is not kept reads, corrects and attends as the person."""
    client = doubled.client
    read = client.ask(PERSON, id=doubled.loser)
    assert (read["id"], read["mergedIds"]) == (doubled.winner, [doubled.loser])
    pushed = client.ask(REGISTER, items=[{"id": doubled.loser, "phone": "+221 77 000 00 02"}])
    assert statuses(pushed) == ["UPDATED"]
    assert client.ask(PERSON, id=doubled.winner)["phone"].endswith("02")
    attended = client.push(attendance=[rows(doubled.sessions[1], {doubled.loser: {}})])
    assert attended["attendance"]["rejected"] == 0
    removed = {
        "sessionId": doubled.sessions[1],
        "rows": [{"participantId": doubled.loser, "status": "absent"}],
    }
    doubled.comes_to(ONE)  # once on the sheet, under two ids
    assert client.push(attendance=[removed])["attendance"]["rejected"] == 0


def test_a_change_in_life_moves_the_figures_from_its_day_on(senegal: Client) -> None:
    project, years = new_id(), ("2021", "2026")
    senegal.ask(PUSH_PROJECTS, items=[graphql.project(id=project)])
    who = person(groups=["youth"])
    days = [f"{year}-03-02" for year in years]
    held = [activity(project, startsOn=day, endsOn=day, sessions=[session(on=day)]) for day in days]
    sheets = [rows(each["sessions"][0]["id"], {who["id"]: {}}) for each in held]
    pushed = senegal.push(participants=[who], activities=held, attendance=sheets)
    assert {s for part in pushed.values() for s in statuses(part)} == {"CREATED"}, json.dumps(
        pushed
    )

    def groups(year: str) -> dict[Any, int]:
        period = {"from": f"{year}-01-01", "to": f"{year}-12-31"}
        return senegal.figures(("GROUP",), projectIds=[project], **period)["uniquePeople"]

    wait_for(lambda: [groups(each) for each in years] == [{("youth",): 1}] * 2, 20)
    change = {"id": who["id"], "since": "2026-01-10", "groups": ["community_leader"]}
    assert statuses(senegal.ask(REGISTER, items=[change])) == ["UPDATED"]
    wait_for(lambda: groups("2026") == {("community_leader",): 1}, 20)
    assert groups("2021") == {("youth",): 1}

    double = person(groups=["womens_group"])
    senegal.push(participants=[double])
    merged = senegal.ask(MERGE, winner=double["id"], losers=[who["id"]], reason=WHY)
    assert statuses(merged["result"]) == ["UPDATED", "UPDATED"]
    wait_for(lambda: groups("2026") == {("womens_group",): 1}, 20)
    assert senegal.ask(SEPARATE, losers=[who["id"]], reason="cousins")["result"]["rejected"] == 0
    wait_for(lambda: groups("2026") == {("community_leader",): 1}, 20)
    assert groups("2021") == {("youth",): 1}


def test_the_hub_is_clean_after_all_this(stack: Stack, doubled: Doubled) -> None:
    wait_for(lambda: foscao_audit(stack, "--strict").returncode == 0, 30)
