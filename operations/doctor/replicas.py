"""The database as a whole: a replica set without arbiter, its members up, its defaults safe, room
on its disk. Each member by itself is looked at in members.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from operations.doctor.finding import Finding, fault, ok, warning
from operations.doctor.members import TIMEOUT_MS, Member, ask, clocks, server
from shared.types import Document

LAG_S: Final = 60.0
FREE_BYTES: Final = 2 * 1024**3
FREE_PART: Final = 0.1
# The services give a transaction 5 s. What a process that hangs has locked is free after this.
TRANSACTION_S: Final = (5.0, 30.0)
_HEALTHY: Final = {1: "PRIMARY", 2: "SECONDARY"}
_ARBITER: Final = 7


def check(client: MongoClient[Document], uri: str) -> Iterator[Finding]:
    """All of the above. Raises PyMongoError if the primary goes away meanwhile."""
    hello = client.admin.command("hello")
    if "setName" not in hello:
        yield _standalone(hello.get("me", "the server"))
        return
    config = client.admin.command("replSetGetConfig")["config"]
    status = client.admin.command("replSetGetStatus")
    yield from _members(config, status)
    if not config.get("writeConcernMajorityJournalDefault", True):
        yield fault(
            "journal",
            config["_id"],
            "writeConcernMajorityJournalDefault is false",
            "a write that a majority acknowledged may be gone after a power cut of that majority",
            "rs.reconfig() with writeConcernMajorityJournalDefault: true",
        )
    yield from _concerns(client.admin.command("getDefaultRWConcern"))
    hosts = [each["host"] for each in config["members"] if not each["arbiterOnly"]]
    answers = {host: ask(host, uri) for host in hosts}
    for host in (host for host, answer in answers.items() if answer is None):
        yield warning(
            "member-unchecked",
            host,
            f"{host} does not answer from here",
            "its version, storage and clock are not checked",
            "run this where all members can be reached",
        )
    members = [member for member in answers.values() if member is not None]
    for member in members:
        yield from server(member)
    yield from _versions(client, members)
    yield from clocks(members)
    yield from _disk(client)


def unreachable(uri: str, error: PyMongoError) -> Iterator[Finding]:
    """Why no primary was found: each host is asked what it takes itself for."""
    for host, port in parse_uri(uri)["nodelist"]:
        address = f"{host}:{port}"
        try:
            with MongoClient[Document](
                address, directConnection=True, serverSelectionTimeoutMS=TIMEOUT_MS
            ) as client:
                hello = client.admin.command("hello")
        except PyMongoError:
            continue
        if "setName" not in hello:
            yield _standalone(address)
            return
    yield fault(
        "primary",
        "replica set",
        f"no primary answers ({type(error).__name__})",
        "nothing is accepted and nothing is published until there is one; what was accepted stays",
        "start the members, a majority of them; see their logs for why there is no election",
    )


def _standalone(host: str) -> Finding:
    return fault(
        "replica-set",
        host,
        f"{host} is a standalone server",
        "it has no transactions: the services refuse to work rather than write halves",
        "start it with --replSet rs0 and initiate the set (python -m deploy.databases)",
    )


def _members(config: Document, status: Document) -> Iterator[Finding]:
    name = config["_id"]
    if arbiters := [each["host"] for each in config["members"] if each["arbiterOnly"]]:
        yield fault(
            "arbiter",
            name,
            f"arbiter: {', '.join(arbiters)}",
            "with one data member down, majority writes hang, and what only one member holds is "
            "lost with that member",
            "replace the arbiter by a member with data",
        )
    voters = sum(1 for each in config["members"] if each["votes"] and not each["arbiterOnly"])
    if voters < 3:
        yield warning(
            "members",
            name,
            f"{voters} voting member{'s' if voters > 1 else ''} with data",
            "the loss of one machine's disk loses what was accepted since the last backup"
            if voters == 1
            else "with one of them down nothing is accepted",
            "run three members on three machines",
        )
    best = max(each["optimeDate"] for each in status["members"] if "optimeDate" in each)
    for each in status["members"]:
        if each["state"] == _ARBITER:
            continue
        lag_s = (best - each["optimeDate"]).total_seconds() if "optimeDate" in each else 0.0
        if each["state"] not in _HEALTHY or not each["health"]:
            yield fault(
                "member-health",
                each["name"],
                f"{each['name']} is {each['stateStr'].strip('()')}",
                "one more member down and nothing is accepted",
                "start it, or see its log; resynchronise it if it fell off the oplog",
            )
        elif lag_s > LAG_S:
            yield warning(
                "member-lag",
                each["name"],
                f"{each['name']} is {lag_s:.0f} s behind",
                "majority writes wait for it once another member is down",
                "look at its disk and its network",
            )
        else:
            yield ok("member-health", each["name"], _HEALTHY[each["state"]])


def _concerns(defaults: Document) -> Iterator[Finding]:
    write = defaults.get("defaultWriteConcern", {"w": 1})
    if write.get("w", 1) != "majority":
        yield warning(
            "write-concern",
            "default",
            f"the default write concern is w={write.get('w', 1)}",
            "the services ask for majority themselves; what other tools write may be rolled back "
            "by a failover",
            'setDefaultRWConcern with defaultWriteConcern: {w: "majority"}; an arbiter also lowers '
            "the default",
        )
    else:
        yield ok("write-concern", "default", "majority")


def _versions(client: MongoClient[Document], members: Sequence[Member]) -> Iterator[Finding]:
    asked = {"getParameter": 1, "featureCompatibilityVersion": 1}
    found = client.admin.command({**asked, "transactionLifetimeLimitSeconds": 1})
    compatible = found["featureCompatibilityVersion"]["version"]
    running = sorted({"{}.{}".format(*member.version[:2]) for member in members})
    if running and running != [compatible]:
        yield warning(
            "compatibility-version",
            "replica set",
            f"featureCompatibilityVersion is {compatible}, servers run {', '.join(running)}",
            "nothing; an upgrade was not finished",
            "once all members run the new version: setFeatureCompatibilityVersion",
        )
    else:
        yield ok("compatibility-version", "replica set", compatible)
    limit_s = found["transactionLifetimeLimitSeconds"]
    if limit_s > TRANSACTION_S[1]:
        yield warning(
            "transaction-lifetime",
            "replica set",
            f"transactionLifetimeLimitSeconds is {limit_s}",
            "nothing; what a process that hangs was writing can be written by nobody for so long",
            "set it to 10",
        )
    elif limit_s < TRANSACTION_S[0]:
        yield fault(
            "transaction-lifetime",
            "replica set",
            f"transactionLifetimeLimitSeconds is {limit_s}",
            "large pushes and batches of events are broken off and tried again without end",
            "set it to 10",
        )


def _disk(client: MongoClient[Document]) -> Iterator[Finding]:
    stats = client["activities"].command("dbStats")
    if not stats["fsTotalSize"]:
        return  # a database that does not exist yet has no files to tell by
    free = stats["fsTotalSize"] - stats["fsUsedSize"]
    found = f"{free / 1024**3:.1f} GB of {stats['fsTotalSize'] / 1024**3:.0f} GB free"
    if free < FREE_BYTES:
        yield fault(
            "disk",
            "primary",
            found,
            "a full disk stops the database: nothing is accepted",
            "free space or enlarge the disk",
        )
    elif free < FREE_PART * stats["fsTotalSize"]:
        yield warning(
            "disk", "primary", found, "the disk may fill up", "free space or enlarge the disk"
        )
    else:
        yield ok("disk", "primary", found)
