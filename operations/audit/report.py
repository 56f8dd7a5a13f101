"""What an audit has found, as programs read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from operations.audit.tally import Account, FindingKind


def document(account: Account) -> dict[str, Any]:
    """The figures of each stage in order, then every finding that was kept."""
    return {
        "clean": account.clean,
        "stages": [
            {
                "stage": tally.stage,
                "expected": tally.expected,
                "found": tally.found,
                "in_flight": tally.in_flight,
                **{kind.value: tally.counts.get(kind, 0) for kind in FindingKind},
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
