"""What a chapter relies on when it pushes, through the public endpoint and everything behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deploy.local.stack import Stack
from shared.ids import new_id
from tests.e2e.client import MOVE, PUSH, PUSH_PROJECTS, WITHDRAW, Client
from tests.stack import wait_for
from tests.world import graphql
from tests.world.graphql import activity, person, session, sheet
from tests.world.items import FIRST_DAY, LAST_DAY


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Client:
    return Client(stack.hub_url, stack.admin_key)


@pytest.fixture(scope="module")
def key(admin: Client) -> str:
    return admin.key("chapter", "GH")


@pytest.fixture(scope="module")
def ghana(stack: Stack, key: str) -> Client:
    return Client(stack.hub_url, key)


@pytest.fixture(scope="module")
def partner(stack: Stack, admin: Client) -> Client:
    return Client(stack.hub_url, admin.key("partner"))


@pytest.fixture
def project(ghana: Client) -> str:
    key = new_id()
    assert ghana.ask(PUSH_PROJECTS, items=[graphql.project(id=key)])["created"] == 1
    return key


def statuses(result: dict[str, Any]) -> set[str]:
    return {receipt["status"] for receipt in result["receipts"]}


def test_the_same_batch_from_two_clients_at_once_has_one_effect(
    stack: Stack, key: str, ghana: Client, project: str
) -> None:
    people = [person() for _ in range(60)]
    training = activity(project, sessions=[session()], announced={"total": 70})
    batch = {
        "participants": people,
        "activities": [training],
        "attendance": [sheet(training["sessions"][0]["id"], [p["id"] for p in people])],
    }
    clients = [Client(stack.hub_url, key) for _ in range(4)]
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda client: client.push(**batch), clients))
    for name, rows in (("participants", 60), ("activities", 1), ("attendance", 60)):
        assert sum(answer[name]["created"] for answer in answers) == rows, name
        assert sum(answer[name]["unchanged"] for answer in answers) == 3 * rows, name
    again = ghana.push(**batch)
    assert {s for part in again.values() for s in statuses(part)} == {"UNCHANGED"}
    wait_for(
        lambda: (
            ghana.figures(projectIds=[project])
            == {
                "announced": {(): 70},
                "personSessions": {(): 60},
                "uniquePerActivity": {(): 60},
                "uniquePeople": {(): 60},
            }
        ),
        20,
    )


def wrong_three() -> list[dict[str, Any]]:
    people = [person() for _ in range(500)]
    people[7]["birthYear"] = 2999
    people[250]["sex"] = "femlae"
    people[499]["consent"] = None
    return people


WRONG = [(7, "birthYear", "IN_FUTURE"), (250, "sex", "UNKNOWN_CODE"), (499, "consent", "REQUIRED")]


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["2999 lies in the future.", "femlae", "This field is required."]),
        ("fr", ["2999 est dans le futur.", "femlae", "Ce champ est obligatoire."]),
    ],
)
def test_of_500_people_497_are_in_and_3_receipts_tell_what_is_wrong(
    stack: Stack, key: str, language: str, texts: list[str]
) -> None:
    client = Client(stack.hub_url, key, language)
    people = wrong_three()
    result = client.push(participants=people)["participants"]
    assert (result["created"], result["rejected"]) == (497, 3)
    rejected = [receipt for receipt in result["receipts"] if receipt["status"] == "REJECTED"]
    told = [(r["row"], r["problems"][0]["field"], r["problems"][0]["code"]) for r in rejected]
    assert told == WRONG
    for receipt, text in zip(rejected, texts, strict=True):
        assert text in receipt["problems"][0]["message"]
    assert client.push(participants=people)["participants"]["unchanged"] == 497


def test_of_500_people_none_is_in_when_all_must_be(ghana: Client) -> None:
    people = wrong_three()
    result = ghana.push(participants=people, mode="ALL_OR_NOTHING")["participants"]
    assert (result["created"], result["rejected"]) == (0, 500)
    good = [p for index, p in enumerate(people) if index not in (7, 250, 499)]
    assert ghana.push(participants=good)["participants"]["created"] == 497


def test_all_or_nothing_holds_across_people_activities_and_attendance(
    ghana: Client, project: str
) -> None:
    people = [person() for _ in range(3)]
    training = activity(project, sessions=[session()], endsOn="2021-09-03")
    lists = {
        "participants": people,
        "activities": [training],
        "attendance": [sheet(training["sessions"][0]["id"], [p["id"] for p in people])],
    }
    refused = ghana.push(**lists, mode="ALL_OR_NOTHING")
    assert {s for part in refused.values() for s in statuses(part)} == {"REJECTED"}
    training["endsOn"] = LAST_DAY
    taken = ghana.push(**lists, mode="ALL_OR_NOTHING")
    assert {s for part in taken.values() for s in statuses(part)} == {"CREATED"}


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"type": "picnic"}, "type", "UNKNOWN_CODE"),
        ({"endsOn": "2021-09-05"}, "endsOn", "END_BEFORE_START"),
        ({"place": "Nampala"}, "place", "UNKNOWN_PLACE"),
        ({"startsOn": "06/09/2021"}, "startsOn", "INVALID_DATE"),
        ({"projectId": new_id()}, "projectId", "UNKNOWN_PROJECT"),
    ],
)
def test_a_wrong_activity_is_told_at_its_field_and_its_neighbour_is_stored(
    ghana: Client, project: str, wrong: dict[str, Any], field: str, code: str
) -> None:
    good, bad = activity(project), activity(project) | wrong
    result = ghana.push(activities=[bad, good])["activities"]
    assert [r["status"] for r in result["receipts"]] == ["REJECTED", "CREATED"]
    problem = result["receipts"][0]["problems"][0]
    assert (problem["field"], problem["code"]) == (field, code)
    assert problem["path"][:2] == ["activities", "0"]


def test_attendance_of_an_unknown_participant_is_rejected_alone(
    ghana: Client, project: str
) -> None:
    known = person()
    training = activity(project, sessions=[session()])
    ghana.push(participants=[known], activities=[training])
    rows = sheet(training["sessions"][0]["id"], [known["id"], new_id()])
    result = ghana.push(attendance=[rows])["attendance"]
    assert [r["status"] for r in result["receipts"]] == ["CREATED", "REJECTED"]
    assert result["receipts"][1]["problems"][0]["code"] == "UNKNOWN_PARTICIPANT"


def test_a_501st_item_is_refused_before_anything_is_stored(ghana: Client) -> None:
    people = [person() for _ in range(501)]
    answer = ghana.answer(PUSH, input={"participants": people})
    assert [e["extensions"]["code"] for e in answer["errors"]] == ["TOO_MANY_ITEMS"]
    assert ghana.push(participants=people[:500])["participants"]["created"] == 500


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"query": "{ me', 400, "BAD_JSON"),
        (b'{"query": "' + b" " * (3 * 1024 * 1024) + b'"}', 413, "BODY_TOO_LARGE"),
        (b'{"query": "{ nonsense }"}', 400, None),
    ],
)
def test_a_request_that_cannot_be_read_is_answered_with_a_code(
    ghana: Client, body: bytes, status: int, code: str | None
) -> None:
    response = ghana.http.post(
        "/graphql",
        content=body,
        headers={
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json",
        },
    )
    [error] = response.json()["errors"]
    assert response.status_code == status
    assert error["extensions"]["code"]
    assert code in (None, error["extensions"]["code"])


def test_a_wrong_key_and_a_foreign_chapter_see_nothing(
    stack: Stack, admin: Client, ghana: Client, project: str
) -> None:
    who = person()
    ghana.push(participants=[who])
    stranger = Client(stack.hub_url, "fhk_" + "x" * 43)
    assert stranger.http.post("/graphql", json={"query": "{ me { role } }"}).status_code == 401
    togo = Client(stack.hub_url, admin.key("chapter", "TG"))
    assert togo.ask("query($id: ID!) { participant(id: $id) { id } }", id=who["id"]) is None
    taken = togo.push(participants=[who])["participants"]["receipts"][0]
    assert taken["problems"][0]["code"] == "ID_TAKEN"
    assert togo.figures(projectIds=[project])["uniquePeople"] == {(): 0}
    operator = admin.answer("{ participants { nodes { id } } }")
    assert operator["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_moving_5_people_changes_just_their_cells_and_withdrawing_takes_all_out(
    ghana: Client, partner: Client, project: str
) -> None:
    people = [
        person(sex="female" if n % 2 else "male", birthYear=1970 + n, groups=["youth"])
        for n in range(20)
    ]
    ids = [p["id"] for p in people]
    days = [session(on=FIRST_DAY), session(on=LAST_DAY)]
    first = activity(project, sessions=days, announced={"total": 25})
    second = activity(project, sessions=[session()], announced={"total": 5})
    ghana.push(participants=people, activities=[first, second])
    wait_for(lambda: {first["id"], second["id"]} <= {i["subject"] for i in partner.feed()[0]}, 20)
    _, mark = partner.feed()
    ghana.push(attendance=[sheet(days[0]["id"], ids), sheet(days[1]["id"], ids[:10])])

    def of(*activities: dict[str, Any]) -> dict[str, dict[Any, int]]:
        return ghana.figures(("SEX",), activityIds=[a["id"] for a in activities])

    def settled(sessions_in_first: int, sessions_in_second: int) -> bool:
        return (
            sum(of(first)["personSessions"].values()) == sessions_in_first
            and sum(of(second)["personSessions"].values()) == sessions_in_second
        )

    wait_for(lambda: settled(30, 0), 20)
    before = of(first, second)
    moved = ghana.ask(
        MOVE, **{"from": days[1]["id"], "to": second["sessions"][0]["id"], "who": ids[:5]}
    )
    assert moved["rejected"] == 0
    wait_for(lambda: settled(25, 5), 20)
    after = of(first, second)
    # Person-sessions and people stay as they were; five people are now counted at two activities.
    assert after["personSessions"] == before["personSessions"]
    assert after["uniquePeople"] == before["uniquePeople"]
    assert after["announced"] == before["announced"]
    gained = {
        cell: after["uniquePerActivity"].get(cell, 0) - before["uniquePerActivity"].get(cell, 0)
        for cell in after["uniquePerActivity"]
    }
    assert gained == {("female",): 2, ("male",): 3}

    ghana.ask(WITHDRAW, items=[{"id": first["id"], "reason": "held by another chapter"}])
    wait_for(lambda: sum(of(first)["personSessions"].values()) == 0, 20)
    left = of(first, second)
    assert left["announced"] == {("unknown",): 5}
    assert left["personSessions"] == {("female",): 2, ("male",): 3}
    assert left["uniquePeople"] == {("female",): 2, ("male",): 3}

    def seen() -> list[str]:
        items, _ = partner.feed(mark)
        ours = {first["id"], days[0]["id"], days[1]["id"], second["sessions"][0]["id"]}
        return sorted({item["type"] for item in items if item["subject"] in ours})

    wait_for(lambda: "activity.withdrawn" in seen(), 20)
    assert seen() == ["activity.withdrawn", "attendance.corrected", "attendance.recorded"]
