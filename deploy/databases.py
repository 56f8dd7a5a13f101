"""The database's users and its replica set: prepared once, by whoever deploys.

Owns the one-shot job `python -m deploy.databases` that makes a fresh one-node server ready. The job
may run at every start: what is there is kept, passwords and roles are brought to what is asked. Who
is granted what is the table in shared/access.py.

Environment of the job: `MONGO_ADMIN_URI` (an administrator, directConnection=true),
`MONGO_REPLICA_HOST` (host:port by which clients reach the member), `MONGO_USERS_FILE` (JSON object,
user → password).
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from shared.access import CUSTOM_ROLES, REPLICA_SET, mongo_roles

_ALREADY_INITIALIZED = 23
_USER_EXISTS = 51003
_ROLE_EXISTS = 51002
_POLL_S = 0.25


def mongo_uri(user: str, password: str, hosts: str) -> str:
    """The URI a user of the hub connects with; `password` must be URL-safe."""
    return f"mongodb://{user}:{password}@{hosts}/{user}?replicaSet={REPLICA_SET}&authSource=admin"


def prepare(
    client: MongoClient[dict[str, Any]],
    replica_host: str,
    passwords: Mapping[str, str],
    deadline_s: float = 120.0,
) -> None:
    """Make the server behind `client` a one-node replica set with the users of `passwords`.

    Args: client: an administrator, connected directly to the member.
    Raises: KeyError for a user that shared/access.py does not know; TimeoutError (retryable) if
        the server did not become a writable primary in time; OperationFailure if the administrator
        is refused.
    Effects: the replica set's configuration; users and their roles in `admin`. Idempotent.
    """
    give_up_at = time.monotonic() + deadline_s
    _await(client, give_up_at, _initiate(replica_host))
    _await(
        client, give_up_at, lambda server: bool(server.admin.command("hello")["isWritablePrimary"])
    )
    grant(client, passwords)


def grant(
    client: MongoClient[dict[str, Any]], passwords: Mapping[str, str], **options: Any
) -> None:
    """Bring the users of `passwords` and the hub's own roles to what shared/access.py says.

    Args: client: an administrator, connected to the primary. options: of `createUser`.
    Raises: KeyError for a user not in the table; OperationFailure if the administrator is refused.
    """
    for name, privileges in CUSTOM_ROLES.items():
        _ensure(client, "Role", name, _ROLE_EXISTS, privileges=list(privileges), roles=[])
    for user, password in passwords.items():
        roles = mongo_roles(user)
        _ensure(client, "User", user, _USER_EXISTS, pwd=password, roles=roles, **options)


def _ensure(
    client: MongoClient[dict[str, Any]], kind: str, name: str, exists: int, **values: Any
) -> None:
    try:
        client.admin.command(f"create{kind}", name, **values)
    except OperationFailure as error:
        if error.code != exists:
            raise
        client.admin.command(f"update{kind}", name, **values)


def _initiate(replica_host: str) -> Callable[[MongoClient[dict[str, Any]]], bool]:
    config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": replica_host}]}

    def initiate(server: MongoClient[dict[str, Any]]) -> bool:
        try:
            server.admin.command("replSetInitiate", config)
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise
        return True

    return initiate


def _await(
    client: MongoClient[dict[str, Any]],
    give_up_at: float,
    done: Callable[[MongoClient[dict[str, Any]]], bool],
) -> None:
    """Poll `done(client)` until true; a server that is still starting is asked again."""
    while True:
        try:
            if done(client):
                return
            reason = "it is not primary yet"
        except ConnectionFailure as error:
            reason = type(error).__name__
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"the database did not become ready: {reason}")
        time.sleep(_POLL_S)


def main() -> int:
    passwords = json.loads(Path(os.environ["MONGO_USERS_FILE"]).read_text())
    client: MongoClient[dict[str, Any]] = MongoClient(
        os.environ["MONGO_ADMIN_URI"], serverSelectionTimeoutMS=2000
    )
    try:
        prepare(client, os.environ["MONGO_REPLICA_HOST"], passwords)
    except (PyMongoError, TimeoutError) as error:
        # The class and the server's code alone: a server's text may repeat what it was sent.
        code = getattr(error, "code", None)
        print(f"databases not prepared: {type(error).__name__} {code or error}", file=sys.stderr)
        return 1
    print(f"databases ready for {', '.join(sorted(passwords))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
