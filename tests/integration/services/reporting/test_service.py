"""The whole service over the real broker: events in, questions by RPC, kill -9 between."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import Forbidden, Refused
from tests.integration.services.reporting.reporting_world import MALI, NIGER, SECRETARIAT
from tests.stack import ServiceProcess, publish, wait_for
from tests.world.events import Told
from tests.world.items import ids


def test_published_events_are_projected_once_across_a_crash_and_asked_for_by_rpc(
    service: Callable[..., ServiceProcess], rpc: Callable[..., Any], amqp_uri: str
) -> None:
    told = Told()
    people, activity = ids(30), ids(1)[0]
    history = [told.person(each) for each in people]
    history += [told.activity(activity, announced={"total": 40})]
    history += [told.sheet(activity, activity, came=[each]) for each in people]

    def sessions(caller: dict[str, Any] = SECRETARIAT) -> int:
        answer = rpc("reporting.report", {"caller": caller, "by": ["sex"]})
        figure = answer["figures"]["person_sessions"]
        assert sum(cell["value"] for cell in figure["cells"]) == figure["total"]
        return int(figure["total"])

    process = service("reporting")
    publish(amqp_uri, history[:45])
    wait_for(lambda: sessions() == 14)
    process.kill()
    publish(amqp_uri, [*history[:45], *history[50:]])  # some again; five steps are missing
    publish(amqp_uri, [replace(history[46], data={"rows": None})])  # nobody can apply this one
    process.start()
    publish(amqp_uri, history[45:50])
    wait_for(lambda: sessions() == 30, deadline_s=20)
    as_of = rpc("reporting.report", {"caller": SECRETARIAT})["as_of"]
    assert as_of["events_applied"] == len(history)
    assert (sessions(MALI), sessions(NIGER)) == (30, 0)

    assert rpc("reporting.coverage", {"caller": MALI, "of": "type"})["rows"]
    assert rpc("reporting.gaps", {"caller": MALI})["rows"]
    assert rpc("reporting.concerns", {"caller": MALI})["total"] == 0
    assert rpc("reporting.outputs", {"caller": MALI})["tests"]["n"] == 0
    with pytest.raises(Refused, match="UNKNOWN_DIMENSION"):
        rpc("reporting.report", {"caller": MALI, "by": ["shoe_size"]})
    with pytest.raises(Forbidden):
        rpc("reporting.report", {"caller": {"role": "partner"}})
