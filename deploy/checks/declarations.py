"""Starts what each service starts with, short of its connections: what a service refuses to start
with is found here, before it is deployed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from shared.access import SERVICES
from shared.contracts import Undeclared


def check(services: Iterable[str] = SERVICES) -> list[str]:
    """One finding for each service that has a field of which nobody has decided whether it may
    leave; empty if all would start."""
    findings = []
    for service in services:
        try:
            # By name: what is deployed knows no service, and a spoilt one must not stop the others.
            import_module(f"services.{service}.service")
        except Undeclared as error:
            findings.append(f"services/{service}: {error}")
    return findings
