"""The members of a replica set, each asked by itself: version, storage, journal, clock.

Owns the limits beyond which versions and clocks are findings.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from operations.doctor.finding import Finding, fault, ok, warning
from shared.types import Document

OLDEST: Final = (6, 0)
TESTED: Final = ((6, 0), (8, 0))
# Leases last 5 s by the primary's clock: beyond that a failover lets two replicas act at once.
MEMBERS_APART_S: Final = (1.0, 5.0)
# Partners refuse a webhook whose timestamp is five minutes off.
HERE_APART_S: Final = (1.0, 60.0)
TIMEOUT_MS: Final = 3_000
_ROUTING: Final = ("replicaset", "directconnection", "loadbalanced")


@dataclass(frozen=True, slots=True)
class Member:
    """A member as it answers for itself; `ahead_s` of this machine's clock."""

    host: str
    version: tuple[int, ...]
    storage: Document
    journal: bool
    ahead_s: float


def ask(host: str, uri: str) -> Member | None:
    """What one member says of itself; None if it does not answer (its health says so)."""
    parsed = parse_uri(uri)
    options = {k: v for k, v in parsed["options"].items() if k.lower() not in _ROUTING}
    try:
        with MongoClient[Document](
            host,
            username=parsed["username"],
            password=parsed["password"],
            directConnection=True,
            **{**options, "serverSelectionTimeoutMS": TIMEOUT_MS},
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


def server(member: Member) -> Iterator[Finding]:
    """Whether it keeps what it acknowledges, and is of a version the hub runs on."""
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
