"""Owns the course of a push that several services share: people, then activities, then attendance.

Services do not ask each other, so this is where an attendance row meets the register of people.
A step that fails leaves what went before it stored; the same push again, with the same ids,
completes it and doubles nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final

from gateway.calls import keys
from gateway.calls.context import Context, How
from shared.codes.places import pushed_as, pushed_id
from shared.ids import canonical
from shared.records.repetitions import ALREADY_APPLIED
from shared.texts import plain

Receipts = list[dict[str, Any]]
_SESSION: Final = (["session_id"], ["session_ref"])
NumberedRow = tuple[int, int, Mapping[str, Any]]
"""An attendance row: its number over all sheets, its sheet, itself."""


@dataclass(frozen=True, slots=True)
class PushBatch:
    """What one push carries; attendance comes as sheets `{"session_id", "rows"}`."""

    participants: Sequence[Mapping[str, Any]] = ()
    activities: Sequence[Mapping[str, Any]] = ()
    sheets: Sequence[Mapping[str, Any]] = ()

    @property
    def rows(self) -> int:
        """How many attendance rows the sheets hold together."""
        return sum(len(sheet["rows"]) for sheet in self.sheets)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One receipt per row of each list, in order."""

    participants: Receipts = field(default_factory=list)
    activities: Receipts = field(default_factory=list)
    attendance: Receipts = field(default_factory=list)

    def all(self) -> Receipts:
        """The receipts of all lists."""
        return [*self.participants, *self.activities, *self.attendance]


async def push(ctx: Context, batch: PushBatch, how: How) -> Outcome:
    """Store the batch, or only say what would become of it.

    `all_or_nothing` holds over all lists: each is tried before any is stored. (Between trial and
    storing, somebody else's push may still get in the way of a later list; its receipts say so.)

    Raises HubError of the services; retryable where `retryable` says so, with the same ids.
    Effects: at most six calls, or twelve where lists are tried first: `participants.push` (see
        `push_people`), `participants.vouch`, `activities.push`, `activities.record_attendance`, and
        this once more to try the rows of people whom the register does not know.
    """
    if how.mode != "all_or_nothing":
        return await _send(ctx, batch, how)
    alone = not batch.sheets and not (batch.participants and batch.activities)
    if alone:  # its service keeps the promise by itself
        return await _send(ctx, batch, how)
    trial = await _send(ctx, batch, _trial(how))
    if any(map(_rejected, trial.all())):
        for receipt in trial.all():
            if not _rejected(receipt):
                _reject(receipt, "ALL_OR_NOTHING")
        return trial
    return trial if how.dry_run else await _send(ctx, batch, how)


def _trial(how: How) -> How:
    return replace(how, mode="per_item", dry_run=True)


async def push_people(ctx: Context, people: Sequence[Mapping[str, Any]], how: How) -> Receipts:
    """The receipts of these people. Raises HubError.

    Effects: `participants.push`; before it, if one of them lives in a place that was pushed,
        `activities.get_many`: the owner of people does not know these.
    """
    homes = {pushed_as(each.get("place")) for each in people} - {None}
    if not homes:
        return await ctx.push("participant", "push", people, how)
    answer = await ctx.ask("activities", "get_many", kind="place", ids=sorted(homes))
    places = {pushed_id(each["parent"], each["id"]): each["withdrawn"] for each in answer["items"]}
    return await ctx.push("participant", "push", people, how, beside={"places": places})


async def _send(ctx: Context, batch: PushBatch, how: How) -> Outcome:
    registered = await keys.replaced(ctx, "participant", batch.participants)
    people = await push_people(ctx, registered, how)
    named = await keys.on_sheets(ctx, batch.sheets, batch.participants, people)
    unknown = await _unknown_participants(ctx, named.sheets, people)
    activities = await ctx.push("activity", "push", batch.activities, how)
    beside: dict[str, Any] = {}
    if how.dry_run and batch.activities:
        # It stores no session: those that this push would make are foreseen by their service, of
        # the activities as it has just numbered them.
        told = zip(batch.activities, activities, strict=True)
        beside["activities"] = [{**item, "id": receipt["id"]} for item, receipt in told]
    attendance = await _record(ctx, named, unknown, how, beside)
    return Outcome(people, activities, named.told(attendance))


async def _unknown_participants(
    ctx: Context, sheets: Sequence[Mapping[str, Any]], people: Receipts
) -> frozenset[str]:
    """Whom the sheets name although the register knows nobody of that id whom this caller may name.

    Ids that are none are left to the service that checks rows.
    """
    named = {_needed(row) for sheet in sheets for row in sheet["rows"]}
    pushed = {receipt["id"]: receipt for receipt in people}
    asked = [each for each in named if each is not None and each not in pushed]
    answer = await ctx.ask("participants", "vouch", ids=asked) if asked else {"unknown": ()}
    rejected = (each for each, receipt in pushed.items() if each and _rejected(receipt))
    return frozenset((*answer["unknown"], *rejected))


def _needed(row: Mapping[str, Any]) -> str | None:
    """Whom the register must know for the row; nobody where it takes somebody off."""
    status = row.get("status")
    if isinstance(status, str) and plain(status) == "removed":
        return None
    return canonical(row.get("participant_id"))


async def _record(
    ctx: Context,
    named: keys.Named,
    unknown: frozenset[str],
    how: How,
    beside: Mapping[str, Any],
) -> Receipts:
    """The receipts of every attendance row; rows of unknown participants are only tried, for what
    else is wrong with them."""
    sheets, unled = named.sheets, named.unled
    listed = [(index, row) for index, sheet in enumerate(sheets) for row in sheet["rows"]]
    rows: list[NumberedRow] = [(number, index, row) for number, (index, row) in enumerate(listed)]
    if not unknown and not unled:
        return await _sent(ctx, sheets, rows, how, beside)
    known: list[NumberedRow] = []
    of_unknown: list[NumberedRow] = []
    for numbered in rows:
        row = numbered[2]
        stranger = row.get("participant_id") in unled or _needed(row) in unknown
        (of_unknown if stranger else known).append(numbered)
    receipts = await _sent(ctx, sheets, known, how, beside)
    tried = await _sent(ctx, sheets, of_unknown, _trial(how), beside)
    for receipt in tried:
        found = receipt["problems"]
        if any(each["code"] == ALREADY_APPLIED for each in found):
            continue  # they were known then
        found = found if _rejected(receipt) else []
        _reject(receipt, unled.get(receipt["id"], "UNKNOWN_PARTICIPANT"), "participant_id")
        session = [each for each in found if each["path"][:1] in _SESSION]
        others = [each for each in found if each not in session]
        receipt["problems"] = [*session, *receipt["problems"], *others]
    return sorted([*receipts, *tried], key=lambda receipt: int(receipt["row"]))


async def _sent(
    ctx: Context,
    sheets: Sequence[Mapping[str, Any]],
    rows: Sequence[NumberedRow],
    how: How,
    beside: Mapping[str, Any],
) -> Receipts:
    """The receipts of these rows of the sheets, each with its own number and sheet."""
    parcels = [
        {**sheets[index], "rows": [row for _, _, row in parcel]}
        for index, parcel in groupby(rows, key=lambda numbered: numbered[1])
    ]
    receipts = await ctx.push(
        "attendance", "record_attendance", parcels, how, weight=len(rows), beside=beside
    )
    for receipt, (number, index, _) in zip(receipts, rows, strict=True):
        receipt["row"], receipt["sheet"] = number, index
    return receipts


def _reject(receipt: dict[str, Any], code: str, *path: str) -> None:
    problem = {"code": code, "path": list(path), "params": {}}
    receipt.update(status="REJECTED", version=None, problems=[problem])


def _rejected(receipt: Mapping[str, Any]) -> bool:
    return bool(receipt["status"] == "REJECTED")
