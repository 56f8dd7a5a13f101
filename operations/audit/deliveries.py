"""Feed → each partner's webhook: what lies between where its filter began to count and its cursor,
and is wanted, was answered for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from operations.audit.log import Moment
from operations.audit.tally import Tally

ENDPOINT_FIELDS: Final = ("state", "cursor", "filter", "filter_from")
ITEM_FIELDS: Final = ("id", "type", "time")
# Attempts are kept for 30 days; of what is older than this, the proof may be gone.
PROVEN: Final = timedelta(days=29)

Document = Mapping[str, Any]


def wanted(endpoint: Document) -> dict[str, Any]:
    """The query of the feed for what the endpoint has passed and should have been sent."""
    start = endpoint.get("filter_from", endpoint["cursor"])
    return {"_id": {"$gt": start, "$lte": endpoint["cursor"]}, **_filter(endpoint)}


def waiting(endpoint: Document) -> dict[str, Any]:
    """The query of the feed for what the endpoint has yet to be sent."""
    return {"_id": {"$gt": endpoint["cursor"]}, **_filter(endpoint)}


def answered(endpoint_id: str) -> list[Document]:
    """The pipeline over attempts: by position, how often the partner has accepted what."""
    return [
        {"$match": {"endpoint_id": endpoint_id, "error": None}},
        {
            "$group": {
                "_id": "$position",
                "times": {"$sum": {"$cond": ["$resend", 0, 1]}},
                "events": {"$addToSet": "$event_id"},
            }
        },
        {"$sort": {"_id": 1}},
    ]


def check(
    tally: Tally,
    endpoint: Document,
    item: Document | None,
    accepted: Sequence[Document],
    moment: Moment,
) -> None:
    """Compare one wanted item with what the partner has accepted at its position."""
    if item is None:
        return  # before the filter's time, or by a resend
    key, ids = item["id"], {"endpoint": endpoint["_id"], "position": item["_id"]}
    if not accepted:
        if _provable(item["time"], moment):
            tally.expect(key)
            tally.missing(
                f"{item['type']} {key} at position {item['_id']} was passed over: the partner has "
                "not accepted it",
                event=key,
                **ids,
            )
        return
    tally.match(key)
    tally.again += max(0, accepted[0]["times"] - 1)
    if accepted[0]["events"] != [key]:
        tally.differs(
            f"position {item['_id']}: the partner was sent another event", event=key, **ids
        )


def check_cursor(tally: Tally, endpoint: Document, head: int) -> None:
    """A cursor cannot be where the feed is not yet."""
    if endpoint["cursor"] > head:
        tally.differs(
            f"its cursor {endpoint['cursor']} is beyond the feed's head {head}",
            endpoint=endpoint["_id"],
        )


def _provable(at: datetime, moment: Moment) -> bool:
    """An item was passed after it came about, and attempts are kept for a month."""
    return moment.now - at < PROVEN


def _filter(endpoint: Document) -> dict[str, Any]:
    query: dict[str, Any] = {}
    for name, field in (("types", "type"), ("chapters", "chapter")):
        if endpoint["filter"][name]:
            query[field] = {"$in": endpoint["filter"][name]}
    return query
