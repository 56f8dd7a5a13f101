"""Half a minute of random faults, and the books agree. `make faults` does the same for longer."""

from __future__ import annotations

import os

import pytest
from rich.console import Console

from tests.faults.cluster import Hub
from tests.faults.faults import FAULTS
from tests.faults.random_faults import run, settle, show
from tests.faults.world import World

pytestmark = pytest.mark.usefixtures("whole")

COUNTRIES, PROBING = ("SN", "NE"), "TG"
SECONDS = 30
ROWS = 3_000
PATIENCE_S = 3.0  # here faults may well meet
LASTING = (" hangs ", " alarm", "both ", "leader")  # these take their time


def test_nothing_is_lost_or_doubled_while_faults_happen(hub: Hub, world: World) -> None:
    seed = int(os.environ.get("FOSCAO_SEED", "1"))  # `make faults` draws its own
    print(f"FOSCAO_SEED={seed}")
    kinds = [kind for kind in FAULTS if not any(part in kind for part in LASTING)]
    workers = [world.join(country, seed + n, gives_up=0.2) for n, country in enumerate(COUNTRIES)]
    probing = world.join(PROBING, seed)
    found = run(
        hub, world, workers, probing, seed=seed, seconds=SECONDS, rows=ROWS, kinds=kinds,
        patience_s=PATIENCE_S,
    )  # fmt: skip
    settle(hub, world, found)
    show(found, Console())
    assert found.clean, found.wrong
