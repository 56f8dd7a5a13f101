"""Who may touch what, on the broker and in the database: the tables of least privilege.

Owns the names of the users and what each is granted. Read by every way of deploying, which grants
it, and by the operators' tools, which check that the servers grant this and nothing else.

A service reaches its own queues, its own RPC queue and the shared exchanges, and reads and writes
its own databases; the gateway reaches RPC alone, and the database of its keys. Reply queues belong
to the gateway: answers of `participants` carry personal data, so no other service may read them,
nor bind a queue of its own to somebody else's calls.

The operator is the person with the command line. On the broker it may name the hub's queues and
exchanges, so that it can ask whether they are what they should be, but neither read a message nor
send one. In the database it reads all for audits and backups, writes all for rebuilds and
restores, and may look at users and at the servers' state, but change neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

VHOST: Final = "foscao"
REPLICA_SET: Final = "rs0"
SERVICES: Final = ("participants", "activities", "reporting", "notifications")
GATEWAY: Final = "gateway"
OPERATOR: Final = "operator"
USERS: Final = (*SERVICES, GATEWAY, OPERATOR)

DATABASES: Final[Mapping[str, tuple[str, ...]]] = {
    # The key vault is apart from the data: a dump of the one without the other tells nothing.
    "participants": ("participants", "participants_keys"),
    "activities": ("activities",),
    "reporting": ("reporting",),
    "notifications": ("notifications",),
    GATEWAY: ("gateway",),
}
ALL_DATABASES: Final = tuple(name for names in DATABASES.values() for name in names)


@dataclass(frozen=True, slots=True)
class Permission:
    """Regular expressions over names of queues and exchanges, as RabbitMQ matches them."""

    configure: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class TopicPermission:
    """Regular expressions over routing keys, of one topic exchange."""

    exchange: str
    write: str
    read: str


def _service(name: str) -> Permission:
    reach = rf"^(foscao\..*|nameko-rpc|{name}\..*|rpc-{name}.*)$"
    return Permission(configure=reach, write=reach, read=reach)


_RPC_CALLER = r"^(nameko-rpc|rpc\.reply-.*)$"
_NAMES = "|".join(SERVICES)
NOTHING: Final = "^$"

PERMISSIONS: Final[Mapping[str, Permission]] = {
    **{name: _service(name) for name in SERVICES},
    GATEWAY: Permission(configure=_RPC_CALLER, write=_RPC_CALLER, read=_RPC_CALLER),
    # A queue's arguments can be asked for only by declaring it again, which needs `configure`.
    # Without `write` on the retry exchange the broker refuses to make a queue that is missing.
    OPERATOR: Permission(
        configure=rf"^(foscao\.events|nameko-rpc|rpc-({_NAMES})|({_NAMES})\.(events|retry.*))$",
        write=NOTHING,
        read=NOTHING,
    ),
}
TOPIC_PERMISSIONS: Final[Mapping[str, TopicPermission]] = {
    name: TopicPermission(
        exchange="nameko-rpc",
        write=".*",  # answers go to whichever reply queue asked
        read=rf"^{name}\.\*$",  # the only binding a service needs: its own methods
    )
    for name in SERVICES
}

Role = dict[str, str]

OPERATOR_ROLE: Final = "foscaoOperator"
_ON_DATA: Final = (
    *("find", "listCollections", "listIndexes", "collStats", "dbStats", "indexStats"),
    # rebuild and restore
    *("insert", "update", "remove", "createCollection", "dropCollection", "collMod"),
    *("createIndex", "dropIndex", "renameCollectionSameDB", "dropDatabase"),
)
_ON_CLUSTER: Final = (
    *("replSetGetStatus", "replSetGetConfig", "serverStatus", "getDefaultRWConcern"),
    *("getParameter", "getCmdLineOpts", "hostInfo", "listDatabases"),
)
# The built-in roles `backup` and `restore` would do too, but `restore` may make itself anything:
# it creates users and roles.
OPERATOR_PRIVILEGES: Final[tuple[dict[str, Any], ...]] = (
    *(
        {"resource": {"db": database, "collection": ""}, "actions": sorted(_ON_DATA)}
        for database in ALL_DATABASES
    ),
    {"resource": {"cluster": True}, "actions": sorted(_ON_CLUSTER)},
    {"resource": {"db": "admin", "collection": ""}, "actions": ["viewRole", "viewUser"]},
)
# Roles that are not MongoDB's own, by name; they live in the database `admin`.
CUSTOM_ROLES: Final[Mapping[str, tuple[dict[str, Any], ...]]] = {OPERATOR_ROLE: OPERATOR_PRIVILEGES}


def mongo_roles(user: str) -> list[Role]:
    """The roles of a user of the database, in the form of `createUser`.

    Raises: KeyError for a user that is not one of `USERS`.
    """
    if user == OPERATOR:
        return [{"role": OPERATOR_ROLE, "db": "admin"}]
    return [{"role": "readWrite", "db": database} for database in DATABASES[user]]
