"""A service's process: container, health server and signals.

Owns start and end of the process. A `__main__.py` is `import shared.host.green`, before all other
imports, and `run(TheService)`.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType
from typing import Any

import eventlet
from eventlet.patcher import is_monkey_patched
from nameko.containers import ServiceContainer

from shared.config import Config, ConfigError
from shared.host.health import HealthServer
from shared.telemetry import set_up_logging, trace

log = logging.getLogger(__name__)

GRACE_S = 30.0


def run(service: type[Any]) -> None:
    """Run the service until SIGTERM or SIGINT; exits the process.

    Status 0 after a graceful end: no new work taken, what runs finished and acknowledged, the
    outbox published, all within GRACE_S. Status 1 if that took longer or the service failed;
    2, with one line, if the environment lacks something.
    Raises: RuntimeError: the process did not begin by importing shared.host.green.
    """
    if not is_monkey_patched("thread"):
        raise RuntimeError("import shared.host.green first")
    try:
        config = Config.from_env(service.name)
    except ConfigError as error:
        print(f"{service.name}: {error}", file=sys.stderr)
        sys.exit(2)
    set_up_logging(config.service, config.log_level)
    # It logs a failed worker with its arguments' error text; we log what failed ourselves.
    logging.getLogger("nameko.containers").setLevel(logging.CRITICAL)
    try:
        _run(service, config)
    except ConfigError as error:
        print(f"{service.name}: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - the supervisor starts the process anew
        log.critical("ended by\n%s", trace(error))
        sys.exit(1)


def _run(service: type[Any], config: Config) -> None:
    # The events' consumer takes one worker; no call shall wait for it.
    settings = {"hub": config, "max_workers": config.max_workers + 1}
    container = ServiceContainer(service, settings)
    health = HealthServer(config, container)
    health.start()

    running = stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if not running:
            os._exit(0)  # still waiting for the database: nothing was taken yet
        if not stopping:
            stopping = True
            # A signal's handler may not wait for anything green: let a greenlet do it.
            eventlet.spawn_n(container.stop)
            eventlet.spawn_after(GRACE_S, _give_up)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    container.start()
    running = True
    log.info("started")
    container.wait()
    log.info("stopped")


def _give_up() -> None:
    log.critical("did not end within %.0f s", GRACE_S)
    os._exit(1)
