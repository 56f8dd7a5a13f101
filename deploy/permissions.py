"""The broker's users in the form in which RabbitMQ takes them at its start: a definitions file.

Who is granted what is the table in shared/access.py. Permissions by topic name exchanges, and newer
brokers (4.3.2) do not start with such as they do not know: those are defined too.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shared.access import PERMISSIONS, TOPIC_PERMISSIONS, VHOST
from shared.topology import CALLS, EVENTS


def rabbit_password_hash(password: str) -> str:
    """RabbitMQ's `rabbit_password_hashing_sha256`: base64 of a 4-byte salt + SHA-256(salt + it).

    Differs at each call (random salt). Source: RabbitMQ documentation, "Credentials and Passwords".
    """
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def broker_definitions(passwords: Mapping[str, str]) -> dict[str, Any]:
    """The definitions RabbitMQ imports at boot: users by hash, what they are granted and name.

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
        "exchanges": [exchange.definition(VHOST) for exchange in (EVENTS, CALLS)],
        "permissions": [
            {"user": user, "vhost": VHOST, **asdict(PERMISSIONS[user])} for user in passwords
        ],
        "topic_permissions": [
            {"user": user, "vhost": VHOST, **asdict(topic)}
            for user in passwords
            for topic in TOPIC_PERMISSIONS.get(user, ())
        ],
    }
