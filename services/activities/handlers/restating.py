"""Telling score by score what steps before version 2 of the attendance contract told in sums alone.

Each sheet concerned takes one step more, which changes nothing on it and tells every score of those
present. A sheet is concerned while the sums of what was told (`told`) are not its sums: so this may
be cut off and begun again, in several processes at once, and what a replica of the release before
still writes is found the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from services.activities.handlers.records import SOURCE
from services.activities.handlers.saving import told
from services.activities.rules.lines import NO_TEST, counted, told_test
from services.activities.rules.scores import NO_SCORES
from services.activities.rules.sheets import by_session
from services.activities.store import ActivityStore
from shared.events import Event
from shared.record_types import RECORD_TYPES
from shared.store.mongo import Tx

SHEETS_AT_ONCE: Final = 20


def restate(store: ActivityStore, go_on: Callable[[], bool] = lambda: True) -> int:
    """Let each sheet concerned take its step; returns how many did.

    Args: go_on: asked before each transaction.
    Raises: Unavailable (retryable): what was committed stays.
    Effects: a transaction for every `SHEETS_AT_ONCE` sheets, with an attendance.corrected for each.
    """
    done = 0
    while go_on() and (concerned := store.sheets.to_restate(SHEETS_AT_ONCE)):
        done += store.transact(partial(_restate, store, concerned))
    return done


def _restate(store: ActivityStore, session_ids: Sequence[str], tx: Tx) -> int:
    found = store.sheets.get(session_ids, tx.session).values()
    after = [
        replace(sheet, sequence=sheet.sequence + 1, told=sheet.scores)
        for sheet in found
        if sheet.told != sheet.scores  # another process may have been first
    ]
    lines = by_session(store.lines.of_sheets(tx, [sheet.id for sheet in after]))
    event_type = RECORD_TYPES["attendance"].event("changed")
    for sheet in after:
        scores = counted(lines.get(sheet.id, {}))
        tests = [told_test(who, test) for who, test in scores.items() if test != NO_TEST]
        data = told(sheet, [], tests, NO_SCORES)
        tx.emit([Event.new(event_type, SOURCE, sheet.id, sheet.sequence, data)])
    store.sheets.save_totals(tx, after)
    return len(after)
