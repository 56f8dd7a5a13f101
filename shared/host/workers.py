"""Workers: a service's method run by nameko's container, for a bounded time.

Owns how entrypoints start a method and learn what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import eventlet
from nameko.extensions import Entrypoint

from shared.errors import TimedOut

Done = Callable[[Any, Exception | None], None]


def bounded(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, which `spawn` can now give a time limit; called directly it has none."""

    @wraps(method)
    def run(service: Any, *args: Any, worker_timeout_s: float | None = None, **kwargs: Any) -> Any:
        if worker_timeout_s is None:
            return method(service, *args, **kwargs)
        with eventlet.Timeout(
            worker_timeout_s, TimedOut("HANDLER_TIMEOUT", seconds=worker_timeout_s)
        ):
            return method(service, *args, **kwargs)

    return run


def spawn(
    entrypoint: Entrypoint,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    done: Done,
    timeout_s: float,
) -> None:
    """Run the entrypoint's method in a worker; then `done(result, error)`, one of them None.

    Raises: ContainerBeingKilled: the process ends, nothing was started.
    """

    def handle_result(_worker: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        done(result, exc_info[1] if exc_info else None)
        return result, exc_info

    entrypoint.container.spawn_worker(
        entrypoint, args, {**kwargs, "worker_timeout_s": timeout_s}, handle_result=handle_result
    )
