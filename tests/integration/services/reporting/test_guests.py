"""A person who is on sheets of several chapters counts once, with what their own chapter knows of
them; and no more where they were a guest, once that is taken back."""

from __future__ import annotations

from typing import Any, Final

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from tests.integration.services.reporting.reporting_world import MALI, NIGER, cells, totals
from tests.world.events import Told
from tests.world.items import ids

NOBODY: Final[dict[str, Any]] = {
    **dict.fromkeys(("sex", "birth_year", "disability", "place")),
    "groups": [],
}


def test_a_guest_counts_as_the_person_until_it_is_taken_back(
    store: ReportingStore, told: Told
) -> None:
    awa, sali, guest, home, away = ids(5)
    given = told.person(guest, "participant.merged", **NOBODY, merged_into=awa)
    there = told.sheet(away, away, came=[guest, sali])
    project(
        [
            told.person(awa, sex="female"),
            told.person(sali, sex="male", chapter="NE"),
            told.activity(home, chapter="ML"),
            told.activity(away, chapter="NE"),
            told.sheet(home, home, came=[awa]),
            there,
            given,
        ],
        store,
    )
    both, niger = totals(store), totals(store, caller=NIGER)
    assert (both["person_sessions"], both["unique_people"]) == (3, 2)
    assert (niger["person_sessions"], niger["unique_people"]) == (2, 2)
    assert cells(store, "unique_people", "sex", caller=NIGER)["female"] == 1
    assert cells(store, "unique_people", "sex", caller=NIGER)["male"] == 1

    back = told.person(guest, "participant.withdrawn", **NOBODY, merged_into=None, withdrawn=True)
    project([back], store)
    assert totals(store)["unique_people"] == 2
    assert totals(store)["person_sessions"] == 2
    assert totals(store, caller=NIGER)["unique_people"] == 1
    assert totals(store, caller=MALI)["unique_people"] == 1

    project([told.person(guest, "participant.merged", **NOBODY, merged_into=awa)], store)
    assert (totals(store), totals(store, caller=NIGER)) == (both, niger)
    # With the person, the guest leaves too.
    project([told.person(awa, "participant.withdrawn", withdrawn=True)], store)
    assert totals(store, caller=NIGER)["unique_people"] == 1
    assert totals(store)["unique_people"] == 1
