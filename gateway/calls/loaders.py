"""Owns the dataloaders: every id asked for on one level of a query goes in one call per service."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aiodataloader import DataLoader

from shared.errors import Refused

Ask = Callable[..., Awaitable[Any]]
DAMAGED = "DAMAGED_RECORD"
MAX_IDS = 200  # what one `get_many` takes: the largest page


class Loaders:
    """The loaders of one request, made when first used; nothing is remembered beyond it."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._made: dict[str, DataLoader[str, dict[str, Any] | None]] = {}
        self._sheets: DataLoader[str, list[dict[str, Any]]] | None = None

    async def participant(self, participant_id: str) -> dict[str, Any] | None:
        """The participant, or whom they are one with; None if there is none that this caller may
        see. Raises HubError: Refused DAMAGED_RECORD if what is stored of them cannot be shown."""
        return await self._loader("participants", "").load(participant_id)

    async def participants(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Those of the participants whom this caller may see, in order. Raises HubError."""
        return await _those_of(self._loader("participants", ""), ids)

    async def record(self, kind: str, record_id: str) -> dict[str, Any] | None:
        """The record of that kind (activities own it), or None. Raises HubError."""
        return await self._loader("activities", kind).load(record_id)

    async def records(self, kind: str, record_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Those of the records that there are, in order. Raises HubError."""
        return await _those_of(self._loader("activities", kind), record_ids)

    async def sheets(self, activity_id: str) -> list[dict[str, Any]]:
        """The totals of the activity's attendance sheets, `{"session_id", "present", …}`, in the
        order of its sessions. Raises HubError."""
        if self._sheets is None:
            self._sheets = DataLoader(self._get_sheets, max_batch_size=MAX_IDS)
        return await self._sheets.load(activity_id)

    async def _get_sheets(self, activity_ids: list[str]) -> list[list[dict[str, Any]]]:
        answer = await self._ask("activities", "sheets", activity_ids=activity_ids)
        return [answer["items"].get(each, []) for each in activity_ids]

    def _loader(self, service: str, kind: str) -> DataLoader[str, dict[str, Any] | None]:
        key = f"{service}/{kind}"
        if key not in self._made:
            self._made[key] = DataLoader(
                partial(self._get_many, service, kind), max_batch_size=MAX_IDS
            )
        return self._made[key]

    async def _get_many(self, service: str, kind: str, ids: list[str]) -> list[Any]:
        """Each record, None if there is none, or the error that stands for it."""
        request = {"ids": ids, "kind": kind} if kind else {"ids": ids}
        answer = await self._ask(service, "get_many", **request)
        by_id: dict[str, Any] = {item["id"]: item for item in answer["items"]}
        by_id |= {each: Refused(DAMAGED, id=each) for each in answer.get("damaged", ())}
        merged = answer.get("merged", {})  # people who are one with another → whom
        return [by_id.get(merged.get(each, each)) for each in ids]


async def _those_of(
    loader: DataLoader[str, dict[str, Any] | None], ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Those that there are and that can be shown, in order."""
    found = await gather(*map(loader.load, ids), return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and getattr(each, "code", None) != DAMAGED:
            raise each
    return [each for each in found if isinstance(each, dict)]
