"""Tools that write or check clients by the schema take it as it is; what they send is answered.

ariadne-codegen stands for generators, gql for clients that read the schema from the hub itself and
check each request against it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ariadne_codegen.main import client as generate
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from graphql import GraphQLError

from tests.gateway_fakes import FakeServices, accept, asking, before, listed

SCHEMA = Path(__file__).parents[4] / "gateway" / "schema.graphql"
ID = "0197a0c2-5b1e-7cc3-9d27-2f1c3a5e8d01"
OPERATIONS = """
query activity($id: ID!) {
  activity(id: $id) { id version startsOn createdAt title { in(lang: pt) } sessions { id on } }
}
query activities($filter: ActivityFilter, $first: Int) {
  activities(filter: $filter, first: $first) { nodes { id } pageInfo { endCursor hasNextPage } }
}
query webhooks { webhooks { nodes { id state behind } } }
mutation push($input: PushActivitiesInput!) {
  pushActivities(input: $input) { activities { created receipts { id status problems { code } } } }
}
"""
ACTIVITY = {
    "id": ID,
    "version": 1,
    "withdrawn": False,
    "starts_on": "2024-03-09",
    "created_at": "2024-03-10T14:30:00.250Z",
    "title": {"pt": "Formação"},
    "sessions": [{"id": ID, "on": "2024-03-09"}],
}


@pytest.fixture
def services() -> FakeServices:
    return FakeServices(
        {
            "activities.get_many": lambda _: {"items": [ACTIVITY]},
            "activities.list": lambda _: listed(ACTIVITY),
            "activities.push": accept(),
        }
    )


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The client that is generated from the checked-in schema."""
    (tmp_path / "operations.graphql").write_text(OPERATIONS, encoding="utf-8")
    scalars: Mapping[str, Any] = {
        "Date": {"type": "datetime.date"},
        "DateTime": {"type": "datetime.datetime"},
        "Data": {"type": "Any"},
    }
    settings = {
        "schema_path": str(SCHEMA),
        "queries_path": str(tmp_path / "operations.graphql"),
        "target_package_path": str(tmp_path),
        "target_package_name": "generated_hub_client",
        "scalars": scalars,
    }
    write_client: Callable[[dict[str, Any]], object] = generate
    write_client({"tool": {"ariadne-codegen": settings}})
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("generated_hub_client")
    for name in [each for each in sys.modules if each.startswith("generated_hub_client")]:
        del sys.modules[name]


async def test_a_generated_client_reads_days_moments_and_enums_as_what_they_are(
    package: ModuleType, services: FakeServices
) -> None:
    async with asking(services, authorization="Bearer chapter") as http:
        hub = package.Client(url="http://hub/graphql", http_client=http)
        found = (await hub.activity(id=ID)).activity
        answer = await hub.activities(filter_=package.ActivityFilter(from_=date(2024, 1, 1)))
    assert (found.id, found.version, found.starts_on) == (ID, 1, date(2024, 3, 9))
    assert found.created_at == datetime(2024, 3, 10, 14, 30, 0, 250_000, UTC)
    assert (found.title.in_, found.sessions[0].on) == ("Formação", date(2024, 3, 9))
    assert [each.id for each in answer.activities.nodes] == [ID]
    [asked] = services.asked("activities.list")
    assert (asked["filter"], asked.get("first")) == ({"from": "2024-01-01"}, None)
    assert {each.value for each in package.WebhookState} == {
        "active", "failing", "paused", "disabled", "revoked",
    }  # fmt: skip


async def test_a_generated_client_pushes_what_it_was_given_and_nothing_else(
    package: ModuleType, services: FakeServices
) -> None:
    row = package.ActivityInput(id=ID, starts_on=date(2024, 3, 9), venue=None)
    async with asking(services, authorization="Bearer chapter") as http:
        hub = package.Client(url="http://hub/graphql", http_client=http)
        answer = await hub.push(
            input=package.PushActivitiesInput(activities=[row], mode=None, dry_run=None)
        )
    [receipt] = answer.push_activities.activities.receipts
    assert (receipt.id, receipt.status) == (ID, package.ReceiptStatus.CREATED)
    [push] = services.asked("activities.push")[0]["pushes"]
    assert push["items"] == [{"id": ID, "starts_on": "2024-03-09"}]
    assert (push["mode"], push["dry_run"]) == ("per_item", False)


async def test_a_client_that_reads_the_schema_from_the_hub_checks_requests_against_it(
    services: FakeServices,
) -> None:
    transport = HTTPXAsyncTransport(
        "http://hub/graphql",
        transport=before(services),
        headers={"authorization": "Bearer chapter"},
    )
    text = "query($id: %s) { activity(id: $id) { id startsOn } }"
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        found = await session.execute(GraphQLRequest(text % "ID!", variable_values={"id": ID}))
        assert found == {"activity": {"id": ID, "startsOn": "2024-03-09"}}
        with pytest.raises(GraphQLError, match="expecting type 'ID!'"):
            await session.execute(GraphQLRequest(text % "String!", variable_values={"id": ID}))
