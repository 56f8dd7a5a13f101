"""Owns the operators' view of the parking lots: events that a service could not apply."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import graphene

from gateway.schema.notifications import Data
from gateway.schema.paging import connection, page, paged
from gateway.schema.texts import list_of
from shared.errors import HubError, Refused
from shared.nouns import CONSUMERS
from shared.parked import STATES, reason_text

_SERVICE: Final = f"The consuming service: {' or '.join(CONSUMERS)}."


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


class ParkedQueries(graphene.ObjectType):
    parked_counts = graphene.List(
        graphene.NonNull(ParkedCount),
        required=True,
        description="Each consuming service with how full its parking lot is.",
    )
    parked = paged(
        ParkedEventConnection,
        "The events in a service's parking lot, the one that waits longest first.",
        service=graphene.String(required=True, description=_SERVICE),
        state=graphene.String(description=f"One of {', '.join(STATES)}; all without one."),
        subject=graphene.String(description="Of this subject only."),
        reason=graphene.String(description="With this reason's code only."),
        ids=list_of(graphene.String, description="Among these ids, at most 200."),
    )
    parked_event = graphene.Field(
        ParkedEvent,
        service=graphene.String(required=True, description=_SERVICE),
        id=graphene.String(required=True, description="Its id."),
        description="One parked event, with its content.",
    )

    @staticmethod
    async def resolve_parked_counts(_: Any, info: Any) -> list[dict[str, Any]]:
        return list(await asyncio.gather(*(_count(info, each) for each in CONSUMERS)))

    @staticmethod
    async def resolve_parked(_: Any, info: Any, service: str, **wanted: Any) -> dict[str, Any]:
        answer = await info.context.ask(_known(service), "parked", **wanted)
        return page({**answer, "items": _of(service, answer["items"])})

    @staticmethod
    async def resolve_parked_event(_: Any, info: Any, service: str, id: str) -> dict[str, Any]:
        return {
            **await info.context.ask(_known(service), "parked_event", id=id),
            "service": service,
        }


class ParkedMutations(graphene.ObjectType):
    retry_parked = graphene.Field(
        ParkingResult,
        service=graphene.String(required=True, description=_SERVICE),
        ids=list_of(graphene.String, required=True, description="At most 200; discarded ones too."),
        description="Send events to their service again, each with what is parked behind it. What "
        "was applied before is not applied twice.",
    )
    discard_parked = graphene.Field(
        ParkingResult,
        service=graphene.String(required=True, description=_SERVICE),
        ids=list_of(graphene.String, required=True, description="At most 200."),
        reason=graphene.String(
            required=True, description="Why, for the record: 1 to 500 characters; name no person."
        ),
        description="Give events up, on record. What they say is missing from the service's data "
        "until they are retried, and what builds on them keeps waiting.",
    )

    @staticmethod
    async def resolve_retry_parked(
        _: Any, info: Any, service: str, ids: Sequence[str]
    ) -> dict[str, Any]:
        answer = await info.context.ask(_known(service), "retry_parked", ids=ids)
        return {**answer, "events": _of(service, answer["items"])}

    @staticmethod
    async def resolve_discard_parked(
        _: Any, info: Any, service: str, ids: Sequence[str], reason: str
    ) -> dict[str, Any]:
        answer = await info.context.ask(_known(service), "discard_parked", ids=ids, reason=reason)
        return {**answer, "events": _of(service, answer["items"])}


async def _count(info: Any, service: str) -> dict[str, Any]:
    try:
        answer = await info.context.ask(service, "parked", first=1)
    except HubError as error:
        if not error.retryable:
            raise
        return {"service": service}  # one that is away must not hide the others
    return {"service": service, **answer["counts"]}


def _known(service: str) -> str:
    if service not in CONSUMERS:
        raise Refused("UNKNOWN_SERVICE", value=service[:80], services=", ".join(CONSUMERS))
    return service


def _of(service: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**item, "service": service} for item in items]
