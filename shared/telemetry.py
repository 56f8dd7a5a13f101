"""What a process says about itself: JSON logs and Prometheus metrics, never anybody's data.

Owns the log format and the names of the bus's metrics. What a log line may hold is named, as for
everything that leaves a service. A traceback is logged without the messages of exceptions that are
not known to be harmless, for they like to quote the value they choke on.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from copy import copy
from types import TracebackType
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram
from pythonjsonlogger.json import JsonFormatter

from shared.config import ConfigError
from shared.errors import HubError

_FIELDS: Final = ("time", "level", "name", "message", "service", "exc_info")
# Whose words are our own; `py.warnings` quotes lines of code.
_OURS: Final = frozenset(
    {"services", "gateway", "shared", "operations", "cli", "deploy", "demo", "py", "__main__"}
)
_harmless: set[type[BaseException]] = {HubError, ConfigError, OSError}

PUBLISHED = Counter("foscao_outbox_published", "Events confirmed by the broker")
UNROUTABLE = Counter("foscao_outbox_unroutable", "Events returned because no queue wanted them")
EVENTS = Counter("foscao_events", "Events consumed, by what became of them", ["outcome"])
BATCH_EVENTS = Histogram(
    "foscao_event_batch_size",
    "Events handed to the handler at once",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
RPC_S = Histogram(
    "foscao_rpc_seconds",
    "Time from taking a call to its answer",
    ["method", "outcome"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)


def watch_outbox(unpublished: Callable[[], float], oldest_s: Callable[[], float]) -> None:
    """Measure the outbox whenever metrics are asked for."""
    Gauge("foscao_outbox_unpublished", "Events not yet published").set_function(unpublished)
    Gauge("foscao_outbox_oldest_seconds", "Age of the oldest unpublished event").set_function(
        oldest_s
    )


def set_up_logging(service: str, level: str = "INFO") -> None:
    """One JSON object a line on standard error; effects: replaces the root logger's handlers."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level"},
            static_fields={"service": service},
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for chatty in ("amqp", "kombu", "pymongo"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def harmless(*kinds: type[BaseException]) -> None:
    """Let the messages of these exceptions into the log.

    To be said where a library is brought in, by who knows that their messages are made of codes,
    addresses and errno, not of what was being processed.
    """
    _harmless.update(kinds)


def describe(error: BaseException) -> str:
    """The error in a line: its type, and its message if that cannot hold anybody's data."""
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, tuple(_harmless)) else name


def trace(error: BaseException) -> str:
    """The frames and types of an error and its causes, outermost cause first, no values."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 5:
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{frames}{describe(current)}")
        hidden = None if current.__suppress_context__ else current.__context__
        current = current.__cause__ or hidden
    return "\n  caused:\n".join(reversed(parts))


class _Formatter(JsonFormatter):
    """A record as what is named here and nothing else: whatever a caller hangs on it is left out.

    Of a library's record its own words are told and never what they were filled in with; of one
    that comes filled in already, where it was made.
    """

    def format(self, record: logging.LogRecord) -> str:
        told = copy(record)
        told.msg, told.args = _message(record), None
        return super().format(told)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: log_data[name] for name in _FIELDS if name in log_data}

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return trace(ei[1]) if ei[1] is not None else ""


def _message(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] in _OURS:
        return record.getMessage()
    if record.args:
        return str(record.msg)
    return f"{record.module}, line {record.lineno}"
