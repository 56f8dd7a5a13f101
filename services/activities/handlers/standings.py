"""Hearing how people stand: who is withdrawn, or one with another; and letting the sheets follow.

A sheet that counts otherwise since takes a step, which tells who left and who came back. What a
chapter said of its lines stays. Which sheets these are is found by comparing, so it may be done
again at any time, in several processes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from services.activities.handlers.saving import save
from services.activities.handlers.special import whole_sheets
from services.activities.rules.lines import Line, Step
from services.activities.rules.sheets import Outcome, by_session, recounted
from services.activities.rules.standings import newer
from services.activities.store import ActivityStore
from shared.events import Event
from shared.store.mongo import Tx

LINES_AT_ONCE: Final = 5_000  # of whole sheets, in one transaction
_OF_A_SHEET: Final = 25  # lines that are read while its totals and event are written
PEOPLE_AT_ONCE: Final = 200
AGAIN_AFTER: Final = timedelta(seconds=30)
"""When every push has ended that may have begun before a standing was heard: what it wrote counts
as people stood then, and neither of the two saw the other."""


def hear(events: Sequence[Event], store: ActivityStore) -> None:
    """Note what the events tell of people, and let their sheets follow.

    Events applied before change nothing. Raises: Unavailable (retryable): what was committed stays,
    handing in the same events again does the rest.
    Effects: one transaction for `standings`; one for some sheets at a time, with an
        attendance.corrected for each; at last one for the inbox.
    """
    applied = store.claimed([event.id for event in events])
    fresh = [event for event in events if event.id not in applied]
    if not fresh:
        return
    people = list({event.subject for event in fresh})

    def note(tx: Tx) -> None:
        store.standings.save(tx, newer(fresh, store.standings.of(tx, people)))

    store.transact(note)
    _follow(store, people)
    store.transact(lambda tx: tx.claim(fresh))


def follow_again(store: ActivityStore, go_on: Callable[[], bool] = lambda: True) -> int:
    """Let sheets follow once more of which a push may have missed what was heard while it ran;
    returns how many took a step.

    Args: go_on: asked before each transaction.
    Raises: Unavailable (retryable): what was committed stays.
    """
    done, before = 0, datetime.now(UTC) - AGAIN_AFTER
    while go_on() and (people := store.standings.to_look_at_again(before, PEOPLE_AT_ONCE)):
        done += _follow(store, people, go_on)
        if go_on():
            store.standings.looked_at_again(people, before)
    return done


def _follow(
    store: ActivityStore, people: Sequence[str], go_on: Callable[[], bool] = lambda: True
) -> int:
    done = 0
    ids = {*people, *store.standings.former_ids(people)}
    found = store.sheets.get(store.lines.sessions_with(ids))
    for sessions in _portions({key: sheet.lines for key, sheet in found.items()}):
        if go_on():
            done += store.transact(partial(_recount, store, sessions))
    return done


def _portions(lines: Mapping[str, int]) -> Iterator[frozenset[str]]:
    """The sessions, in parts of no many more lines than `LINES_AT_ONCE`."""
    part: set[str] = set()
    size = 0
    for session, count in sorted(lines.items()):
        part.add(session)
        size += count + _OF_A_SHEET
        if size >= LINES_AT_ONCE:
            yield frozenset(part)
            part, size = set(), 0
    if part:
        yield frozenset(part)


def _recount(store: ActivityStore, sessions: frozenset[str], tx: Tx) -> int:
    """Let those of these sheets take a step that count otherwise by how people stand now."""
    special, lines = whole_sheets(tx, store, sessions, {})
    here = by_session(lines)
    outcome = Outcome()
    for sheet in store.sheets.get(sessions, tx.session).values():
        step = Step(None, sheet, additions_only=False)
        were: Mapping[str, Line] = here.get(sheet.id, {})
        if moved := recounted(step, were, were, special.standings):
            outcome.lines |= moved
            step.sheet = outcome.sheets[sheet.id] = step.after(sheet)
            outcome.steps.append(step)
    save(tx, store, outcome, lines)
    return len(outcome.steps)
