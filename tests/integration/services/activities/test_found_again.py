"""Records are found again by what they are called elsewhere, by what changed since, and
organisations by the beginnings of words, however they are written."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.activities.handlers import reading
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.errors import Refused
from shared.times import rfc3339
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    World,
    statuses,
)
from tests.walking import plans, walk
from tests.world import items


def found(world: World, kind: str, caller: Caller = MALI, **filters: Any) -> set[str]:
    asked = {"caller": caller.to_dict(), "kind": kind, "filter": filters}
    return {each["id"] for each in walk(lambda **p: reading.list_page({**asked, **p}, world.store))}


def kobo(*keys: str) -> list[dict[str, str]]:
    return [{"system": "kobo", "key": key} for key in keys]


def number(value: str) -> list[dict[str, str]]:
    return [{"system": "register", "value": value}]


@pytest.mark.parametrize("kind", ["project", "organisation", "concern"])
def test_records_are_found_by_keys_and_by_identifiers(world: World, kind: str) -> None:
    make: Any = getattr(items, kind)
    one = make(external_refs=kobo("1"), identifiers=number("7"))
    two = make(external_refs=kobo("2"), identifiers=number("7"))
    world.push([one, two], kind=kind)
    assert found(world, kind, external_refs=kobo("1", "9")) == {one["id"]}
    assert found(world, kind, external_refs=[{"system": " Kobo", "key": "2 "}]) == {two["id"]}
    assert found(world, kind, identifiers=number("7")) == {one["id"], two["id"]}
    assert found(world, kind, identifiers=number("7"), external_refs=kobo("2")) == {two["id"]}
    assert found(world, kind, external_refs=[]) == set()
    assert found(world, kind, SECRETARIAT, external_refs=kobo("1")) == {one["id"]}


def test_a_key_finds_nothing_of_another_chapter(world: World) -> None:
    world.push([items.organisation(external_refs=kobo("1"), identifiers=number("7"))],
               kind="organisation", caller=NIGER)  # fmt: skip
    assert found(world, "organisation", external_refs=kobo("1")) == set()
    assert len(found(world, "organisation", identifiers=number("7"))) == 1  # the registry is public


def test_an_organisation_is_found_by_its_own_identifier_in_any_system(world: World) -> None:
    said = items.organisation(identifier="ML-RCCM-1234")
    world.push([said], kind="organisation")
    for pair in ({"system": "rccm", "value": "ML-RCCM-1234"}, number("ML-RCCM-1234")[0]):
        assert found(world, "organisation", identifiers=[pair]) == {said["id"]}
    assert found(world, "organisation", text="ml-rccm-12") == {said["id"]}


@pytest.mark.parametrize("part", [{"system": "kobo"}, {"key": "1"}, {"system": "a b", "key": "1"}])
def test_a_filter_by_half_a_key_is_refused_by_its_place(world: World, part: Any) -> None:
    with pytest.raises(Refused) as refused:
        found(world, "project", external_refs=[part])
    assert refused.value.params["path"][:3] == ["filter", "external_refs", 0]


SPELT = [
    "association des femmes", "ASSOC femm", "Kenieba", "kéniéba", "ndiaye", "n'diaye", "afk",
    "A.F.K.", "a f k", "femmes minières",
]  # fmt: skip


@pytest.mark.parametrize("text", SPELT)
def test_an_organisation_is_found_however_its_name_is_written(world: World, text: str) -> None:
    said = items.organisation(
        name="Association des Femmes Minières de Kéniéba « N’Diaye »", acronym="AFK"
    )
    world.push([said, items.organisation(name="Chambre des mines")], kind="organisation")
    assert found(world, "organisation", text=text) == {said["id"]}


@pytest.mark.parametrize("text", ["emmes", "femmes chambre", "—", "afkz"])
def test_an_organisation_without_such_words_is_not_found(world: World, text: str) -> None:
    world.push([items.organisation(name="Association des Femmes", acronym="AFK")],
               kind="organisation")  # fmt: skip
    assert found(world, "organisation", text=text) == set()


def test_a_corrected_name_is_found_and_the_old_one_no_more(world: World) -> None:
    said = items.organisation(name="Réseau Paix")
    world.push([said], kind="organisation")
    world.push([{"id": said["id"], "name": "Réseau Sécurité"}], kind="organisation")
    assert found(world, "organisation", text="secur") == {said["id"]}
    assert found(world, "organisation", text="paix") == set()


def test_organisations_of_the_release_before_are_found_once_the_service_starts(
    world: World,
) -> None:
    said = items.organisation(name="Réseau Paix")
    world.push([said], kind="organisation")
    world.store.records["organisation"].collection.update_many({}, {"$unset": {"words": 1}})
    assert found(world, "organisation", text="reseau") == set()
    store = ActivityStore(world.store.db)
    store.ensure_indexes()
    assert found(world, "organisation", text="reseau") == {said["id"]}


def test_what_was_changed_since_a_moment_is_listed(world: World) -> None:
    old, new = items.project(), items.project()
    world.push([old], kind="project")
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    world.store.records["project"].collection.update_many({}, {"$set": {"updated_at": long_ago}})
    world.push([new], kind="project")
    assert found(world, "project", updated_since=rfc3339(datetime.now(UTC))) == {new["id"]}
    offset = long_ago.astimezone().isoformat()
    assert found(world, "project", updated_since=offset) >= {old["id"], new["id"]}
    for wrong in ("2024-03-09", "yesterday", "2024-03-09T10:00:00"):
        with pytest.raises(Refused) as refused:
            found(world, "project", updated_since=wrong)
        assert refused.value.code == "INVALID_MOMENT"


def test_a_write_that_is_committed_late_is_not_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says when it was made, and is seen only when the one who reads has gone by."""
    written, go = threading.Event(), threading.Event()
    save = world.store.save

    def held_back(*args: Any) -> None:
        save(*args)
        written.set()
        assert go.wait(4)

    monkeypatch.setattr(world.store, "save", held_back)
    late = items.project()
    with ThreadPoolExecutor(1) as client:
        pushing = client.submit(world.push, [late], kind="project")
        assert written.wait(4)
        moment = rfc3339(datetime.now(UTC) + timedelta(seconds=1))  # surely after the write
        assert late["id"] not in found(world, "project", updated_since=moment)
        go.set()
        assert statuses(pushing.result()) == ["CREATED"]
    assert world.get(late["id"], "project")["updated_at"] < moment
    assert late["id"] in found(world, "project", updated_since=moment)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"external_refs": kobo("7")}, "refs: 1"),
        ({"identifiers": number("7")}, "identifiers: 1"),
        ({"text": "reseau 77"}, "words: 1"),
        ({"updated_since": rfc3339(datetime(2100, 1, 1, tzinfo=UTC))}, "updated_at: 1"),
    ],
    ids=["keys", "identifiers", "words", "moment"],
)
def test_what_is_found_again_is_found_by_an_index(
    world: World, wanted: dict[str, Any], index: str
) -> None:
    many = [
        items.organisation(
            name=f"Réseau {n}", external_refs=kobo(str(n)), identifiers=number(str(n))
        )
        for n in range(300)
    ]
    world.push(many, kind="organisation")
    asked = {"caller": MALI.to_dict(), "kind": "organisation", "filter": wanted}
    read = plans(
        world.store.db, "organisations", reading.list_page, request=asked, store=world.store
    )
    assert any(index in each for each in read), read
