"""What events say: each producer's module holds JSON Schemas (draft 2020-12) of its `data`.

A contract only grows: consumers ignore what they do not know. A break is a new version of the type,
emitted beside the old one for as long as somebody reads that: a second schema under the record
type. The schemas are no mere description: an event carries what its contract names and nothing
else (`Contracts.allowed`), and a field that is neither in a contract nor declared private keeps its
service from starting (`declare`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from shared.contracts import activities, notifications, participants
from shared.contracts.allow_list import Contracts, names
from shared.contracts.parts import Schema
from shared.record_types import RECORD_TYPES

FEED: Final = "feed."
"""Types with this prefix are the partners', the others stay in the house."""

Versions = Mapping[int, Schema]

_OWN: Final[Mapping[str, Mapping[str, Versions]]] = {
    "activities": activities.SCHEMAS,
    "participants": participants.SCHEMAS,
}
_FRAME: Final = frozenset(
    {"id", "chapter", "version", "withdrawn", "private_changed", "history", "merged_into"}
)
"""What a producer says of a record beside what was pushed; no field of a push is called so."""


class Undeclared(Exception):
    """Fields that nobody has decided about: they may neither leave their service nor stay in it."""


def by_producer() -> dict[str, dict[str, Versions]]:
    """Producer → short type → version → schema, in the order of the alphabet.

    Raises: KeyError: a record type has no contract.
    """
    found: dict[str, dict[str, Versions]] = {}
    for record_type in RECORD_TYPES.values():
        for each in record_type.types:
            found.setdefault(record_type.owner, {})[each] = _OWN[record_type.owner][
                record_type.name
            ]
            if record_type.for_partners:
                told = found.setdefault("notifications", {})
                told[f"{FEED}{each}"] = notifications.SCHEMAS[record_type.name]
    return {producer: dict(sorted(types.items())) for producer, types in sorted(found.items())}


def of(*producers: str, version: int | None = None) -> dict[str, Schema]:
    """Short type → schema in that version, by default the latest of each, of these producers (all
    if none is named)."""
    return {
        kind: versions[version or max(versions)]
        for producer, types in by_producer().items()
        if not producers or producer in producers
        for kind, versions in types.items()
        if version is None or version in versions
    }


def declare(record_type: str, fields: Iterable[str], private: Iterable[str]) -> None:
    """See to it that somebody has decided about each field of a record type, once, when a service
    starts.

    Args: fields: the dotted paths of what can be pushed, parts of parts included. private: those
        that no event carries; one that has parts stands for all of them.
    Raises: Undeclared: a field is neither in a contract nor private, or in both; a private path or
        a property of a contract is no field.
    """
    said, kept = frozenset(fields), frozenset(private)
    versions = _OWN[RECORD_TYPES[record_type].owner][record_type].values()
    allowed = {each for schema in versions for each in names(schema)}
    told = [each for each in allowed if not _within(each, _FRAME)]
    leaves = [each for each in said if not any(other.startswith(f"{each}.") for other in said)]
    faults = [
        *(f"{each} is in no contract and not private" for each in leaves
          if each not in allowed and not _within(each, kept)),
        *(f"{each} is private and in a contract" for each in told if _within(each, kept)),
        *(f"{each} is private and no field" for each in kept - said),
        *(f"{each} is in a contract and no field" for each in told if not _within(each, said)),
    ]  # fmt: skip
    if faults:
        raise Undeclared(
            f"{record_type}: {'; '.join(sorted(faults))} (decide in shared/contracts, or where the "
            f"{record_type}'s private fields are named)"
        )


HOUSE: Final = Contracts(
    {kind: versions for types in by_producer().values() for kind, versions in types.items()},
    {kind: set(each.heard_by.values()) for each in RECORD_TYPES.values() for kind in each.types},
)
"""What every event of the house, and every item of the feed, may carry."""


def _within(path: str, wholes: frozenset[str]) -> bool:
    """Whether the path, or what it is a part of, is among `wholes`."""
    parts = path.split(".")
    return any(".".join(parts[:length]) in wholes for length in range(1, len(parts) + 1))
