"""Owns operators' questions for what is parked."""

import asyncio
from typing import Any

import graphene

from gateway.schema.paging import page, paged, wanted
from gateway.schema.parking.types import (
    EventConsumer,
    ParkedCount,
    ParkedEvent,
    ParkedEventConnection,
    ParkedState,
    with_service,
)
from gateway.schema.texts import list_of
from shared.errors import HubError
from shared.record_types import CONSUMERS


class ParkedQueries(graphene.ObjectType):
    parked_counts = graphene.List(
        graphene.NonNull(ParkedCount),
        required=True,
        description="Each consuming service with how full its parking lot is.",
    )
    parked = paged(
        ParkedEventConnection,
        "The events in a service's parking lot, the one that waits longest first.",
        service=graphene.Argument(EventConsumer, required=True, description="The service."),
        state=graphene.Argument(ParkedState, description="In this state; all without one."),
        subject=graphene.ID(description="Of this subject only."),
        reason=graphene.String(description="With this reason's code only."),
        ids=list_of(graphene.ID, description="Among these ids, at most 200."),
    )
    parked_event = graphene.Field(
        ParkedEvent,
        service=graphene.Argument(EventConsumer, required=True, description="The service."),
        id=graphene.ID(required=True, description="Its id."),
        description="One parked event, with its content.",
    )

    @staticmethod
    async def resolve_parked_counts(_: Any, info: Any) -> list[dict[str, Any]]:
        return list(await asyncio.gather(*(_count(info, each) for each in CONSUMERS)))

    @staticmethod
    async def resolve_parked(
        _: Any, info: Any, service: Any, state: Any = None, **asked: Any
    ) -> dict[str, Any]:
        if state:
            asked["state"] = state.value
        answer = await info.context.ask(service.value, "parked", **wanted(info, asked))
        return page({**answer, "items": with_service(service.value, answer["items"])})

    @staticmethod
    async def resolve_parked_event(_: Any, info: Any, service: Any, id: str) -> dict[str, Any]:
        found = await info.context.ask(service.value, "parked_event", id=id)
        return {**found, "service": service.value}


async def _count(info: Any, service: str) -> dict[str, Any]:
    try:
        answer = await info.context.ask(service, "parked", first=1)
    except HubError as error:
        if not error.retryable:
            raise
        return {"service": service}  # one that is away must not hide the others
    return {"service": service, **answer["counts"]}
