"""What a check says: how bad it is, what was found, what could be lost by it, what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """`fault`: something the guarantees rest on is not so. `warning`: they hold, barely."""

    FAULT = "fault"
    WARNING = "warning"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    `check` names what was looked for and stays the same over releases, `subject` where; both are
    for programs. `risk` and `remedy` are empty where all is well.
    """

    severity: Severity
    check: str
    subject: str
    found: str
    risk: str = ""
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def ok(check: str, subject: str, found: str) -> Finding:
    return Finding(Severity.OK, check, subject, found)


def warning(check: str, subject: str, found: str, risk: str, remedy: str) -> Finding:
    return Finding(Severity.WARNING, check, subject, found, risk, remedy)


def fault(check: str, subject: str, found: str, risk: str, remedy: str) -> Finding:
    return Finding(Severity.FAULT, check, subject, found, risk, remedy)
