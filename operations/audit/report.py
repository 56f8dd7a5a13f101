"""How an audit is shown: a table of the stages, then what was found, by name; or all as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from operations.audit.tally import Account, Kind, Tally

_COLUMNS: Final = (
    "expected", "found", "in flight", "missing", "double", "other", "checksum",
)  # fmt: skip


def show(account: Account, console: Console) -> None:
    """Print the table, the findings kept of each stage, and what it all comes to."""
    table = Table("stage", box=None, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for tally in account:
        table.add_row(tally.stage, *_row(tally), style=None if tally.clean else "red")
    console.print(table)
    for tally in account:
        for finding in tally.findings:
            console.print(
                f"{finding.kind.upper()}  {finding.stage}: {finding.text}",
                markup=False,
                soft_wrap=True,
            )
        unnamed = sum(tally.counts.values()) - sum(1 for _ in tally.findings)
        if unnamed > 0:
            console.print(f"… {tally.stage}: {unnamed} more (--most)", markup=False)
        if tally.again:
            console.print(
                f"note: {tally.stage}: {tally.again} deliveries were repeated under the same id, "
                "as after a crash between a partner's answer and the cursor",
                markup=False,
                soft_wrap=True,
            )
    console.print(_verdict(account))


def document(account: Account) -> dict[str, Any]:
    """The same for programs."""
    return {
        "clean": account.clean,
        "stages": [
            {
                "stage": tally.stage,
                "expected": tally.expected,
                "found": tally.found,
                "in_flight": tally.in_flight,
                **{kind.value: tally.counts.get(kind, 0) for kind in Kind},
                "repeated": tally.again,
                "expected_checksum": str(tally.expected_sum),
                "found_checksum": str(tally.found_sum),
                "checksum_ok": tally.checksum_ok,
            }
            for tally in account
        ],
        "findings": list(_findings(account)),
    }


def _findings(account: Account) -> Iterator[dict[str, Any]]:
    for tally in account:
        for each in tally.findings:
            yield {"stage": each.stage, "kind": each.kind.value, "text": each.text, "ids": each.ids}


def _row(tally: Tally) -> list[str]:
    missing, double = tally.counts.get(Kind.MISSING, 0), tally.counts.get(Kind.DOUBLE, 0)
    other = sum(tally.counts.values()) - missing - double
    counts = (tally.expected, tally.found, tally.in_flight, missing, double, other)
    return [*(f"{count:,}" for count in counts), "ok" if tally.checksum_ok else "DIFFERS"]


def _verdict(account: Account) -> str:
    if account.clean:
        return "Clean: nothing is missing, nothing is double."
    total = sum(sum(tally.counts.values()) for tally in account)
    return f"{total:,} findings."
