"""Who may ask for what: the one table behind every root field of the schema.

Which *rows* a caller sees is decided by the service that owns them (`Caller.may_touch`); this table
decides whether the question may be asked at all.
"""

from collections.abc import Mapping
from typing import Final

from shared.record_types import RecordType, owned_by

PROGRAMME: Final = frozenset({"chapter", "secretariat"})
SECRETARIAT: Final = frozenset({"secretariat"})
FEED: Final = frozenset({"partner", "operator", "chapter", "secretariat"})
WEBHOOKS: Final = frozenset({"partner", "operator"})
OPERATORS: Final = frozenset({"operator"})
EVERYONE: Final = frozenset({"chapter", "secretariat", "partner", "operator"})


def _of_records(record_type: RecordType) -> tuple[str, ...]:
    """The root fields by which records of one kind are read and written."""
    many = record_type.collection
    written = (
        f"{verb}{many.capitalize()}" for verb in ("push", "withdraw", "reinstate", "restore")
    )
    return (record_type.name, many, *written)


REQUIRES: Final[Mapping[str, frozenset[str]]] = {
    **{
        field: PROGRAMME
        for record_type in owned_by("activities")
        if not record_type.delta
        for field in _of_records(record_type)
    },
    "me": EVERYONE,
    "codes": EVERYONE,
    "codeLists": EVERYONE,
    "place": EVERYONE,
    "places": EVERYONE,
    "gazetteer": EVERYONE,
    "pushedPlace": PROGRAMME,
    "pushedPlaces": PROGRAMME,
    "changes": PROGRAMME,
    "history": PROGRAMME,
    "compare": PROGRAMME,
    "attendance": PROGRAMME,
    "attendanceHistory": PROGRAMME,
    "participant": PROGRAMME,
    "participants": PROGRAMME,
    "possibleDuplicates": PROGRAMME,
    "mergeParticipants": PROGRAMME,
    "separateParticipants": PROGRAMME,
    "guests": PROGRAMME,
    "crossChapterLikenesses": SECRETARIAT,
    "inviteParticipants": PROGRAMME,
    "withdrawGuests": PROGRAMME,
    "notDuplicates": PROGRAMME,
    "takeBackNotDuplicates": PROGRAMME,
    "nominations": PROGRAMME,
    "report": PROGRAMME,
    "coverage": PROGRAMME,
    "gaps": PROGRAMME,
    "concernSummary": PROGRAMME,
    "outputs": PROGRAMME,
    "feed": FEED,
    "webhooks": WEBHOOKS,
    "webhookAttempts": WEBHOOKS,
    "apiKeys": OPERATORS,
    "parkedCounts": OPERATORS,
    "parked": OPERATORS,
    "parkedEvent": OPERATORS,
    "pushAttendance": PROGRAMME,
    "moveAttendance": PROGRAMME,
    "restoreAttendance": PROGRAMME,
    "registerParticipants": PROGRAMME,
    "withdrawParticipants": PROGRAMME,
    "reinstateParticipants": PROGRAMME,
    "restoreParticipants": PROGRAMME,
    "nominateParticipants": PROGRAMME,
    "restoreNominations": PROGRAMME,
    "createWebhook": WEBHOOKS,
    "updateWebhook": WEBHOOKS,
    "deleteWebhook": WEBHOOKS,
    "rotateWebhookSecret": WEBHOOKS,
    "resendWebhook": WEBHOOKS,
    "createApiKey": OPERATORS,
    "revokeApiKey": OPERATORS,
    "retryParked": OPERATORS,
    "discardParked": OPERATORS,
}
