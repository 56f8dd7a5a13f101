"""Feed → each partner's webhook: what lies between where its filter began to count and its cursor,
and is wanted, was answered for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from operations.audit.groups import Webhook
from operations.audit.log import AuditClock
from operations.audit.tally import Tally
from services.notifications.layout import CURSOR, ITEM_ID, TIME, TYPE
from shared.types import Document

# Attempts are kept for 30 days; of what is older than this, the proof may be gone.
PROVEN: Final = timedelta(days=29)


def check(tally: Tally, webhook: Webhook, clock: AuditClock) -> None:
    """Compare what one endpoint has passed with what its partner has accepted."""
    cursor = webhook.endpoint[CURSOR]
    if cursor > webhook.head:
        tally.differs(
            f"its cursor {cursor} is beyond the feed's head {webhook.head}", endpoint=webhook.key
        )
    tally.in_flight = webhook.waiting
    for delivery in webhook.deliveries:
        if delivery.item is not None:  # else before the filter's time, or by a resend
            _accepted(tally, webhook.key, delivery.item, delivery.accepted, clock)


def _accepted(
    tally: Tally, endpoint: str, item: Document, accepted: Document | None, clock: AuditClock
) -> None:
    """Compare one wanted item with what the partner has accepted at its position."""
    key, ids = item[ITEM_ID], {"endpoint": endpoint, "position": item["_id"]}
    if accepted is None:
        if _provable(item[TIME], clock):
            tally.expect(key)
            tally.missing(
                f"{item[TYPE]} {key} at position {item['_id']} was passed over: the partner has "
                "not accepted it",
                event=key,
                **ids,
            )
        return
    tally.match(key)
    tally.again += max(0, accepted["times"] - 1)
    if accepted["events"] != [key]:
        tally.differs(
            f"position {item['_id']}: the partner was sent another event", event=key, **ids
        )


def _provable(at: datetime, clock: AuditClock) -> bool:
    """An item was passed after it came about, and attempts are kept for a month."""
    return clock.now - at < PROVEN
