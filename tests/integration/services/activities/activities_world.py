"""A store of activities with a project in it, and what it says to what is pushed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from services.activities.handlers import attendance, reading, records, sheets
from services.activities.store import ActivityStore
from shared import contracts
from shared.caller import Caller
from shared.ids import new_id
from tests.world import items

CONTRACTS = {version: contracts.of("activities", version=version) for version in (1, 2)}


MALI = Caller("chapter", "ML", "key-ml", "corr-1")
NIGER = Caller("chapter", "NE", "key-ne", "corr-2")
SECRETARIAT = Caller("secretariat", None, "key-se", "corr-3")

Receipts = list[dict[str, Any]]


def request(
    pushed: Sequence[Mapping[str, Any]],
    caller: Caller = MALI,
    kind: str = "attendance",
    **options: Any,
) -> dict[str, Any]:
    push = {"caller": caller.to_dict(), "items": list(pushed), **options}
    return {"kind": kind, "pushes": [push]}


@dataclass
class World:
    """A store with one project of Mali's chapter, and what was said to it."""

    store: ActivityStore
    project_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        made = self.push([items.project(id=self.project_id)], kind="project")
        assert statuses(made) == ["CREATED"]

    def activity(self, **fields: Any) -> dict[str, Any]:
        return items.activity(self.project_id, **fields)

    def push(
        self, pushed: Sequence[Mapping[str, Any]], *, kind: str = "activity", **options: Any
    ) -> Receipts:
        return receipts(records.push(request(pushed, kind=kind, **options), self.store))

    def withdraw(self, identifier: str, *, kind: str = "activity", **options: Any) -> Receipts:
        tombstones = [{"id": identifier, "reason": "pushed by mistake"}]
        return receipts(records.withdraw(request(tombstones, kind=kind, **options), self.store))

    def reinstate(
        self, identifier: str | None, *, kind: str = "activity", item: Any = (), **options: Any
    ) -> Receipts:
        tombstones = [{"id": identifier, "reason": "was right", **dict(item)}]
        return receipts(records.reinstate(request(tombstones, kind=kind, **options), self.store))

    def restore(
        self,
        identifier: str,
        version: Any,
        *,
        kind: str = "activity",
        item: Any = (),
        **options: Any,
    ) -> Receipts:
        wanted = {
            "id": identifier,
            "version": version,
            "reason": "corrected by mistake",
            **dict(item),
        }
        return receipts(records.restore(request([wanted], kind=kind, **options), self.store))

    def record(self, *sheets: Mapping[str, Any], **options: Any) -> Receipts:
        return receipts(attendance.record(request(sheets, **options), self.store))

    def get(self, identifier: str, kind: str = "activity", caller: Caller = MALI) -> dict[str, Any]:
        asked = {"caller": caller.to_dict(), "ids": [identifier], "kind": kind}
        found: list[dict[str, Any]] = reading.get_many(asked, self.store)["items"]
        return found[0]

    def held(self, **fields: Any) -> str:
        """The id of a new activity without sessions of its own."""
        activity = self.activity(**fields)
        assert statuses(self.push([activity])) == ["CREATED"]
        return str(activity["id"])

    def sheet(self, session_id: str, caller: Caller = MALI) -> dict[str, Any]:
        asked = {"caller": caller.to_dict(), "session_id": session_id, "first": 500}
        return sheets.page(asked, self.store)

    def events(
        self, subject: str | None = None, version: int | None = None
    ) -> list[dict[str, Any]]:
        """Everything emitted (about `subject`), each event in this version or in the oldest in
        which it is told, in order, each valid by its contract."""
        rows = self.store.outbox.collection.find({"subject": subject} if subject else {})
        told: dict[Any, tuple[int, dict[str, Any]]] = {}
        for row in rows.sort([("recorded_at", 1), ("sequence", 1), ("schema_version", 1)]):
            of = row.get("schema_version", 1)
            if version in (None, of):
                step = row["subject"], row["sequence"], row["type"]
                told.setdefault(step, (of, orjson.loads(row["body"])))
        for of, event in told.values():
            validator = Draft202012Validator(
                CONTRACTS[of][short(event)], format_checker=Draft202012Validator.FORMAT_CHECKER
            )
            validator.validate(event["data"])
        return [event for _, event in told.values()]

    def types(self, subject: str | None = None) -> list[str]:
        return [short(event) for event in self.events(subject)]


def receipts(answer: Mapping[str, Any]) -> Receipts:
    """Those of the first push."""
    found: Receipts = answer["pushes"][0]["receipts"]
    return found


def short(event: Mapping[str, Any]) -> str:
    return str(event["type"]).removeprefix("org.foscao.").rpartition(".v")[0]


def statuses(told: Receipts) -> list[str]:
    return [receipt["status"] for receipt in told]


def codes(told: Receipts) -> list[str]:
    return [problem["code"] for receipt in told for problem in receipt["problems"]]


def problems(receipt: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(problem["code"], problem["path"]) for problem in receipt["problems"]]
