"""Each user of the broker reaches what it needs and nothing else."""

import base64
import hashlib
import json
import re

import pytest

from deploy import permissions
from shared import access


@pytest.mark.parametrize("service", access.SERVICES)
def test_a_service_reaches_its_own_queues_and_no_other(service: str) -> None:
    own = access.PERMISSIONS[service]
    for name in (f"{service}.events", f"{service}.retry.1", f"rpc-{service}"):
        assert all(re.search(regex, name) for regex in (own.configure, own.write, own.read))
    for other in {*access.SERVICES} - {service}:
        for name in (f"{other}.events", f"rpc-{other}", "rpc.reply-gateway-1", "amq.topic"):
            assert not re.search(own.read, name)
            assert not re.search(own.configure, name)


def test_the_gateway_alone_may_call_and_hear_answers() -> None:
    for user, granted in access.PERMISSIONS.items():
        may_call = bool(re.search(granted.write, "nameko-rpc"))
        may_hear = bool(re.search(granted.read, "rpc.replies"))
        assert (may_call, may_hear) == ((user == "gateway"),) * 2, user


def test_only_producers_send_events_and_only_consumers_hear_them() -> None:
    senders = {u for u, p in access.PERMISSIONS.items() if re.search(p.write, "foscao.events")}
    hearers = {u for u, p in access.PERMISSIONS.items() if re.search(p.read, "foscao.events")}
    assert senders == {"participants", "activities"}
    assert hearers == {"reporting", "activities", "notifications"}


def test_the_gateway_reaches_rpc_alone() -> None:
    gateway = access.PERMISSIONS["gateway"]
    assert re.search(gateway.write, "nameko-rpc")
    assert re.search(gateway.read, "rpc.reply-gateway-1")
    for name in ("foscao.events", "participants.events", "rpc-participants", ""):
        assert not re.search(gateway.read, name)


def test_the_operator_can_name_every_queue_and_reach_no_message() -> None:
    operator = access.PERMISSIONS["operator"]
    for name in ("reporting.events", "reporting.retry.1000", "rpc-participants"):
        assert re.search(operator.configure, name)
    for name in ("rpc.reply-gateway-1", "amq.topic", "gateway.events", ""):
        assert not re.search(operator.configure, name)
    for name in ("foscao.events", "reporting.events", "rpc.reply-gateway-1"):
        assert not re.search(operator.read, name)
        assert not re.search(operator.write, name)


def test_definitions_hold_a_verifiable_hash_and_no_password() -> None:
    definitions = permissions.broker_definitions({"gateway": "s3cret", "reporting": "0ther"})
    assert "s3cret" not in json.dumps(definitions)
    raw = base64.b64decode(definitions["users"][0]["password_hash"])
    assert raw[4:] == hashlib.sha256(raw[:4] + b"s3cret").digest()


def test_definitions_hold_every_exchange_that_a_permission_by_topic_names() -> None:
    """Newer brokers (4.3.2) refuse to start with a permission on what does not exist."""
    definitions = permissions.broker_definitions(dict.fromkeys(access.USERS, "x"))
    defined = {each["name"]: each for each in definitions["exchanges"]}
    named = {each["exchange"] for each in definitions["topic_permissions"]}
    assert named == defined.keys() == {"foscao.events", "nameko-rpc"}
    for name, each in defined.items():
        # What a service declares when it starts; the broker refuses it where one differs.
        assert each == {
            "name": name,
            "vhost": "foscao",
            "type": "topic",
            "durable": True,
            "auto_delete": False,
            "internal": False,
            "arguments": {},
        }
