"""What a service does by itself: once at its start and again, in one replica at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.database import Database

from shared.errors import Unavailable
from shared.host import errand
from shared.host.errand import Errand
from shared.host.store import StoreProvider
from shared.store.mongo import Store
from tests.stack import wait_for

Work = Callable[[Store, Callable[[], bool]], int]


@pytest.fixture
def run(db: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`run(work)` starts an errand as a replica of the service would."""
    monkeypatch.setattr(errand, "RETRY_S", 0.05)
    store = Store(db)
    store.ensure_indexes()
    running: list[Errand[Store]] = []

    def start(work: Work) -> Errand[Store]:
        provider = StoreProvider(Store)
        provider.store = store
        each = Errand(Store, work, "%d done", again_s=0.05)
        each.container = SimpleNamespace(dependencies=[provider])
        each.attr_name = "tidying"
        each.start()
        running.append(each)
        return each

    yield start
    for each in running:
        each.stop()


def test_it_looks_again_also_after_what_went_wrong(run: Any) -> None:
    looks: list[int] = []

    def work(_: Store, go_on: Callable[[], bool]) -> int:
        assert go_on()
        looks.append(1)
        if len(looks) == 1:
            raise Unavailable("DATABASE_UNAVAILABLE")
        if len(looks) == 2:
            raise ValueError("a fault")
        return len(looks)

    run(work)
    wait_for(lambda: len(looks) > 3)


def test_one_replica_works_and_the_other_takes_over(run: Any) -> None:
    turns: dict[str, list[bool]] = {"first": [], "second": []}
    held = threading.Event()

    def of(name: str) -> Work:
        def work(_: Store, go_on: Callable[[], bool]) -> int:
            turns[name].append(go_on())
            held.set()
            return 0

        return work

    first = run(of("first"))
    held.wait(10)
    run(of("second"))
    wait_for(lambda: len(turns["second"]) > 2)
    assert turns["first"][0] is True
    assert True not in turns["second"]
    first.stop()
    wait_for(lambda: True in turns["second"], 30)
