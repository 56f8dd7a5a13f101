"""Who may touch what on the broker: one table, read by every way of deploying.

Owns the list of the broker's users, their least privileges in the vhost, and the form in which
RabbitMQ takes them at its start (a definitions file).

A service reaches its own queues, its own RPC queue and the shared exchanges; the gateway reaches
RPC alone. Reply queues belong to the gateway: answers of `participants` carry personal data, so no
other service may read them, nor bind a queue of its own to somebody else's calls.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

VHOST = "foscao"
SERVICES = ("participants", "activities", "reporting", "notifications")
GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Permission:
    """Regular expressions over names of queues and exchanges, as RabbitMQ matches them."""

    configure: str
    write: str
    read: str


def _service(name: str) -> Permission:
    reach = rf"^(foscao\..*|nameko-rpc|{name}\..*|rpc-{name}.*)$"
    return Permission(configure=reach, write=reach, read=reach)


_RPC_CALLER = r"^(nameko-rpc|rpc\.reply-.*)$"

PERMISSIONS: Mapping[str, Permission] = {
    **{name: _service(name) for name in SERVICES},
    GATEWAY: Permission(configure=_RPC_CALLER, write=_RPC_CALLER, read=_RPC_CALLER),
}


def rabbit_password_hash(password: str) -> str:
    """RabbitMQ's `rabbit_password_hashing_sha256`: base64 of a 4-byte salt + SHA-256(salt + it).

    Differs at each call (random salt). Source: RabbitMQ documentation, "Credentials and Passwords".
    """
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def broker_definitions(passwords: Mapping[str, str]) -> dict[str, Any]:
    """The definitions RabbitMQ imports at boot: vhost, users, permissions; no password in clear.

    Args: passwords: by user; a key of `PERMISSIONS` for each user that shall exist.
    Raises: KeyError if a user has no entry in `PERMISSIONS`.
    """
    return {
        "users": [
            {
                "name": user,
                "password_hash": rabbit_password_hash(password),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
            for user, password in passwords.items()
        ],
        "vhosts": [{"name": VHOST}],
        "permissions": [
            {"user": user, "vhost": VHOST, **asdict(PERMISSIONS[user])} for user in passwords
        ],
        "topic_permissions": [
            {
                "user": user,
                "vhost": VHOST,
                "exchange": "nameko-rpc",
                "write": ".*",  # answers go to whichever reply queue asked
                "read": rf"^{user}\.\*$",  # the only binding a service needs: its own methods
            }
            for user in passwords
            if user in SERVICES
        ],
    }
