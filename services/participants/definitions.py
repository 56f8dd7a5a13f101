"""Owns what of a person and of a nomination may be known outside this service: nothing of what is
private here, and of the rest what the contracts name. A field of which neither is said keeps the
service from starting."""

from __future__ import annotations

from typing import Final

from services.participants.schemas import NOMINATION, PERSON
from shared import contracts
from shared.record_types import RECORD_TYPES
from shared.records import fields, known_by

PARTICIPANT: Final = RECORD_TYPES["participant"]
NOMINATED: Final = RECORD_TYPES["nomination"]
STANDING: Final = RECORD_TYPES["standing"]

_PERSON_PRIVATE: Final = frozenset(
    {
        "given_name",
        "family_name",
        "phone",
        "email",
        "external_ref",
        "age",  # told as a year of birth
        "age_on",
        "washington_group",  # told as with or without disability
        "organisation_id",
        "language",
        "consent",
        "since",  # told in `history`, as what a person was counted by
        "life_changes",
    }
)
_NOMINATION_PRIVATE: Final = frozenset({"proposed_on", "reason"})

contracts.declare(PARTICIPANT.name, fields.paths(PERSON), _PERSON_PRIVATE | known_by.PRIVATE)
contracts.declare(NOMINATED.name, fields.paths(NOMINATION), _NOMINATION_PRIVATE | known_by.PRIVATE)
