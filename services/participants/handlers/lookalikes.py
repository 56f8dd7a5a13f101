"""Owns what is told of people who are written and look like others of their chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from shared.errors import Problem
from shared.records.pushes import Decision, Record, Status

_TELLING: Final = (
    *("given_name", "family_name", "sex", "place", "phone", "email"),
    *("birth_year", "age", "age_on"),
)
_WRITTEN: Final = frozenset({Status.CREATED, Status.UPDATED})


def may_resemble(after: Record, before: Record | None) -> bool:
    """Whether a person may now look like somebody whom they did not look like before."""
    return before is None or any(
        after.content.get(name) != before.content.get(name) for name in _TELLING
    )


def told_of(
    decision: Decision, existing: Mapping[str, Record], alike: Mapping[str, Sequence[str]]
) -> Decision:
    """The decision with a remark on each row whose person may be one of others.

    Args: existing: as the push engine has it; alike: id → whom they look like. Of those who are
        pushed at the same time, the ones are named that are stored or stand in the same push: the
        others may never be.
    """
    written = {each.after.id for each in decision.writes}
    pushed = {each.id for receipts in decision.receipts for each in receipts} - existing.keys()
    for receipts in decision.receipts:
        here = {each.id for each in receipts if each.status is not Status.REJECTED}
        for at, receipt in enumerate(receipts):
            said = receipt.id or ""
            person = existing[said].id if said in existing else said
            others = [
                each
                for each in alike.get(person, ())
                if each in here or each in written or each not in pushed
            ]
            if others and receipt.status in _WRITTEN:
                remark = Problem.at("id", code="POSSIBLE_DUPLICATE", ids=others)
                receipts[at] = replace(receipt, problems=(*receipt.problems, remark))
    return decision
