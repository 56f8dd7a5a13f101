"""Owns the answer to every push: one receipt per row, with coded problems at the field they sit in.

Services speak of rows in snake_case and of places by path; here both become what the client sent.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import graphene
import orjson

from gateway.calls.context import Context
from gateway.schema.texts import list_of
from shared.errors import Refused
from shared.ids import canonical
from shared.messages import message
from shared.records.pushes import MAX_ITEMS, MAX_PROBLEMS

Receipts = list[dict[str, Any]]
Place = Callable[[Mapping[str, Any]], list[str | int]]


class ReceiptStatus(graphene.Enum):
    """What became of a row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REJECTED = "REJECTED"

    @property
    def description(self) -> str:
        return {
            "CREATED": "Stored for the first time.",
            "UPDATED": "Changed what was stored.",
            "UNCHANGED": "It was so already. With the remark ALREADY_APPLIED: applied before under "
            "this `pushId`, and left as it has become since.",
            "REJECTED": "Not stored; its problems say why.",
        }.get(self.value, "")


class PushMode(graphene.Enum):
    """What a rejected row does to its neighbours."""

    PER_ITEM = "per_item"
    ALL_OR_NOTHING = "all_or_nothing"

    @property
    def description(self) -> str:
        return {
            "per_item": "Good rows are stored, whatever is wrong with others.",
            "all_or_nothing": "One rejected row, and none is stored.",
        }.get(self.value, "")


class Problem(graphene.ObjectType):
    """One thing that is wrong with a row, or worth knowing about it."""

    code = graphene.String(required=True, description="For programs: stable, e.g. `REQUIRED`.")
    field = graphene.String(
        required=True, description="The field within the row, e.g. `sessions[1].on`; may be empty."
    )
    path = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description='From the input on, e.g. `["activities", "3", "sessions", "1", "on"]`.',
    )
    message = graphene.String(
        required=True, description="For people, in the language of the request."
    )
    ids = list_of(
        graphene.ID,
        description="The records of your chapter that it speaks of, at most 3: of "
        "`POSSIBLE_DUPLICATE`, whom the row may be the same as.",
    )


class Receipt(graphene.ObjectType):
    """What became of one row."""

    row = graphene.Int(
        required=True,
        description="Counted from 0 in the list that was sent; attendance: over all its sheets.",
    )
    sheet = graphene.Int(description="Attendance only: the index of the sheet the row is on.")
    id = graphene.ID(
        description="The row's id (attendance: the participant's); null if it was none."
    )
    status = ReceiptStatus(required=True, description="What became of it.")
    version = graphene.Int(
        description="The version now stored; send it as `expectedVersion` to correct just that."
    )
    problems = graphene.List(
        graphene.NonNull(Problem),
        required=True,
        description=f"All reasons why it was rejected: if there are more than {MAX_PROBLEMS}, the "
        "last is `MORE_PROBLEMS` and counts those left out. On other rows: remarks.",
    )


class PushResult(graphene.ObjectType):
    """The receipts of one list, and their counts."""

    receipts = graphene.List(
        graphene.NonNull(Receipt),
        required=True,
        status=list_of(
            ReceiptStatus,
            description="Only these, e.g. `[REJECTED]` where the connection is slow.",
        ),
        description="One per row, in the order of the rows.",
    )
    created = graphene.Int(required=True, description="Rows stored for the first time.")
    updated = graphene.Int(required=True, description="Rows that changed what was stored.")
    unchanged = graphene.Int(required=True, description="Rows that were already stored so.")
    rejected = graphene.Int(required=True, description="Rows that were not stored.")
    dry_run = graphene.Boolean(
        required=True, description="True: nothing was stored, this is what would have happened."
    )

    @staticmethod
    def resolve_receipts(
        root: Mapping[str, Any], _: Any, status: Sequence[Any] | None = None
    ) -> Receipts:
        receipts: Receipts = root["receipts"]
        if status is None:
            return receipts
        wanted = {each.value for each in status}
        return [receipt for receipt in receipts if receipt["status"] in wanted]


def push_result(
    receipts: Receipts, ctx: Context, name: str, *, dry_run: bool, place: Place | None = None
) -> dict[str, Any]:
    """A `PushResult` for the services' receipts of the rows sent as `input.<name>`.

    `place` says where a receipt's row stood, where that is not simply its number.
    """
    for receipt in receipts:
        if receipt["problems"]:
            at = place(receipt) if place else [receipt["row"]]
            receipt["problems"] = [
                explained(problem, [name, *at], ctx.lang)
                for problem in receipt["problems"][:MAX_PROBLEMS]
            ]
    return counted(receipts, dry_run=dry_run)


def counted(receipts: Receipts, *, dry_run: bool) -> dict[str, Any]:
    """A `PushResult` of receipts whose problems are explained already."""
    counts = Counter(receipt["status"] for receipt in receipts)
    return {
        "receipts": receipts,
        "created": counts["CREATED"],
        "updated": counts["UPDATED"],
        "unchanged": counts["UNCHANGED"],
        "rejected": counts["REJECTED"],
        "dry_run": dry_run,
    }


def limited(*weights: int) -> None:
    """Raises Refused TOO_MANY_ITEMS (final) if one of the lists is too long; nothing was sent."""
    for count in weights:
        if count > MAX_ITEMS:
            raise Refused("TOO_MANY_ITEMS", limit=MAX_ITEMS, count=count)


def snake_clear(items: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """The items, with the paths in `clear` as the services know them."""
    for item in items:
        if item.get("clear"):
            item["clear"] = [
                ".".join(map(snake, path.split("."))) if isinstance(path, str) else path
                for path in item["clear"]
            ]
    return items


def explained(problem: Mapping[str, Any], base: Sequence[str | int], lang: str) -> dict[str, Any]:
    """A service's problem as a `Problem`; `base` leads from the input to the row."""
    within, params = camel_path(problem["path"]), problem.get("params") or {}
    named = {"ids": params["ids"]} if "ids" in params else {}
    return {
        "code": problem["code"],
        "field": dotted(within),
        "path": [str(part) for part in (*base, *within)],
        "message": message(problem["code"], lang, _as_sent(params)),
        **named,
    }


def _as_sent(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The params, with the names of fields as the client spells them."""
    return {**params, "fields": [camel(name) for name in params.get("fields", ())]}


def camel_path(path: Sequence[str | int]) -> list[str | int]:
    """The path as the client names its fields."""
    return [camel(part) if isinstance(part, str) else part for part in path]


def dotted(path: Sequence[str | int]) -> str:
    """The path as a text, e.g. `sessions[1].on`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@lru_cache(maxsize=512)
def camel(name: str) -> str:
    """A field's name as the client spells it."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def snake(name: str) -> str:
    """A field's name as the services spell it; an id as it is."""
    if canonical(name):
        return name
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def as_json(value: Any) -> str | None:
    """The value as a field of a change tells it."""
    return None if value is None else orjson.dumps(value).decode()
