"""What a process is told by its environment, read once, typed, at start.

Owns the names of the environment's variables and their defaults. A value that is missing or
cannot be read is one `ConfigError` whose text is one line with the variable's name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shared.record_types import CONSUMERS


class ConfigError(Exception):
    """The environment lacks a value or holds one that cannot be read; the text names it."""


class Environment:
    """Typed reading of environment variables; an empty value counts as absent."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values

    def text(self, name: str, default: str | None = None) -> str:
        """Raises ConfigError if it is absent and has no default; so do all the others."""
        value = self._values.get(name) or default
        if value is None:
            raise ConfigError(f"{name} is missing: set it in the environment")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        text = self.text(name, None if default is None else str(default))
        try:
            return float(text)
        except ValueError:
            raise ConfigError(f"{name} must be a number, not {text!r}") from None

    def flag(self, name: str, default: bool = False) -> bool:
        """True for 1, true, yes and on; False for 0, false, no and off."""
        text = self.text(name, "1" if default else "0").lower()
        if text in ("1", "true", "yes", "on"):
            return True
        if text in ("0", "false", "no", "off"):
            return False
        raise ConfigError(f"{name} must be 1 or 0, not {text!r}")

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A comma-separated list; `-` stands for the empty one."""
        text = self.text(name, ",".join(default) or "-")
        return () if text == "-" else tuple(word.strip() for word in text.split(","))

    def path(self, name: str) -> Path:
        """The path of a file that must exist."""
        path = Path(self.text(name))
        if not path.is_file():
            raise ConfigError(f"{name} names {path}, which is no file")
        return path


@dataclass(frozen=True, slots=True)
class Config:
    """What every process on the bus needs to know; the comments say why a number is what it is."""

    service: str
    amqp_uri: str
    mongo_uri: str
    database: str
    health_host: str = "127.0.0.1"
    health_port: int | None = None  # None: no health server; 0: any free port (for tests)
    log_level: str = "INFO"
    # Calls worked on at once per process. One core serves them; more would only wait inside.
    max_workers: int = 16
    heartbeat_s: int = 10
    # How long a failed event waits before each further attempt; after the last it is parked.
    retry_delays_s: tuple[float, ...] = (1.0, 5.0, 60.0, 600.0)
    # A handler that takes longer is taken for hung: its transaction cannot outlive 5 s anyway.
    handler_timeout_s: float = 30.0
    # Producers hold their events back until these services' queues are there, because a topic
    # exchange forgets what nobody was yet bound for.
    event_consumers: tuple[str, ...] = CONSUMERS

    @classmethod
    def from_env(cls, service: str, values: Mapping[str, str] | None = None) -> Config:
        """Raises ConfigError: one line with the variable's name."""
        env = Environment(values)
        usual = cls(
            service=service,
            amqp_uri=env.text("AMQP_URI"),
            mongo_uri=env.text("MONGO_URI"),
            database=env.text("FOSCAO_DB", service),
        )
        delays = env.words("RETRY_DELAYS_S", tuple(str(each) for each in usual.retry_delays_s))
        try:
            retry_delays_s = tuple(float(each) for each in delays)
        except ValueError:
            raise ConfigError("RETRY_DELAYS_S must be numbers of seconds with commas") from None
        port = env.number("HEALTH_PORT", -1)
        return replace(
            usual,
            health_host=env.text("HEALTH_HOST", usual.health_host),
            health_port=None if port < 0 else int(port),
            log_level=env.text("LOG_LEVEL", usual.log_level).upper(),
            max_workers=int(env.number("MAX_WORKERS", usual.max_workers)),
            heartbeat_s=int(env.number("HEARTBEAT_S", usual.heartbeat_s)),
            retry_delays_s=retry_delays_s,
            handler_timeout_s=env.number("HANDLER_TIMEOUT_S", usual.handler_timeout_s),
            event_consumers=env.words("EVENT_CONSUMERS", usual.event_consumers),
        )
