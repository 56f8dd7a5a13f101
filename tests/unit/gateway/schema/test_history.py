"""Versions of records as clients read, compare and restore them."""

from __future__ import annotations

from typing import Any

from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from shared.errors import NotFound
from tests.gateway_fakes import FakeServices, context, listed

SESSION = "0197a000-0000-7000-8000-000000000004"


async def answered(services: FakeServices, query: str) -> dict[str, Any]:
    document = Documents(schema()).get(query)
    result = await execute(
        schema(), document.operation(None), document.fragments, {}, context(services, lang="en")
    )
    assert result.errors is None
    assert result.data is not None
    return result.data


async def test_a_record_reads_as_it_was_in_a_version() -> None:
    item = {"id": "a", "version": 1, "withdrawn": False, "venue": "town hall"}
    services = FakeServices({"activities.version": lambda _: {"item": item}})

    shown = await answered(services, '{ activity(id: "a", version: 1) { version venue } }')

    assert shown["activity"] == {"version": 1, "venue": "town hall"}
    [asked] = services.asked("activities.version")
    assert {name: asked[name] for name in ("kind", "id", "version")} == {
        "kind": "activity",
        "id": "a",
        "version": 1,
    }


async def test_a_version_that_there_is_not_is_null() -> None:
    def none(_: Any) -> Any:
        raise NotFound

    services = FakeServices({"activities.version": none})
    shown = await answered(services, '{ organisation(id: "a", version: 7) { id } }')
    assert shown == {"organisation": None}


async def test_the_history_shows_each_version_under_its_type() -> None:
    step = {
        "version": 3,
        "kind": "corrected",
        "at": "2024-01-01T00:00:00Z",
        "actor": None,
        "reason": None,
        "restored": 1,
        "record": {"id": "o", "version": 3, "withdrawn": False, "name": "GPPAC"},
    }
    services = FakeServices({"activities.history": lambda _: listed(step)})
    query = """{ history(of: ORGANISATION, id: "o", first: 5) { nodes {
        version kind actor reason restored organisation { name } activity { id } } } }"""

    shown = await answered(services, query)

    [node] = shown["history"]["nodes"]
    assert node == {
        "version": 3,
        "kind": "corrected",
        "actor": None,
        "reason": None,
        "restored": 1,
        "organisation": {"name": "GPPAC"},
        "activity": None,
    }
    assert services.asked("activities.history")[0]["first"] == 5


async def test_a_comparison_names_paths_as_clients_do() -> None:
    items = [
        {"path": f"sessions.{SESSION}.title", "before": "a", "after": None},
        {"path": "starts_on", "before": "2024-01-01", "after": "2024-01-02"},
    ]
    services = FakeServices({"activities.compare": lambda _: {"items": items}})
    query = '{ compare(of: ACTIVITY, id: "a", from: 1, to: 2) { field before after } }'

    shown = await answered(services, query)

    assert shown["compare"] == [
        {"field": f"sessions.{SESSION}.title", "before": '"a"', "after": None},
        {"field": "startsOn", "before": '"2024-01-01"', "after": '"2024-01-02"'},
    ]
    [asked] = services.asked("activities.compare")
    assert (asked["from"], asked["to"]) == (1, 2)


async def test_who_withdrew_a_record_reads_with_it() -> None:
    withdrawal = {"at": "2024-01-01T00:00:00Z", "by": "k1", "reason": "twice"}
    item = {"id": "o", "version": 2, "withdrawn": True}
    query = '{ organisation(id: "o") { withdrawn withdrawal { by reason } } }'

    mine = FakeServices({"activities.get_many": lambda _: {"items": [{**item, "withdrawal": withdrawal}]}})  # fmt: skip  # noqa: E501
    shown = await answered(mine, query)
    assert shown["organisation"]["withdrawal"] == {"by": "k1", "reason": "twice"}
    theirs = FakeServices({"activities.get_many": lambda _: {"items": [item]}})
    shown = await answered(theirs, query)
    assert shown["organisation"] == {"withdrawn": True, "withdrawal": None}


async def test_a_restoration_is_told_by_receipts() -> None:
    problem = {"code": "NO_SUCH_VERSION", "path": ["version"], "params": {"version": 9}}
    receipt = {"row": 0, "id": "a", "status": "REJECTED", "version": None, "problems": [problem]}
    services = FakeServices({"activities.restore": lambda _: {"pushes": [{"receipts": [receipt]}]}})
    push_id = "0197a000-0000-7000-8000-000000000010"
    query = f"""mutation {{ restoreConcerns(pushId: "{push_id}", dryRun: true, items: [
        {{id: "a", version: 9, reason: "wrong", expectedVersion: 3}}]) {{
        rejected dryRun receipts {{ problems {{ field path message }} }} }} }}"""

    shown = await answered(services, query)

    assert shown["restoreConcerns"]["rejected"] == 1
    [told] = shown["restoreConcerns"]["receipts"][0]["problems"]
    assert told["path"] == ["items", "0", "version"]
    assert told["message"] == "No version 9 of this record is kept."
    [asked] = services.asked("activities.restore")
    [push] = asked["pushes"]
    assert (asked["kind"], push["push_id"], push["dry_run"]) == ("concern", push_id, True)
    assert push["items"] == [{"id": "a", "version": 9, "reason": "wrong", "expected_version": 3}]
