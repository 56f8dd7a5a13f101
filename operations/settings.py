"""Owns where the hub is and how an operator reaches it.

The environment wins; what it lacks is read from `operator.env` in FOSCAO_HOME (default: `.local`
in this folder), which the local stack writes when it starts:

    HUB_URL               the gateway's address, for commands that ask the hub
    HUB_ADMIN_KEY         an operator's API key, likewise
    OPERATOR_MONGO_URI    the databases' user `operator`, for commands that read the databases
    OPERATOR_AMQP_URI     the broker's user `operator`, for commands that look at the broker
    RABBITMQCTL           how to call the broker's own tool, if one can: a command line
    RETRY_DELAYS_S        as the services have it, where that is not the usual
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from operations.failure import CannotRun
from shared.config import Config, ConfigError

FILE: Final = "operator.env"


@dataclass(frozen=True, slots=True)
class Settings:
    """The values as found, and `home`, the folder of the local stack; secrets are never printed."""

    home: Path
    _values: Mapping[str, str] = field(repr=False)

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the environment (default: the process's own) and the file.

        Raises: CannotRun if the file is there and cannot be read.
        """
        given = os.environ if environment is None else environment
        root = Path(__file__).resolve().parents[1]
        home = Path(given.get("FOSCAO_HOME") or root / ".local")
        return cls(home, {**_file(home / FILE), **{k: v for k, v in given.items() if v}})

    @property
    def hub_url(self) -> str:
        """Raises CannotRun where it is told nowhere; so do all the others."""
        return self._text("HUB_URL")

    @property
    def hub_admin_key(self) -> str:
        return self._text("HUB_ADMIN_KEY")

    @property
    def mongo_uri(self) -> str:
        return self._text("OPERATOR_MONGO_URI")

    @property
    def amqp_uri(self) -> str:
        return self._text("OPERATOR_AMQP_URI")

    @property
    def rabbitmqctl(self) -> list[str] | None:
        """The words of the command line; None where it is told nowhere."""
        return shlex.split(self._values.get("RABBITMQCTL", "")) or None

    @property
    def retry_delays_s(self) -> tuple[float, ...]:
        """The delays of the services' retry tiers, read as they read it."""
        said = {name: self._values[name] for name in ("RETRY_DELAYS_S",) if name in self._values}
        try:
            return Config.from_env(
                "operator", {"AMQP_URI": "-", "MONGO_URI": "-", **said}
            ).retry_delays_s
        except ConfigError as error:
            raise CannotRun(str(error)) from None

    def _text(self, name: str) -> str:
        value = self._values.get(name)
        if not value:
            raise CannotRun(
                f"{name} is missing: set it in the environment, or start the local stack "
                f"(make up), which writes it to {self.home / FILE}"
            )
        return value


def _file(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of the file; none if there is no file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRun(f"{path} cannot be read: {type(error).__name__}") from error
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}
