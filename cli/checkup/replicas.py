"""The database's servers: a replica set without arbiter, journalled, of supported versions, whose
clocks agree.

Owns the limits beyond which versions, clocks and disks are findings.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from cli.checkup.finding import Finding, fault, ok, warning

Document = dict[str, Any]

OLDEST: Final = (6, 0)
TESTED: Final = ((6, 0), (8, 0))
# Leases last 5 s by the primary's clock: beyond that a failover lets two replicas act at once.
MEMBERS_APART_S: Final = (1.0, 5.0)
# Partners refuse a webhook whose timestamp is five minutes off.
HERE_APART_S: Final = (1.0, 60.0)
LAG_S: Final = 60.0
FREE_BYTES: Final = 2 * 1024**3
FREE_PART: Final = 0.1
# The services give a transaction 5 s. What a process that hangs has locked is free after this.
TRANSACTION_S: Final = (5.0, 30.0)
_TIMEOUT_MS: Final = 3_000
_ROUTING: Final = ("replicaset", "directconnection", "loadbalanced")
_HEALTHY: Final = {1: "PRIMARY", 2: "SECONDARY"}
_ARBITER: Final = 7


@dataclass(frozen=True, slots=True)
class Member:
    """A member as it answers for itself; `ahead_s` of this machine's clock."""

    host: str
    version: tuple[int, ...]
    storage: Document
    journal: bool
    ahead_s: float


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
    answers = {host: _ask(host, uri) for host in hosts}
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
        yield from _server(member)
    yield from _versions(client, members)
    yield from clocks(members)
    yield from _disk(client)


def unreachable(uri: str, error: PyMongoError) -> Iterator[Finding]:
    """Why no primary was found: each host is asked what it takes itself for."""
    for host, port in parse_uri(uri)["nodelist"]:
        address = f"{host}:{port}"
        try:
            with MongoClient[Document](
                address, directConnection=True, serverSelectionTimeoutMS=_TIMEOUT_MS
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


def clocks(members: Sequence[Member]) -> Iterator[Finding]:
    """Whether the members' clocks agree with each other and with this machine's."""
    if not members:
        return
    ahead = [member.ahead_s for member in members]
    apart_s = max(ahead) - min(ahead)
    if apart_s > MEMBERS_APART_S[0]:
        yield (fault if apart_s > MEMBERS_APART_S[1] else warning)(
            "clock",
            "members",
            f"the members' clocks are up to {apart_s:.1f} s apart",
            "after a failover a lease may be taken while its holder still acts: events published, "
            "webhooks sent twice",
            "run a time service (chrony, systemd-timesyncd) on every member",
        )
    off_s = max(ahead, key=abs)
    if abs(off_s) > HERE_APART_S[0]:
        yield (fault if abs(off_s) > HERE_APART_S[1] else warning)(
            "clock",
            "here",
            f"the database's clock is {off_s:+.1f} s from this machine's",
            "times of records and events mislead; partners refuse webhooks signed minutes off",
            "run a time service on both machines",
        )
    if apart_s <= MEMBERS_APART_S[0] and abs(off_s) <= HERE_APART_S[0]:
        yield ok("clock", "members", f"within {max(map(abs, ahead)):.2f} s of this machine's")


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


def _ask(host: str, uri: str) -> Member | None:
    """What one member says of itself; None if it does not answer (its health says so)."""
    parsed = parse_uri(uri)
    options = {k: v for k, v in parsed["options"].items() if k.lower() not in _ROUTING}
    try:
        with MongoClient[Document](
            host,
            username=parsed["username"],
            password=parsed["password"],
            directConnection=True,
            **{**options, "serverSelectionTimeoutMS": _TIMEOUT_MS},
        ) as client:
            client.admin.command("ping")  # the connection shall not count as travelling time
            asked_at = time.time()
            hello = client.admin.command("hello")
            here = (asked_at + time.time()) / 2
            local = hello["localTime"].replace(tzinfo=UTC)
            status = client.admin.command("serverStatus")
            parsed_options = client.admin.command("getCmdLineOpts")["parsed"]
    except PyMongoError:
        return None
    journal = parsed_options.get("storage", {}).get("journal", {}).get("enabled", True)
    return Member(
        host=host,
        version=tuple(int(part) for part in status["version"].split("-")[0].split(".")),
        storage=status["storageEngine"],
        journal=bool(journal),
        ahead_s=(local - datetime.fromtimestamp(here, UTC)).total_seconds(),
    )


def _server(member: Member) -> Iterator[Finding]:
    if not member.journal:
        yield fault(
            "journal",
            member.host,
            f"{member.host} runs without journal",
            "acknowledged writes are gone after a power cut",
            "remove storage.journal.enabled: false from its configuration",
        )
    if not (member.storage["persistent"] and member.storage["supportsCommittedReads"]):
        yield fault(
            "storage",
            member.host,
            f"{member.host} stores with {member.storage['name']}",
            "it forgets at a restart, or has no majority reads and transactions",
            "use the storage engine wiredTiger",
        )
    shown = ".".join(map(str, member.version))
    if member.version[:2] < OLDEST:
        yield fault(
            "version",
            member.host,
            f"{member.host} runs MongoDB {shown}",
            "expressions the leases and projections use are unknown to it",
            "upgrade to {}.{} or later".format(*OLDEST),
        )
    elif member.version[:2] not in TESTED:
        yield warning(
            "version",
            member.host,
            f"{member.host} runs MongoDB {shown}",
            "nothing known; this version is not among those the hub was tested with",
            "prefer " + " or ".join("{}.{}".format(*each) for each in TESTED),
        )
    else:
        yield ok("version", member.host, f"MongoDB {shown}")


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
