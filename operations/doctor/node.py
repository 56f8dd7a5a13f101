"""The broker as its own tool sees it: users, policies, bindings, members, disk.

None of this can be asked over AMQP, and the management plugin is not enabled; `rabbitmqctl` runs
where the broker runs. What it prints (hashes of passwords among it) stays in this process.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from operations.doctor.finding import Finding, fault, ok, warning
from operations.doctor.queues import expected
from shared.access import PERMISSIONS, TOPIC_PERMISSIONS, VHOST
from shared.topology import Binding, Queue
from shared.types import Document

_TIMEOUT_S: Final = 60.0
_REPLIES: Final = "rpc.reply-"  # of gateways, each for as long as it is connected
_ROOM: Final = 2.0  # times the limit at which the broker stops taking messages
_REMEDY_USERS: Final = "rabbitmqctl set_permissions and set_topic_permissions, as shared/access.py"
_REMEDY_POLICY: Final = "rabbitmqctl clear_policy; the queues' own arguments are what is wanted"


class NoAnswer(Exception):
    """The tool did not run or did not answer with JSON; the text says so without its output."""


def check(command: Sequence[str] | None, retry_delays_s: tuple[float, ...]) -> Iterator[Finding]:
    """All findings; one warning where the tool cannot be asked.

    Args: command: how to call rabbitmqctl, None if nobody said.
    """
    if command is None:
        yield _unchecked("RABBITMQCTL is not set")
        return
    try:
        definitions = _ask(command, "export_definitions", "-")
        status = _ask(command, "status", "--formatter", "json")
        columns = ("name", "type", "messages", "members", "online")
        queues = _ask(command, "list_queues", "-p", VHOST, "--formatter", "json", *columns)
    except NoAnswer as error:
        yield _unchecked(str(error))
        return
    yield from _users(definitions)
    yield from _policies(definitions)
    yield from _bindings(definitions, retry_delays_s)
    yield from _members(queues)
    yield from _strangers(queues, retry_delays_s)
    yield from _resources(status)


def _ask(command: Sequence[str], *arguments: str) -> Any:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command
            [*command, "--quiet", *arguments], capture_output=True, timeout=_TIMEOUT_S, check=False
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoAnswer(f"{arguments[0]}: {type(error).__name__}") from None
    except ValueError:
        raise NoAnswer(f"{arguments[0]} failed with status {done.returncode}") from None


def _unchecked(why: str) -> Finding:
    return warning(
        "broker-tools",
        "rabbitmqctl",
        f"users, policies, bindings and disk of the broker are not checked: {why}",
        "what is wrong there stays unseen",
        "set RABBITMQCTL to a command line, e.g. docker compose exec -T rabbitmq rabbitmqctl",
    )


def _users(definitions: Document) -> Iterator[Finding]:
    tags = {each["name"]: each["tags"] for each in definitions["users"]}
    granted = _granted(definitions["permissions"])
    topics = _granted(definitions["topic_permissions"])
    for user, permission in PERMISSIONS.items():
        wanted = [asdict(permission)]
        wanted_topics = [asdict(each) for each in TOPIC_PERMISSIONS.get(user, ())]
        if user not in tags:
            found = f"the user {user} does not exist"
        elif granted.get(user, []) != wanted:
            found = f"{user} has other permissions: {granted.get(user, 'none')}"
        elif sorted(topics.get(user, []), key=_exchange) != sorted(wanted_topics, key=_exchange):
            found = f"{user} has other topic permissions: {topics.get(user, 'none')}"
        elif tags[user]:
            found = f"{user} is tagged {tags[user]}"
        else:
            yield ok("broker-user", user, "as expected")
            continue
        yield fault(
            "broker-user",
            user,
            found,
            "a service is refused what it needs, or hears answers with people's data that are not "
            "for it",
            _REMEDY_USERS,
        )
    for user in sorted(granted.keys() - PERMISSIONS.keys()):
        if "administrator" not in tags.get(user, ""):
            yield warning(
                "broker-user-unexpected",
                user,
                f"the user {user} reaches the hub's vhost",
                "it may read answers with people's data, or send events of its own",
                f"rabbitmqctl clear_permissions -p {VHOST} {user}, if nobody needs it",
            )


def _exchange(permission: Document) -> str:
    return str(permission["exchange"])


def _granted(permissions: Sequence[Document]) -> dict[str, list[Document]]:
    """By user, what it may in the hub's vhost."""
    found: dict[str, list[Document]] = {}
    for each in permissions:
        if each["vhost"] == VHOST:
            plain = {key: value for key, value in each.items() if key not in ("user", "vhost")}
            found.setdefault(each["user"], []).append(plain)
    return found


def _policies(definitions: Document) -> Iterator[Finding]:
    policies = [
        each["name"] for each in definitions.get("policies", []) if each["vhost"] == VHOST
    ] + [
        each["name"]
        for each in definitions.get("parameters", [])
        if each.get("vhost") == VHOST and each.get("component") == "operator_policy"
    ]
    for name in policies:
        yield fault(
            "policy",
            name,
            f"the policy {name} acts on the hub's vhost",
            "a policy adds limits and other dead-lettering to queues: messages may be dropped",
            _REMEDY_POLICY,
        )
    if not policies:
        yield ok("policy", VHOST, "none")


def _bindings(definitions: Document, retry_delays_s: tuple[float, ...]) -> Iterator[Finding]:
    wanted = {
        (each.queue, each.exchange, each.key)
        for each in expected(retry_delays_s)
        if isinstance(each, Binding)
    }
    queues = {queue for queue, _, _ in wanted}
    there = {
        (each["destination"], each["source"], each["routing_key"])
        for each in definitions["bindings"]
        if each["vhost"] == VHOST and each["destination_type"] == "queue"
    }
    for queue, exchange, key in sorted(wanted - there):
        yield fault(
            "binding",
            queue,
            f"{queue} is not bound to {exchange} for {key}",
            "events of this type never reach it: figures and feed lack them",
            "restart the service: it binds its queue; then audit, and republish what is missing",
        )
    for queue, exchange, key in sorted(there - wanted):
        if queue in queues:
            yield warning(
                "binding-unexpected",
                queue,
                f"{queue} is also bound to {exchange} for {key}",
                "the service gets what it has no use for: such events are parked",
                "remove the binding",
            )
    if wanted <= there:
        yield ok("binding", VHOST, f"{len(wanted)} bindings as expected")


def _members(queues: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for queue in queues:
        if queue["type"] != "quorum":
            continue
        members, online = len(queue["members"]), len(queue["online"])
        if online <= members // 2:
            yield fault(
                "queue-members",
                queue["name"],
                f"{online} of {members} members of {queue['name']} are up",
                "nothing is lost; it takes and gives nothing until a majority is back",
                "start the broker's other nodes",
            )
        elif online < members:
            yield warning(
                "queue-members",
                queue["name"],
                f"{online} of {members} members of {queue['name']} are up",
                "one more node down and it takes and gives nothing",
                "start the broker's other nodes",
            )


def _strangers(
    queues: Sequence[Mapping[str, Any]], retry_delays_s: tuple[float, ...]
) -> Iterator[Finding]:
    known = {each.name for each in expected(retry_delays_s) if isinstance(each, Queue)}
    for queue in queues:
        name = queue["name"]
        if name not in known and not name.startswith(_REPLIES):
            yield warning(
                "queue-unexpected",
                name,
                f"a queue {name} with {queue['messages']} messages, which nothing declares",
                "what is in it is not applied, unless it is a retry tier: set "
                "RETRY_DELAYS_S as the services have it",
                "let it run empty, then delete it",
            )


def _resources(status: Document) -> Iterator[Finding]:
    free, limit = status["disk_free"], status["disk_free_limit"]
    if isinstance(free, int) and free < _ROOM * limit:
        yield warning(
            "broker-disk",
            "broker",
            f"{free / 1024**3:.1f} GB free, the broker stops at {limit / 1024**3:.1f} GB",
            "nothing is lost; pushes will be refused",
            "free disk on the broker's machine",
        )
    else:
        yield ok("broker-disk", "broker", f"{free} bytes free")
