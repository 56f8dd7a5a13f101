"""Owns the operators' view of the parking lots: events that a service could not apply."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from gateway.schema.enums import closed
from gateway.schema.paging import connection
from gateway.schema.scalars import Data, DateTime
from shared.parked import reason_text
from shared.record_types import CONSUMERS, SERVICES

EventConsumer = closed(
    "EventConsumer",
    "A service that takes events, and has a parking lot for those it cannot apply.",
    {name: SERVICES[name] for name in CONSUMERS},
)
ParkedState = closed(
    "ParkedState",
    "What became of an event that was parked.",
    {
        "parked": "Waits for a decision.",
        "retried": "Was sent in again, and has not come back.",
        "discarded": "Was given up.",
    },
)
ParkedAction = closed(
    "ParkedAction",
    "What can be decided about a parked event.",
    {"retried": "To send it in again.", "discarded": "To give it up."},
)


class ParkingDecision(graphene.ObjectType):
    """What somebody decided about a parked event."""

    action = ParkedAction(required=True, description="What was decided.")
    at = DateTime(required=True, description="When.")
    by = graphene.ID(required=True, description="The API key's public part.")
    why = graphene.String(description="The reason given; discarding needs one.")


class ParkedEvent(graphene.ObjectType):
    """An event that a service could not apply, set aside so that others could go on."""

    service = EventConsumer(required=True, description="The service that could not apply it.")
    id = graphene.ID(
        required=True, description="The event's id; `raw-…` for a message that is no event."
    )
    state = ParkedState(required=True, description="What became of it.")
    type = graphene.String(description="E.g. `attendance.recorded`; null where it is no event.")
    subject = graphene.ID(description="The id of what it happened to.")
    sequence = graphene.Int(description="Its place in the subject's history: 1, 2, 3 …")
    reason = graphene.String(required=True, description="Why it is here, as a code.")
    reason_text = graphene.String(
        required=True, description="The same in plain words, in the language of the request."
    )
    attempts = graphene.Int(required=True, description="Failed attempts since it last came in.")
    first_at = DateTime(required=True, description="First parked.")
    last_at = DateTime(required=True, description="Last parked.")
    applied_at = DateTime(
        description="When it was applied after all, e.g. after a retry; null while it is not."
    )
    holds_up = graphene.Int(
        required=True, description="How many later events of its subject are parked behind it."
    )
    waits_for = graphene.ID(
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

    service = EventConsumer(required=True, description="The service.")
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
        graphene.NonNull(graphene.ID),
        required=True,
        description="Those of the given ids that are not in the parking lot.",
    )


ParkedEventConnection = connection(ParkedEvent, "parked events")


def with_service(service: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The events, each with the service in whose parking lot it is."""
    return [{**item, "service": service} for item in items]
