"""How people stand is noted as it was told last, late, twice and in any order."""

from __future__ import annotations

from services.activities.handlers import standings
from shared.events import Event
from shared.ids import new_id
from tests.integration.services.activities.activities_world import World
from tests.world import events


def noted(world: World) -> dict[str, tuple[bool, str | None, int]]:
    found = world.store.standings.find()
    return {
        each["_id"]: (each["withdrawn"], each["merged_into"], each["version"]) for each in found
    }


def hear(world: World, *told: Event) -> None:
    standings.hear(told, world.store)


def test_the_last_that_was_told_stands_in_whatever_order_it_comes(world: World) -> None:
    her, him, other = new_id(), new_id(), new_id()
    back = events.standing(her, 4)
    hear(world, events.standing(him, 2, withdrawn=True), back)
    hear(world, events.standing(her, 3, withdrawn=True), back)
    assert noted(world) == {her: (False, None, 4), him: (True, None, 2)}
    hear(world, events.standing(him, 5, merged_into=other), events.standing(him, 4))
    assert noted(world)[him] == (False, other, 5)
