"""Owns which loopback ports a stack uses: chosen once, kept over restarts while they are free."""

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.local.errors import LocalError

# Below Linux' ephemeral range (32768 up), or an outgoing connection could take a port that a
# process is about to listen on.
CANDIDATES = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Return whether a process could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Return whether something listens on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def saved(file: Path) -> dict[str, int]:
    """Return the ports that `claim` wrote, by name; LocalError if the stack never started."""
    try:
        ports: dict[str, int] = json.loads(file.read_text())
    except FileNotFoundError:
        raise LocalError(f"nothing was started in {file.parent.parent}: run `make up`") from None
    return ports


def claim(
    file: Path, names: Iterable[str], wanted: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return a free port per name and save them: the one of last time where it is free, else new.

    Raises LocalError if a port of `wanted`, by name, is taken: that one is not replaced.
    """
    before = {**(saved(file) if file.exists() else {}), **(wanted or {})}
    for port in (wanted or {}).values():
        require_free(port)
    ports: dict[str, int] = {}
    for name in names:
        port = before.get(name, 0)
        while port in ports.values() or not port or not is_free(port):
            port = random.choice(CANDIDATES)  # noqa: S311 - not a secret
        ports[name] = port
    file.write_text(json.dumps(ports, indent=1))
    return ports


def require_free(port: int) -> None:
    """Raise LocalError if something else listens on the port somebody asked for."""
    if not is_free(port):
        raise LocalError(
            f"port {port} is taken: stop what listens there (`ss -ltnp sport = :{port}` tells), or "
            "set FOSCAO_PORT to another, or unset it for a free one"
        )
