"""Places that chapters added: read by their names wherever they stand, found among the others, and
known to no partner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from shared.caller import Caller
from shared.codes.places import pushed_id
from shared.ids import new_id
from tests.gateway_fakes import CHAPTER, FakeServices, accept, context, listed

SITE, OTHER, GONE = (new_id() for _ in range(3))
SITE_ID, OTHER_ID = pushed_id("ML.SIK.YAN", SITE), pushed_id("ML.SIK.YAN", OTHER)
PARTNER = Caller("partner", None, "k2")
FRAME = {
    "version": 1, "withdrawn": False, "chapter": "ML", "parent": "ML.SIK.YAN",
    "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z",
}  # fmt: skip
RECORDS: Mapping[str, dict[str, Any]] = {
    SITE: {
        **FRAME, "id": SITE, "name": "Fodjélé", "names": {"en": "Fodjele mine"},
        "kind": "mining_site", "lat": 10.8, "lon": -8.2, "aliases": ["Fodié"],
    },
    OTHER: {**FRAME, "id": OTHER, "name": "Foro", "kind": "mining_site", "same_as": SITE_ID},
}  # fmt: skip


def services(*activities: dict[str, Any], found: list[str] | None = None) -> FakeServices:
    def get_many(request: Mapping[str, Any]) -> Any:
        return {"items": [RECORDS[each] for each in request["ids"] if each in RECORDS]}

    return FakeServices(
        {
            "activities.get_many": get_many,
            "activities.list": lambda _: listed(*activities),
            "activities.find_places": lambda _: {"items": found or []},
            "activities.same_places": lambda r: {"items": [*r["ids"], OTHER_ID]},
            "participants.list": lambda _: listed(),
            "participants.push": accept(),
        }
    )


async def read(
    query: str, behind: FakeServices, caller: Caller = CHAPTER, lang: str = "fr", **asked: Any
) -> dict[str, Any]:
    document = Documents(schema()).get(query)
    told = context(behind, caller, lang=lang)
    result = await execute(
        schema(), document.operation(None), document.fragments, dict(asked), told
    )
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


def activity(place: str, day: str = "2021-06-14") -> dict[str, Any]:
    return {"id": new_id(), "starts_on": day, "place": place}


async def test_records_tell_an_added_place_by_its_name_with_the_region_of_the_day() -> None:
    behind = services(activity(SITE_ID), activity(SITE_ID, "2024-06-14"), activity("ML.SIK"))
    query = "{ activities { nodes { place { code label } } } }"
    shown = await read(query, behind)
    assert [each["place"] for each in shown["activities"]["nodes"]] == [
        {"code": SITE_ID, "label": "Fodjélé, Yanfolila, Sikasso, Mali"},
        {"code": SITE_ID, "label": "Fodjélé, Yanfolila, Bougouni, Mali"},
        {"code": "ML.SIK", "label": "Sikasso, Mali"},
    ]
    assert [each["ids"] for each in behind.asked("activities.get_many")] == [[SITE]], "asked once"
    english = await read(query, services(activity(SITE_ID)), lang="en")
    [only] = english["activities"]["nodes"]
    assert only["place"]["label"] == "Fodjele mine, Yanfolila, Sikasso, Mali"


async def test_a_place_that_turned_out_to_be_another_reads_as_that() -> None:
    items = {"id": "p", "places": [OTHER_ID, "ML"]}
    shown = await read("{ projects { nodes { places { code label } } } }", services(items))
    assert shown["projects"]["nodes"] == [
        {
            "places": [
                {"code": SITE_ID, "label": "Fodjélé, Yanfolila, Bougouni, Mali"},
                {"code": "ML", "label": "Mali"},
            ]
        }
    ]


async def test_a_place_that_is_not_there_any_more_reads_as_what_it_lay_in() -> None:
    lost = pushed_id("ML.SIK.YAN", GONE)
    shown = await read("{ activities { nodes { place { label } } } }", services(activity(lost)))
    assert shown["activities"]["nodes"] == [{"place": {"label": "Yanfolila, Sikasso, Mali"}}]


SEARCH = """{ gazetteer(text: "foro") { totalCount nodes { id name label level kind { code }
    lat aliases pushed { id chapter { code } } path { id } } }
  places(search: "foro") { id } }"""


async def test_a_search_finds_what_the_gazetteer_has_and_behind_it_what_chapters_added() -> None:
    behind = services(found=[SITE_ID, "ML.SIK.YAN.KALANA"])
    shown = await read(SEARCH, behind)
    nodes = shown["gazetteer"]["nodes"]
    assert shown["gazetteer"]["totalCount"] == len(nodes) == len(shown["places"])
    assert [each["id"] for each in nodes][-2:] == [SITE_ID, "ML.SIK.YAN.KALANA"]
    assert nodes[-2] == {
        "id": SITE_ID,
        "name": "Fodjélé",
        "label": "Fodjélé, Yanfolila, Bougouni, Mali",
        "level": "locality",
        "kind": {"code": "mining_site"},
        "lat": 10.8,
        "aliases": ["Fodié"],
        "pushed": {"id": SITE, "chapter": {"code": "ML"}},
        "path": [{"id": "ML.SIK.YAN"}, {"id": "ML.BOU"}, {"id": "ML"}],
    }


async def test_partners_find_and_read_none_of_them() -> None:
    behind = services(found=[SITE_ID])
    shown = await read(SEARCH, behind, PARTNER)
    assert all(each["pushed"] is None for each in shown["gazetteer"]["nodes"])
    document = Documents(schema()).get(f'{{ place(id: "{SITE_ID}") {{ name }} }}')
    told = context(behind, PARTNER)
    result: Any = await execute(schema(), document.operation(None), document.fragments, {}, told)
    assert [each.original_error.code for each in result.errors] == ["UNKNOWN_PLACE"]
    assert behind.calls == []


async def test_a_search_by_kind_asks_for_that_kind_alone() -> None:
    behind = services(found=[SITE_ID])
    query = '{ gazetteer(text: "kalana", kind: "mining_site", within: "ML.BOU") { nodes { id } } }'
    shown = await read(query, behind)
    assert shown["gazetteer"]["nodes"] == [{"id": SITE_ID}]
    [asked] = behind.asked("activities.find_places")
    assert (asked["kinds"], asked["within"]) == (["mining_site"], ["ML.BOU"])


async def test_one_place_is_read_by_its_id_in_records_and_by_its_own() -> None:
    query = f"""{{ place(id: "{SITE_ID}") {{ name kind {{ code }} pushed {{ placeId }} }}
        pushedPlace(id: "{SITE}") {{ placeId parent {{ label }} names {{ en }} }} }}"""
    assert await read(query, services()) == {
        "place": {
            "name": "Fodjélé", "kind": {"code": "mining_site"}, "pushed": {"placeId": SITE_ID},
        },
        "pushedPlace": {
            "placeId": SITE_ID,
            "parent": {"label": "Yanfolila, Bougouni, Mali"},
            "names": {"en": "Fodjele mine"},
        },
    }  # fmt: skip


REGISTER = (
    "mutation($items: [ParticipantInput!]!) { registerParticipants(items: $items) { created } }"
)


async def test_people_are_sent_with_what_there_is_of_the_added_places_they_live_in() -> None:
    behind = services()
    people = [{"id": new_id(), "place": each} for each in (SITE_ID, "ML.SIK", f" {SITE_ID}", None)]
    await read(REGISTER, behind, items=people)
    assert [name for name, _ in behind.calls] == ["activities.get_many", "participants.push"]
    [push] = behind.asked("participants.push")[0]["pushes"]
    assert push["places"] == {SITE_ID: False}


async def test_people_who_live_in_the_gazetteer_cost_no_further_question() -> None:
    behind = services()
    await read(REGISTER, behind, items=[{"id": new_id(), "place": "ML.SIK.YAN.KALANA"}])
    assert [name for name, _ in behind.calls] == ["participants.push"]


async def test_people_are_found_by_all_that_is_the_same_place() -> None:
    behind = services()
    query = "query($at: ID) { participants(filter: {place: $at}) { nodes { id } } }"
    await read(query, behind, at=SITE_ID)
    await read(query, behind, at="ML.SIK")
    narrowed, plain = (each["filter"] for each in behind.asked("participants.list"))
    assert narrowed == {"place": SITE_ID, "places": [SITE_ID, OTHER_ID]}
    assert plain == {"place": "ML.SIK"}
