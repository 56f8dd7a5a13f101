"""Reading the sheets on which somebody is of whom it was told that they do not simply count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.activities.layout import participant_of
from services.activities.rules.lines import Line
from services.activities.rules.standings import NOTHING_SPECIAL, Special, Standings
from services.activities.store import ActivityStore
from shared.store.mongo import Tx


def special_among(
    tx: Tx, store: ActivityStore, named: Mapping[str, Sequence[str | None]]
) -> tuple[Special, dict[str, Line]]:
    """Which of the sheets name somebody of whom something was told, and all lines of these.

    Args: named: session → participants.
    """
    told = store.standings.of(tx, {who for people in named.values() for who in people if who})
    if not told:
        return NOTHING_SPECIAL, {}
    sessions = frozenset(key for key, people in named.items() if not told.keys().isdisjoint(people))
    return whole_sheets(tx, store, sessions, told)


def whole_sheets(
    tx: Tx, store: ActivityStore, sessions: frozenset[str], told: Standings
) -> tuple[Special, dict[str, Line]]:
    """All lines of these sheets, and how everybody on them stands, and whoever they are one with.

    Args: told: what is known of that already.
    """
    lines = store.lines.of_sheets(tx, sessions)
    standings = {**told, **store.standings.of(tx, {participant_of(key) for key in lines})}
    one_with = {each.merged_into for each in standings.values() if each.merged_into}
    standings |= store.standings.of(tx, one_with - standings.keys())
    return Special(sessions, standings), lines
