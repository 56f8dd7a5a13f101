"""What the doctor says of a hub, as (check, subject) of each finding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from deploy.local.stack import Stack
from operations.doctor.examining import examine
from operations.doctor.finding import Finding, Severity
from operations.settings import Settings

DELAYS_S = (1.0, 5.0, 60.0, 600.0)
ALWAYS = {("members", "rs0")}  # a single member: a warning, on this machine nothing to be done
Client = MongoClient[dict[str, Any]]
Found = set[tuple[str, str]]


def findings(stack: Stack, *, tools: bool = False, **settings: str) -> list[Finding]:
    """Whatever the doctor has to say; without the broker's own tool unless a test is about it."""
    environment = {"FOSCAO_HOME": str(stack.home), **settings}
    if not tools:
        environment["RABBITMQCTL"] = " "
    return [
        each
        for each in examine(Settings.load(environment))
        if each.severity is not Severity.OK and (tools or each.check != "broker-tools")
    ]


def faults(stack: Stack, *, tools: bool = False, **settings: str) -> Found:
    return named(findings(stack, tools=tools, **settings), Severity.FAULT)


def warnings(stack: Stack, *, tools: bool = False) -> Found:
    return named(findings(stack, tools=tools), Severity.WARNING) - ALWAYS


def named(found: list[Finding], severity: Severity) -> Found:
    assert all(each.risk and each.remedy for each in found)
    return {(each.check, each.subject) for each in found if each.severity is severity}


@contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(bits)
    try:
        yield
    finally:
        path.chmod(before)
