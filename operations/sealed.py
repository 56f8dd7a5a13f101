"""Whether people's names can be opened: judged from what the service notes, and from the key vault.

Owns the judgement that `doctor`, `audit` and `backup` share. None of them holds the master key:
`participants` proves every half minute what it can open, and notes it beside the records
(`services.participants.layout`). A key that has gone since, or is another, is seen here in the
vault itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.participants.layout import (
    FINGERPRINT,
    FORM,
    KEY_ID,
    KEYED,
    KEYS,
    LEFT,
    LOST,
    NOMINATIONS,
    OPENED,
    PEOPLE,
    PROOFS,
    PROVED_AT,
    RECORDS,
    RESEALING,
    SEALED,
    UNREADABLE,
    UNREADABLE_COUNT,
    UNREADABLE_ID,
    UNREADABLE_IN,
)
from shared.store import vault
from shared.types import Document

BELIEVED_S: Final = 120.0  # four times the pace at which it is proved
RESTORE_KEYS: Final = (
    "put the keys back from the newest backup that holds them: foscao restore FOLDER --keys; what "
    "is stored stays as it is"
)
_OPENS: Final = "that people's records can be opened"
_NAMED: Final = 50
_TELL: Final = "start participants, or see in its log why it cannot tell"


@dataclass(frozen=True, slots=True)
class Sight:
    """What was found: the last proof (None: there is none) and its age in seconds, whether any
    record is sealed, the vault's keys by id with their fingerprints, the people whose own key is
    gone from it, and how many records are still sealed as by the release before."""

    proof: Mapping[str, Any] | None
    age_s: float
    anything: bool
    vault: Mapping[str, str]
    keyless: Sequence[str] = ()
    left: int = 0

    @property
    def opened(self) -> int:
        """How many records were opened for the proof."""
        return int(self.proof[OPENED]) if self.proof else 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong in plain words, the remedy, and whom it is about: opaque ids."""

    text: str
    remedy: str
    ids: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1


def look(database: Database[Document], session: ClientSession | None = None) -> Sight:
    """Read the proof of the people in `database` and their key vault. Raises a PyMongoError."""
    aged: list[Document] = [
        {"$match": {"_id": SEALED}},
        {"$addFields": {"age_ms": {"$subtract": ["$$NOW", f"${PROVED_AT}"]}}},
    ]
    proof = next(database[PROOFS].aggregate(aged, session=session), None)
    return Sight(
        proof,
        proof["age_ms"] / 1000 if proof else 0.0,
        any(
            database[name].find_one({}, {"_id": True}, session=session)
            for name in (PEOPLE, NOMINATIONS)
        ),
        vault.fingerprints(vault.of(database), session),
        vault.keyless(database[PEOPLE], {FORM: KEYED}, session),
        _left(database, session),
    )


def troubles(sight: Sight) -> Iterator[Trouble]:
    """Whatever keeps names from being opened, or from being known to open; nothing where nothing
    is sealed."""
    if not sight.anything:
        return
    if sight.proof is None:
        yield Trouble(f"it was never proved {_OPENS}", _TELL)
        return
    missing = [key[KEY_ID] for key in sight.proof[KEYS] if key[KEY_ID] not in sight.vault]
    if missing:
        yield Trouble(
            f"the key vault lacks {_keys(missing)}: nothing that it sealed can be read",
            RESTORE_KEYS,
            {"keys": missing},
            len(missing),
        )
    altered = [
        key[KEY_ID]
        for key in sight.proof[KEYS]
        if key[KEY_ID] in sight.vault and sight.vault[key[KEY_ID]] != key[FINGERPRINT]
    ]
    if altered:
        yield Trouble(
            f"{_keys(altered)} in the key vault is not as it was when it last opened",
            RESTORE_KEYS,
            {"keys": altered},
            len(altered),
        )
    lost = [key for key in sight.proof[LOST] if key not in missing and key not in altered]
    if lost:
        yield Trouble(
            f"{_keys(lost)} could not be opened: damaged, or sealed under another master key",
            f"give participants the master key that sealed it; else {RESTORE_KEYS}",
            {"keys": lost},
            len(lost),
        )
    if sight.keyless:
        yield Trouble(
            f"the keys of {len(sight.keyless)} people are gone from the key vault: nothing of them "
            "can be read",
            RESTORE_KEYS,
            {"people": list(sight.keyless[:_NAMED])},
            len(sight.keyless),
        )
    if unreadable := sight.proof[UNREADABLE_COUNT]:
        tried = unreadable + sight.opened
        yield Trouble(
            f"{unreadable} of {tried} records tried cannot be opened, of {sight.proof[RECORDS]} "
            f"that are sealed: {', '.join(_names(sight.proof))}",
            "have the chapter push these records again whole; where many are damaged, restore a "
            "backup",
            {"records": _names(sight.proof)},
            unreadable,
        )
    if sight.age_s > BELIEVED_S:
        yield Trouble(f"for {sight.age_s:.0f} s it was not proved {_OPENS}", _TELL)


def _left(database: Database[Document], session: ClientSession | None) -> int:
    note = database[PROOFS].find_one({"_id": RESEALING}, session=session)
    return int(note[LEFT]) if note else 0


def _keys(ids: list[str]) -> str:
    return f"the data key{'s' if len(ids) > 1 else ''} {', '.join(ids)}"


def _names(proof: Mapping[str, Any]) -> list[str]:
    return [f"{each[UNREADABLE_IN]}/{each[UNREADABLE_ID]}" for each in proof[UNREADABLE]]
