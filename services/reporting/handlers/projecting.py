"""How events become sets: each batch in transactions that claim its events."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Final

from services.reporting.rules.projections import (
    DOCUMENTS,
    attend,
    days_to_number,
    describe,
    document,
    latest,
    people_in,
    portions,
)
from services.reporting.store.generation import Generation
from services.reporting.store.live import ReportingStore
from shared.events import Event
from shared.record_types import record_type_of
from shared.store.inbox import in_order
from shared.store.mongo import Tx

ROWS_PER_TRANSACTION: Final = 20_000  # people to number, at worst: about a second of writing
"""Attendance rows and other events projected in one transaction, which may last 5 s."""


def project(events: Sequence[Event], store: ReportingStore) -> list[Event]:
    """Apply a batch of events to the projections; events applied before change nothing.

    Returns: the attendance events that came before the one they build on; not applied, not
        claimed: to be handed in again later.
    Raises: Unavailable (retryable): what was committed stays, the rest was not applied; handing in
        the same batch again applies the rest.
    Effects: one transaction per `ROWS_PER_TRANSACTION` rows: the inbox, the sets, the position.
    """
    early: list[Event] = []
    for part in portions(events, ROWS_PER_TRANSACTION):
        into, numbers, waiting = store.transact(partial(project_within, part, store))
        into.remember(numbers)
        early += waiting
    return early


def project_within(
    events: Sequence[Event], store: ReportingStore, tx: Tx
) -> tuple[Generation, dict[str, int], list[Event]]:
    """Apply events, no more than one portion, within a transaction.

    Returns: what was written to, the numbers of the people met, to be remembered once it has
        committed, and the events that came too early.
    Raises: Stopped: the store is pinned to projections that are no longer being built.
    """
    into = store.generation(tx)
    attendance = [each for each in events if record_type_of(each.type) == "attendance"]
    sheets = into.load_sheets(tx, list({each.subject for each in attendance}))
    order = in_order(attendance, {key: sheet.sequence for key, sheet in sheets.items()})
    early = {each.id for each in order.early}
    claimed = into.claim(tx, [each for each in events if each.id not in early])
    if not claimed:
        return into, {}, order.early

    of = defaultdict(list)
    for event in claimed:
        of[record_type_of(event.type)].append(event)
    described = {each.subject for each in of["participant"]}
    met = people_in(claimed)
    numbers = into.cached_numbers(met)
    asked = [each for each in met if each in described or each not in numbers]
    people = into.load_people(tx, asked)
    unnumbered = into.number(tx, [each for each in asked if each not in people])
    people |= unnumbered
    numbers |= {each: person.number for each, person in people.items()}

    days = days_to_number(of["participant"], people)
    first = into.numbers(tx, len(days))
    further = {each: first + n for n, each in enumerate(days)}
    changed, moves = describe(of["participant"], people, further)
    into.save_people(tx, unnumbered | changed)
    into.move(tx, moves)
    into.save_sheets(tx, attend(order.ready, sheets, numbers))
    for kind in DOCUMENTS:
        newest = latest(of[kind])
        into.save_newer(tx, kind, {key: document(event) for key, event in newest.items()})
    into.advance(tx, claimed)
    return into, numbers, order.early
