"""Owns what is asked of places beside their records: what a text may mean, which are the same."""

from __future__ import annotations

from typing import Any

from services.activities import filters
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.codes import places
from shared.errors import Forbidden
from shared.types import Request


def find(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": [place id]}`: the pushed places of all chapters that `text` may mean, 200 at most,
    by name; in the place of one that turned out to be another, that.

    Args: request: `{"caller", "text", "within": [place id], "on", "kinds": [code]}`, the last three
        optional; they lie in each of `within` on that day, or at present.
    Raises: Forbidden (final).
    """
    _admit(request)
    within = request.get("within") or ()
    query = filters.of_places(within, request.get("on"), request.get("kinds"))
    same = store.places.same()
    found = store.places.find(request["text"], query)
    return {"items": list(dict.fromkeys(places.settled(each, same) for each in found))}


def same(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": [place id]}`: the places of `ids`, and all that turned out to be one of them.

    Raises: Forbidden (final).
    """
    _admit(request)
    ids = [each for each in request.get("ids") or () if isinstance(each, str)]
    return {"items": places.with_same(ids, store.places.same())}


def _admit(request: Request) -> None:
    """Partners know units, and no place below them."""
    if Caller.of(request).role not in ("chapter", "secretariat"):
        raise Forbidden()
