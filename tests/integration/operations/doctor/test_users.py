"""Whoever may do more than the hub needs is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pytest
from pymongo.errors import OperationFailure

from deploy.local.stack import Stack
from shared.access import PERMISSIONS, VHOST
from tests.integration.operations.doctor.doctor_world import Client, faults, warnings


def test_a_role_too_many_is_found(stack: Stack, root: Client) -> None:
    extra = [{"role": "read", "db": "participants"}]
    root.admin.command("grantRolesToUser", "reporting", roles=extra)
    try:
        assert faults(stack) == {("database-user", "reporting")}
    finally:
        root.admin.command("revokeRolesFromUser", "reporting", roles=extra)


def test_a_privilege_too_many_in_the_operators_role_is_found(stack: Stack, root: Client) -> None:
    extra = [{"resource": {"db": "admin", "collection": ""}, "actions": ["createUser"]}]
    root.admin.command("grantPrivilegesToRole", "foscaoOperator", privileges=extra)
    try:
        assert faults(stack) == {("database-role", "foscaoOperator")}
    finally:
        root.admin.command("revokePrivilegesFromRole", "foscaoOperator", privileges=extra)


def test_a_stranger_with_access_is_found(stack: Stack, root: Client) -> None:
    roles = [{"role": "read", "db": "participants"}]
    root.admin.command("createUser", "curious", pwd="x" * 20, roles=roles)
    try:
        assert warnings(stack) == {("database-user-unexpected", "curious")}
    finally:
        root.admin.command("dropUser", "curious")


def test_permissions_too_wide_on_the_broker_are_found(
    stack: Stack, rabbitmqctl: Callable[..., None]
) -> None:
    rabbitmqctl("set_permissions", "-p", VHOST, "reporting", ".*", ".*", ".*")
    try:
        assert faults(stack, tools=True) == {("broker-user", "reporting")}
    finally:
        own = asdict(PERMISSIONS["reporting"])
        rabbitmqctl("set_permissions", "-p", VHOST, "reporting", *own.values())


def test_the_operator_may_read_and_restore_but_change_no_user(stack: Stack) -> None:
    with Client(stack.operator_env()["OPERATOR_MONGO_URI"]) as client:
        client["reporting"]["proof"].insert_one({"_id": 1})
        client["reporting"]["proof"].drop()
        assert client["participants"]["people"].count_documents({}) == 0
        for forbidden in (
            lambda: client.admin.command("createUser", "x", pwd="x" * 20, roles=["root"]),
            lambda: client.admin.command(
                "grantRolesToUser", "operator", roles=[{"role": "root", "db": "admin"}]
            ),
            lambda: client["elsewhere"]["things"].insert_one({}),
            lambda: client.admin.command("shutdown"),
        ):
            with pytest.raises(OperationFailure) as refused:
                forbidden()
            assert refused.value.code == 13
