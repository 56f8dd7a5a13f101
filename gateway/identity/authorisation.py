"""Who may ask for what: the one table behind every root field of the schema.

Which *rows* a caller sees is decided by the service that owns them (`Caller.may_touch`); this table
decides whether the question may be asked at all.
"""

from collections.abc import Mapping
from typing import Final

PROGRAMME: Final = frozenset({"chapter", "secretariat"})
FEED: Final = frozenset({"partner", "operator", "chapter", "secretariat"})
WEBHOOKS: Final = frozenset({"partner", "operator"})
OPERATORS: Final = frozenset({"operator"})
EVERYONE: Final = frozenset({"chapter", "secretariat", "partner", "operator"})

REQUIRES: Final[Mapping[str, frozenset[str]]] = {
    "me": EVERYONE,
    "codes": EVERYONE,
    "codeLists": EVERYONE,
    "place": EVERYONE,
    "places": EVERYONE,
    "activity": PROGRAMME,
    "activities": PROGRAMME,
    "changes": PROGRAMME,
    "attendance": PROGRAMME,
    "project": PROGRAMME,
    "projects": PROGRAMME,
    "organisation": PROGRAMME,
    "organisations": PROGRAMME,
    "concern": PROGRAMME,
    "concerns": PROGRAMME,
    "participant": PROGRAMME,
    "participants": PROGRAMME,
    "possibleDuplicates": PROGRAMME,
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
    "pushActivities": PROGRAMME,
    "withdrawActivities": PROGRAMME,
    "reinstateActivities": PROGRAMME,
    "pushAttendance": PROGRAMME,
    "moveAttendance": PROGRAMME,
    "registerParticipants": PROGRAMME,
    "withdrawParticipants": PROGRAMME,
    "reinstateParticipants": PROGRAMME,
    "nominateParticipants": PROGRAMME,
    "pushProjects": PROGRAMME,
    "withdrawProjects": PROGRAMME,
    "reinstateProjects": PROGRAMME,
    "pushOrganisations": PROGRAMME,
    "withdrawOrganisations": PROGRAMME,
    "reinstateOrganisations": PROGRAMME,
    "pushConcerns": PROGRAMME,
    "withdrawConcerns": PROGRAMME,
    "reinstateConcerns": PROGRAMME,
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
