"""The gazetteer as it is asked for: found, told apart, and where it lay."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from shared.caller import Caller
from tests.gateway_fakes import CHAPTER, FakeServices, context


async def ask(query: str, services: FakeServices | None = None, caller: Caller = CHAPTER) -> Any:
    document = Documents(schema()).get(query)
    return await execute(
        schema(),
        document.operation(None),
        document.fragments,
        {},
        context(
            services or FakeServices({"activities.find_places": lambda _: {"items": []}}),
            caller,
            lang="fr",
        ),
    )


async def read(
    query: str, services: FakeServices | None = None, caller: Caller = CHAPTER
) -> dict[str, Any]:
    result = await ask(query, services, caller)
    assert result.errors is None
    found: dict[str, Any] = result.data
    return found


async def test_a_search_answers_with_what_each_place_lies_in() -> None:
    found = await read("""{ gazetteer(text: "nampala") { totalCount nodes {
        id name level path { name } region { id iso pcode } } } }""")
    assert found["gazetteer"] == {
        "totalCount": 2,
        "nodes": [
            {
                "id": "ML.SEG.NIO.NAMPALA",
                "name": "Nampala",
                "level": "locality",
                "path": [{"name": "Niono"}, {"name": "Ségou"}, {"name": "Mali"}],
                "region": {"id": "ML.SEG", "iso": "ML-4", "pcode": "ML04"},
            },
            {
                "id": "ML.SIK.NAMPALA",
                "name": "Nampala",
                "level": "locality",
                "path": [{"name": "Sikasso"}, {"name": "Mali"}],
                "region": {"id": "ML.SIK", "iso": "ML-3", "pcode": "ML03"},
            },
        ],
    }


async def test_a_search_is_narrowed_by_country_level_and_unit() -> None:
    found = await read("""{
        towns: gazetteer(text: "SEGOU", level: locality) { nodes { id } }
        abroad: gazetteer(text: "segou", country: "GN") { nodes { id } }
        then: gazetteer(text: "kalana", within: "ML.06", on: "2021-06-14") { nodes { id } }
        now: gazetteer(text: "kalana", within: "ML.06") { nodes { id } }
        all: gazetteer(country: "ML", level: admin1) { totalCount }
        below: gazetteer(within: "GN.N", level: admin2) { totalCount } }""")
    assert found == {
        "towns": {"nodes": [{"id": "ML.SEG.SEG.SEGOU"}]},
        "abroad": {"nodes": []},
        "then": {"nodes": [{"id": "ML.SIK.YAN.KALANA"}]},
        "now": {"nodes": []},
        "all": {"totalCount": 20},
        "below": {"totalCount": 6},
    }


async def test_the_gazetteer_is_paged_from_both_ends() -> None:
    fields = "nodes { id } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }"
    asked = 'gazetteer(country: "TG", level: admin1'

    async def page(part: str) -> tuple[list[str], dict[str, Any]]:
        found = (await read(f"{{ {asked}, {part}) {{ {fields} }} }}"))["gazetteer"]
        return [each["id"] for each in found["nodes"]], found["pageInfo"]

    ids, first = await page("first: 2")
    assert (ids, first["hasNextPage"], first["hasPreviousPage"]) == (["TG.C", "TG.K"], True, False)
    ids, second = await page(f'first: 2, after: "{first["endCursor"]}"')
    assert (ids, second["hasNextPage"], second["hasPreviousPage"]) == (["TG.M", "TG.P"], True, True)
    ids, last = await page(f'first: 2, after: "{second["endCursor"]}"')
    assert (ids, last["hasNextPage"]) == (["TG.S"], False)
    ids, back = await page(f'last: 2, before: "{last["startCursor"]}"')
    assert (ids, back["hasPreviousPage"], back["hasNextPage"]) == (["TG.M", "TG.P"], True, True)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ gazetteer(text: "kalana", after: "no cursor") { nodes { id } } }', "BAD_CURSOR"),
        ('{ gazetteer(within: "Nampala") { nodes { id } } }', "UNKNOWN_PLACE"),
        ('{ gazetteer(text: "kalana", on: "2021-13-40") { nodes { id } } }', "INVALID_DATE"),
        ('{ place(id: "ML") { path(on: "2021-13-40") { id } } }', "INVALID_DATE"),
        ("{ gazetteer(first: 1, last: 1) { nodes { id } } }", "FIRST_AND_LAST"),
    ],
)
async def test_what_cannot_be_asked_is_told(query: str, code: str) -> None:
    result = await ask(query)
    assert [each.original_error.code for each in result.errors] == [code]


async def test_a_place_tells_where_it_lay_and_the_codes_others_know_it_by() -> None:
    found = await read("""{
        place(id: "ML.06.YAN") { id formerIds iso pcode label parent { id }
            then: parent(on: "2021-06-14") { id } region { id } was: region(on: "2021-06-14") { id }
            path(on: "2021-06-14") { id } }
        new: place(id: "ML.BOU") { iso pcode beganOn endedOn formerIds } }""")
    assert found == {
        "place": {
            "id": "ML.SIK.YAN",
            "formerIds": ["ML.06.YAN"],
            "iso": None,
            "pcode": "ML0306",
            "label": "Yanfolila, Bougouni, Mali",
            "parent": {"id": "ML.BOU"},
            "then": {"id": "ML.SIK"},
            "region": {"id": "ML.BOU"},
            "was": {"id": "ML.SIK"},
            "path": [{"id": "ML.SIK"}, {"id": "ML"}],
        },
        "new": {
            "iso": None, "pcode": "ML15", "beganOn": "2023-03-13", "endedOn": None, "formerIds": [],
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "label"),
    [
        ("2021-06-14", "Kalana, Yanfolila, Sikasso, Mali"),
        ("2024-06-14", "Kalana, Yanfolila, Bougouni, Mali"),
    ],
)
async def test_a_record_reads_by_the_region_of_its_day_and_never_by_an_old_id(
    day: str, label: str
) -> None:
    item = {
        "id": "a", "version": 1, "withdrawn": False, "starts_on": day,
        "place": "ML.06.YAN.KALANA", "type": "technical_training",
    }  # fmt: skip
    services = FakeServices({"activities.get_many": lambda _: {"items": [item]}})
    query = '{ activity(id: "a") { place { code label iso pcode } type { iso pcode } } }'
    assert (await read(query, services))["activity"] == {
        "place": {"code": "ML.SIK.YAN.KALANA", "label": label, "iso": None, "pcode": None},
        "type": {"iso": None, "pcode": None},
    }


async def test_the_feed_tells_a_regions_codes() -> None:
    item = {
        "cursor": "1", "id": "e", "type": "t", "subject": "s", "time": "2024-01-01T00:00:00Z",
        "data": {}, "place": "ML.SIK",
    }  # fmt: skip
    services = FakeServices(
        {"notifications.feed": lambda _: {"items": [item], "next": "1", "head": 1}}
    )
    found = await read("{ feed { nodes { place { code iso pcode } } } }", services)
    assert found["feed"]["nodes"] == [{"place": {"code": "ML.SIK", "iso": "ML-3", "pcode": "ML03"}}]
