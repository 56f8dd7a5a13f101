"""Starts the gateway: one process, as its coalescing only works on what meets in one."""

import signal
import sys
from types import FrameType
from typing import Final, NoReturn

import uvicorn

from gateway.http.app import Settings, create_app
from gateway.http.protocol import BoundedConnection
from shared.config import ConfigError, Environment
from shared.telemetry import set_up_logging

GRACE_S: Final = 25  # requests under way end within their own timeouts; with the rest below 30 s


def main() -> int:
    """Serve until told to stop. Returns the exit status: 0, or 2 for a faulty environment."""
    try:
        settings = Settings.from_env(Environment())
    except ConfigError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 2
    set_up_logging("gateway", settings.log_level)
    # Once all is served, uvicorn raises the signal again for whoever handled it before: that is us.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _leave)
    uvicorn.run(
        create_app(settings),
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http=BoundedConnection,
        ws="none",
        lifespan="on",
        access_log=False,  # a query string, or a path, may hold anything
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        backlog=1024,
    )
    return 0


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
