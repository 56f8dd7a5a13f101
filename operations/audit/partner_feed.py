"""Claimed → feed: each event for partners is one item with its figures; positions have no gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from operations.audit.groups import Feed, Occurrence
from operations.audit.log import Entry
from operations.audit.tally import Tally
from services.notifications.layout import AFTER, CHAPTER, DATA, SUBJECT, SUPERSEDED, TO, TYPE
from shared.types import Document


def check(tally: Tally, group: Occurrence) -> None:
    """Compare the item of one event with it.

    An event that came after a later step of its subject has none: its claim says so.
    """
    event, items, claim = group.log[0], group.items, group.at["notifications"].claim
    if event.problem:
        return  # named where the log is compared with what is stored
    if not items:
        if claim is not None and shown(event) and not claim.get(SUPERSEDED):
            tally.expect(event.id)
            tally.missing(
                f"{event.name} was applied by notifications and is not in the feed", **event.ids
            )
        return
    if not shown(event):
        tally.differs(f"{event.name} tells partners nothing, and is in the feed", **event.ids)
        return
    tally.match(event.id)
    if len(items) > 1:
        positions = [item["_id"] for item in items]
        tally.double(
            f"{event.name} is in the feed at the positions {', '.join(map(str, positions))}",
            count=len(items) - 1,
            positions=positions,
            **event.ids,
        )
        tally.find(f"{event.id} again", len(items) - 1)
    for item in items:
        if unlike := _unlike(item, event):
            tally.differs(
                f"{event.name}: its item at position {item['_id']} has another {', '.join(unlike)}",
                position=item["_id"],
                **event.ids,
            )


def shown(event: Entry) -> bool:
    """Whether partners learn of it: a sheet's step that moves nobody is none of theirs."""
    return event.record_type != "attendance" or bool(event.data.get("rows"))


def check_feed(tally: Tally, feed: Feed) -> None:
    """Compare how many items there are, and the last position, with what the counter has given out;
    position by position only if they differ."""
    given = feed.head - sum(gap[TO] - gap[AFTER] for gap in feed.gaps)
    last = feed.head
    for gap in reversed(feed.gaps):
        if gap[TO] == last:  # nothing has come since that restore
            last = gap[AFTER]
    tally.expect(str(last), given)
    tally.find(str(feed.last), feed.count)
    if (feed.count, feed.last) != (given, last):
        check_positions(tally, feed.head, feed.positions, feed.gaps)


def check_positions(
    tally: Tally, head: int, positions: Iterable[int], gaps: Sequence[Document] = ()
) -> None:
    """Compare the positions, in order, with 1 to `head`.

    Args: gaps: `{after, to}`, in order: what restores of a backup have left out on purpose.
    """
    behind = {gap[AFTER] + 1: gap[TO] + 1 for gap in gaps}

    def given(position: int) -> int:
        """The position, or if a gap starts there, the first one behind it."""
        while position in behind:
            position = behind[position]
        return position

    def empty(start: int, end: int) -> None:
        while start < end:
            tally.missing(f"position {start} of the feed is empty", position=start)
            start = given(start + 1)

    expected = given(1)
    for position in positions:
        if position > head:
            tally.double(f"position {position} is beyond the feed's head {head}", position=position)
        elif position < expected:
            tally.double(f"position {position} was left out by a restore", position=position)
        else:
            empty(expected, position)
            expected = given(position + 1)
    empty(expected, head + 1)


def _unlike(item: Document, event: Entry) -> list[str]:
    """The names of what the item says otherwise than its event."""
    data = event.data
    said = {TYPE: event.type, SUBJECT: event.subject, CHAPTER: data.get("chapter")}
    figures: dict[str, Any]
    if event.record_type == "attendance":
        present = [row["present"] for row in data["rows"]]
        figures = {
            "present_total": data["present_total"],
            "present_added": sum(present),
            "present_removed": len(present) - sum(present),
        }
    else:
        figures = {name: data.get(name) for name in ("version", "withdrawn")}
        if "status" in data:  # else the item says where it stood by the calendar
            figures["status"] = data["status"]
    unlike = [name for name, value in said.items() if item[name] != value]
    return unlike + [name for name, value in figures.items() if item[DATA].get(name) != value]
