"""Owns what the secretariat, and nobody else, is shown of people who may be registered in two
chapters: pairs of ids, and in what they are alike."""

from __future__ import annotations

from services.participants.handlers.requests import reader_of
from services.participants.store import ParticipantStore, crossings
from shared.errors import Forbidden
from shared.paging import Asked
from shared.times import rfc3339
from shared.types import Answer, Request


def list_likenesses(request: Request, store: ParticipantStore) -> Answer:
    """A page (`shared.paging`) of the pairs as they were found last: {participant_ids, chapters of
    these in their order, reasons (`rules.crossings`), since}.

    Raises: Forbidden, to every chapter too; Refused BAD_CURSOR, PAGE_SIZE, FIRST_AND_LAST (final).
    """
    if reader_of(request).role != "secretariat":
        raise Forbidden()
    return crossings.page(store, Asked.of(request)).answer(
        lambda pair: {
            "participant_ids": pair["ids"],
            "chapters": pair["chapters"],
            "reasons": pair["reasons"],
            "since": rfc3339(pair["since"]),
        }
    )
