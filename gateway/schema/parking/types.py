"""Owns the operators' view of the parking lots: events that a service could not apply."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection
from gateway.schema.scalars import Data
from shared.parked import STATES, reason_text


class ParkingDecision(graphene.ObjectType):
    """What somebody decided about a parked event."""

    action = graphene.String(required=True, description="retried or discarded.")
    at = graphene.String(required=True, description="When (UTC, RFC 3339).")
    by = graphene.String(required=True, description="The API key's public part.")
    why = graphene.String(description="The reason given; discarding needs one.")


class ParkedEvent(graphene.ObjectType):
    """An event that a service could not apply, set aside so that others could go on."""

    service = graphene.String(required=True, description="The service that could not apply it.")
    id = graphene.String(
        required=True, description="The event's id; `raw-…` for a message that is no event."
    )
    state = graphene.String(required=True, description=f"{', '.join(STATES)}.")
    type = graphene.String(description="E.g. `attendance.recorded`; null where it is no event.")
    subject = graphene.String(description="The id of what it happened to.")
    sequence = graphene.Int(description="Its place in the subject's history: 1, 2, 3 …")
    reason = graphene.String(required=True, description="Why it is here, as a code.")
    reason_text = graphene.String(
        required=True, description="The same in plain words, in the language of the request."
    )
    attempts = graphene.Int(required=True, description="Failed attempts since it last came in.")
    first_at = graphene.String(required=True, description="First parked (UTC, RFC 3339).")
    last_at = graphene.String(required=True, description="Last parked (UTC, RFC 3339).")
    applied_at = graphene.String(
        description="When it was applied after all, e.g. after a retry; null while it is not."
    )
    holds_up = graphene.Int(
        required=True, description="How many later events of its subject are parked behind it."
    )
    waits_for = graphene.String(
        description="The id of the first event of its subject that must be applied before it."
    )
    decisions = graphene.List(
        graphene.NonNull(ParkingDecision), required=True, description="On record, oldest first."
    )
    event = graphene.Field(
        Data,
        description="The event itself; only where one is asked for.",
    )
    size_bytes = graphene.Int(description="The message's size; only where one is asked for.")

    @staticmethod
    def resolve_reason_text(root: Mapping[str, Any], info: Any) -> str:
        return reason_text(root["reason"], root["params"], info.context.lang)


class ParkedCount(graphene.ObjectType):
    """How full a service's parking lot is; all null while the service does not answer."""

    service = graphene.String(required=True, description="The service.")
    parked = graphene.Int(description="Events that wait for a decision.")
    retried = graphene.Int(description="Events sent in again, of which none came back.")
    discarded = graphene.Int(description="Events given up.")


class ParkingResult(graphene.ObjectType):
    """What a decision reached."""

    events = graphene.List(
        graphene.NonNull(ParkedEvent),
        required=True,
        description="The events as they are now, followers included; at most 200.",
    )
    count = graphene.Int(required=True, description="How many it reached, followers included.")
    unknown = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="Those of the given ids that are not in the parking lot.",
    )


ParkedEventConnection = connection(ParkedEvent, "parked events")
