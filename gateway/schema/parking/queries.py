"""Owns operators' questions for what is parked."""

import asyncio
from typing import Any

import graphene

from gateway.schema.paging import page, paged
from gateway.schema.parking.consumers import SERVICE, known, of
from gateway.schema.parking.types import ParkedCount, ParkedEvent, ParkedEventConnection
from gateway.schema.texts import list_of
from shared.config import EVENT_CONSUMERS
from shared.errors import HubError
from shared.parked import STATES


class ParkedQueries(graphene.ObjectType):
    parked_counts = graphene.List(
        graphene.NonNull(ParkedCount),
        required=True,
        description="Each consuming service with how full its parking lot is.",
    )
    parked = paged(
        ParkedEventConnection,
        "The events in a service's parking lot, the one that waits longest first.",
        service=graphene.String(required=True, description=SERVICE),
        state=graphene.String(description=f"One of {', '.join(STATES)}; all without one."),
        subject=graphene.String(description="Of this subject only."),
        reason=graphene.String(description="With this reason's code only."),
        ids=list_of(graphene.String, description="Among these ids, at most 200."),
    )
    parked_event = graphene.Field(
        ParkedEvent,
        service=graphene.String(required=True, description=SERVICE),
        id=graphene.String(required=True, description="Its id."),
        description="One parked event, with its content.",
    )

    @staticmethod
    async def resolve_parked_counts(_: Any, info: Any) -> list[dict[str, Any]]:
        return list(await asyncio.gather(*(_count(info, each) for each in EVENT_CONSUMERS)))

    @staticmethod
    async def resolve_parked(_: Any, info: Any, service: str, **wanted: Any) -> dict[str, Any]:
        answer = await info.context.ask(known(service), "parked", **wanted)
        return page({**answer, "items": of(service, answer["items"])})

    @staticmethod
    async def resolve_parked_event(_: Any, info: Any, service: str, id: str) -> dict[str, Any]:
        return {
            **await info.context.ask(known(service), "parked_event", id=id),
            "service": service,
        }


async def _count(info: Any, service: str) -> dict[str, Any]:
    try:
        answer = await info.context.ask(service, "parked", first=1)
    except HubError as error:
        if not error.retryable:
            raise
        return {"service": service}  # one that is away must not hide the others
    return {"service": service, **answer["counts"]}
