"""Who may touch what, on the broker and in the database: the tables of least privilege.

Owns the names of the users and what each is granted. Read by every way of deploying, which grants
it, and by the operators' tools, which check that the servers grant this and nothing else.

A service reaches its own queues and reads and writes its own databases; the gateway reaches RPC
alone, and the database of its keys.

Services believe what a call says about its caller, so the gateway alone may send calls. Answers of
`participants` carry personal data, so the gateway alone may hear answers. Services are therefore
refused `write` on the exchange of calls and `read` on that of answers, and not by topic permissions
only: those are not asked where a message comes through a binding between exchanges, an alternate
exchange or dead-lettering, while `write` is needed to set any of them up. What is heard goes by the
key of the binding alone, so there topic permissions are enough: a service hears calls to itself,
`notifications` no event about people, and `activities` none but how people stand.

The operator is the person with the command line. On the broker it may name the hub's queues and
exchanges, so that it can ask whether they are what they should be, but neither read a message nor
send one. In the database it reads all for audits and backups, writes all for rebuilds and
restores, and may look at users and at the servers' state, but change neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared import record_types
from shared.record_types import PRODUCERS
from shared.subscriptions import PATTERNS
from shared.topology import EXCHANGE, REPLIES, RPC_EXCHANGE, event_keys, presence_key

VHOST: Final = "foscao"
REPLICA_SET: Final = "rs0"
SERVICES: Final = tuple(record_types.SERVICES)
GATEWAY: Final = "gateway"
OPERATOR: Final = "operator"
USERS: Final = (*SERVICES, GATEWAY, OPERATOR)

DATABASES: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (name,) for name in (*SERVICES, GATEWAY)},
    # The key vault is apart from the data: a dump of the one without the other tells nothing.
    "participants": ("participants", "participants_keys"),
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


def _names(*parts: str) -> str:
    """The regular expression of names that match one of the parts as a whole."""
    return f"^({'|'.join(parts)})$"


_EVENTS, _CALLS, _ANSWERS = map(re.escape, (EXCHANGE, RPC_EXCHANGE, REPLIES))
_ANSWERED = r"rpc\.reply-.*"  # the gateway's queues


def _service(name: str) -> Permission:
    own = (rf"{name}\..*", f"rpc-{name}")
    hears = name in PATTERNS
    return Permission(
        configure=_names(*own, _EVENTS, _CALLS),
        write=_names(*own, _ANSWERS, *((_EVENTS,) if name in PRODUCERS else ())),
        read=_names(*own, _CALLS, *((_EVENTS,) if hears else ())),
    )


_NAMES = "|".join(SERVICES)
NOTHING: Final = "^$"

PERMISSIONS: Final[Mapping[str, Permission]] = {
    **{name: _service(name) for name in SERVICES},
    GATEWAY: Permission(
        configure=_names(_CALLS, _ANSWERS, _ANSWERED),
        write=_names(_CALLS, _ANSWERED),
        read=_names(_ANSWERS, _ANSWERED),
    ),
    # A queue's arguments can be asked for only by declaring it again, which needs `configure`.
    # Without `write` on the retry exchange the broker refuses to make a queue that is missing.
    OPERATOR: Permission(
        configure=rf"^(foscao\.events|nameko-rpc|rpc-({_NAMES})|({_NAMES})\.(events|retry.*))$",
        write=NOTHING,
        read=NOTHING,
    ),
}
_OWN_CALLS: Final = {
    name: TopicPermission(RPC_EXCHANGE, write=NOTHING, read=rf"^{name}\.\*$") for name in SERVICES
}
_ANY: Final = ".*"


def _own_events(name: str) -> TopicPermission:
    """To hear what the service is told of and no other event."""
    return TopicPermission(
        EXCHANGE,
        write=_ANY if name in PRODUCERS else NOTHING,
        read=_names(
            # Unbinding asks for the same leave as binding.
            *(
                re.escape(key)
                for pattern in PATTERNS[name]
                for keys in event_keys(pattern)
                for key in keys
            ),
            re.escape(presence_key(name)),
        ),
    )


TOPIC_PERMISSIONS: Final[Mapping[str, tuple[TopicPermission, ...]]] = {
    **{name: (own,) for name, own in _OWN_CALLS.items()},
    **{name: (_OWN_CALLS[name], _own_events(name)) for name in ("activities", "notifications")},
}
"""A user without a row for an exchange is not restricted by keys there."""

MongoRole = dict[str, str]

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


def mongo_roles(user: str) -> list[MongoRole]:
    """The roles of a user of the database, in the form of `createUser`.

    Raises: KeyError for a user that is not one of `USERS`.
    """
    if user == OPERATOR:
        return [{"role": OPERATOR_ROLE, "db": "admin"}]
    return [{"role": "readWrite", "db": database} for database in DATABASES[user]]
