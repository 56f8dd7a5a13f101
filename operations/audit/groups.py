"""What is compared: of one record, one sheet, one event, the feed and one partner's webhook, all
that the databases have. `operations.audit.streams` reads them, each stage looks at some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from operations.audit.log import Entry
from services.activities import layout as activities
from shared import layout
from shared.types import Document


@dataclass(frozen=True, slots=True)
class Subject:
    """A record as it is stored; its steps in the log, in every version; reporting's copy; and the
    last step that notifications knows of, 0 if none."""

    key: str
    stored: Document | None
    log: Sequence[Entry]
    copy: Document | None
    known: int

    @property
    def last(self) -> int:
        """The step as of which it is stored."""
        return self.stored[layout.VERSION] if self.stored else 0


@dataclass(frozen=True, slots=True)
class Session:
    """The same of a session's attendance sheet, with its rows."""

    key: str
    sheet: Document | None
    rows: Sequence[Document]
    log: Sequence[Entry]
    copy: Document | None
    known: int

    @property
    def last(self) -> int:
        """The step as of which it is stored."""
        return self.sheet[activities.LAST_SEQUENCE] if self.sheet else 0


@dataclass(frozen=True, slots=True)
class At:
    """What one consumer has of an event."""

    claim: Document | None
    parked: Document | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event: its entry in a log (several if it is double, none if it is lost), what each
    consumer has of it, and its items in the feed."""

    key: str
    log: Sequence[Entry]
    at: Mapping[str, At]
    items: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Feed:
    """The last position given out, and the gaps that restores of a backup have left; how many items
    there are, and the position of the last. `positions` are read only if they are iterated."""

    head: int
    gaps: Sequence[Document]
    count: int
    last: int
    positions: Iterable[int]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An item that the webhook has passed and should have been sent (None: none is wanted at this
    position), and what the partner has accepted there: {times, events}."""

    item: Document | None
    accepted: Document | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A partner's endpoint; how many items it has yet to be sent; and its deliveries in order."""

    key: str
    endpoint: Document
    head: int
    waiting: int
    deliveries: Iterable[Delivery]
