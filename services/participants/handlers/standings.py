"""Telling whether people count, and as whom: beside the event of a person, for those who need to
know no more.

What was told last is noted, so that what a release before changed without telling is told later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final

from services.participants.definitions import STANDING
from services.participants.handlers.requests import SOURCE
from services.participants.layout import MERGED_INTO
from services.participants.store import ParticipantStore
from shared.caller import Caller
from shared.events import Event
from shared.records.pushes import Write
from shared.store.mongo import Tx

PEOPLE_AT_ONCE: Final = 200
_AS_TOLD: Final[Mapping[str, str | None]] = MappingProxyType({})


def tell(
    tx: Tx,
    store: ParticipantStore,
    writes: Sequence[Write],
    merged_into: Mapping[str, str | None] = _AS_TOLD,
) -> None:
    """Tell how people stand since these writes, which change that.

    Args: merged_into: the person whom each is one with since, None for no other; of whoever it does
        not name, that stays as it was told last.
    Effects: in the transaction of the writes, one `standing.changed` for each, under the person's
        new version; `standings`.
    """
    told = store.standings.load(tx, list({write.after.id for write in writes}))
    steps: list[Write] = []
    for write in writes:
        before = told.get(write.after.id)
        as_told = before.content[MERGED_INTO] if before else None
        content = {MERGED_INTO: merged_into.get(write.after.id, as_told)}
        after = told[write.after.id] = replace(write.after, content=content)
        steps.append(replace(write, before=before, after=after))
    store.standings.save(tx, steps)
    tx.emit(map(_event, steps))


def tell_ill_told(store: ParticipantStore, go_on: Callable[[], bool] = lambda: True) -> int:
    """Tell of people who were withdrawn or reinstated without it; returns of how many.

    Args: go_on: asked before each transaction.
    Raises: Unavailable (retryable): what was committed stays.
    Effects: a transaction for every `PEOPLE_AT_ONCE`, with a `standing.changed` for each.
    """
    done = 0
    while go_on() and (found := store.ill_told(PEOPLE_AT_ONCE)):
        done += store.transact(partial(_tell_now, store, found))
    return done


def _tell_now(store: ParticipantStore, ids: Sequence[str], tx: Tx) -> int:
    told = store.standings.load(tx, ids)
    writes = [
        Write(None, record, "withdrawn" if record.withdrawn else "reinstated", Caller(""))
        for record in store.bare(tx, ids)
        if record.withdrawn is not (record.id in told and told[record.id].withdrawn)
    ]
    tell(tx, store, writes)
    return len(writes)


def _event(step: Write) -> Event:
    after = step.after
    data = {**after.standing(), MERGED_INTO: after.content[MERGED_INTO]}
    return Event.new(
        STANDING.event("changed"), SOURCE, after.id, after.version, data, caller=step.caller
    )
