"""Whether the database's users may do what the tables of shared/access.py say, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pymongo import MongoClient

from operations.doctor.finding import Finding, fault, ok, warning
from shared.access import CUSTOM_ROLES, USERS, mongo_roles
from shared.types import Document

_ADMINISTRATOR: Final = ("root", "admin")
_REMEDY: Final = "run the job python -m deploy.databases again, or updateUser by hand"


def check(client: MongoClient[Document]) -> Iterator[Finding]:
    """Findings of users and of the hub's own roles. Raises PyMongoError."""
    users = {each["user"]: each for each in client.admin.command("usersInfo")["users"]}
    for user in USERS:
        if user not in users:
            yield fault(
                "database-user",
                user,
                f"the user {user} does not exist",
                "whoever works in its stead is allowed more, or other things, than it needs",
                _REMEDY,
            )
        else:
            yield from _roles(user, users[user]["roles"])
    for name in sorted(users.keys() - set(USERS)):
        roles = _pairs(users[name]["roles"])
        if _ADMINISTRATOR not in roles:
            yield warning(
                "database-user-unexpected",
                name,
                f"the user {name} has {_shown(roles)}",
                "whoever has its password reads or changes the hub's data beside the hub",
                "drop it if nobody needs it",
            )
    for role, privileges in CUSTOM_ROLES.items():
        yield from _privileges(client, role, privileges)


def _roles(user: str, roles: Sequence[Document]) -> Iterator[Finding]:
    wanted, granted = _pairs(mongo_roles(user)), _pairs(roles)
    if extra := granted - wanted:
        yield fault(
            "database-user",
            user,
            f"{user} also has {_shown(extra)}",
            "a fault in this process, or its password in wrong hands, reaches data of others",
            _REMEDY,
        )
    if missing := wanted - granted:
        yield fault(
            "database-user",
            user,
            f"{user} lacks {_shown(missing)}",
            "it is refused what it needs: its work stops",
            _REMEDY,
        )
    if granted == wanted:
        yield ok("database-user", user, _shown(granted))


def _privileges(
    client: MongoClient[Document], role: str, wanted: Sequence[Document]
) -> Iterator[Finding]:
    found = client.admin.command({"rolesInfo": role, "showPrivileges": True})["roles"]
    granted = _actions(found[0]["inheritedPrivileges"]) if found else set()
    if extra := granted - _actions(wanted):
        yield fault(
            "database-role",
            role,
            f"{role} also allows {_some(extra)}",
            "whoever has an operator's password can do more than operators need",
            _REMEDY,
        )
    if missing := _actions(wanted) - granted:
        yield fault(
            "database-role",
            role,
            f"{role} lacks {_some(missing)}",
            "operators' commands are refused midway",
            _REMEDY,
        )
    if granted == _actions(wanted):
        yield ok("database-role", role, f"{len(granted)} privileges")


def _pairs(roles: Sequence[Document]) -> set[tuple[str, str]]:
    return {(each["role"], each["db"]) for each in roles}


def _actions(privileges: Sequence[Document]) -> set[tuple[str, str]]:
    """Pairs of resource and action; a privilege on nothing but a cluster or a whole database."""
    return {
        (_resource(each["resource"]), action) for each in privileges for action in each["actions"]
    }


def _resource(resource: Document) -> str:
    if resource.get("cluster"):
        return "the cluster"
    if "db" not in resource:
        return str(resource)
    return ".".join(part for part in (resource["db"] or "*", resource["collection"]) if part)


def _shown(roles: set[tuple[str, str]]) -> str:
    return ", ".join(f"{role} on {database}" for role, database in sorted(roles)) or "no role"


def _some(actions: set[tuple[str, str]], most: int = 5) -> str:
    shown = [f"{action} on {resource}" for resource, action in sorted(actions)]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" * (len(shown) > most))
