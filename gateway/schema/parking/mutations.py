"""Owns operators' decisions on what is parked."""

from collections.abc import Sequence
from typing import Any

import graphene

from gateway.schema.parking.types import EventConsumer, ParkingResult, with_service
from gateway.schema.texts import list_of
from gateway.schema.writes import once, push_id_of


class ParkedMutations(graphene.ObjectType):
    retry_parked = graphene.Field(
        ParkingResult,
        service=graphene.Argument(EventConsumer, required=True, description="The service."),
        ids=list_of(graphene.ID, required=True, description="At most 200; discarded ones too."),
        push_id=once("Then it answers how they stand."),
        description="Send events to their service again, each with what is parked behind it. What "
        "was applied before is not applied twice.",
    )
    discard_parked = graphene.Field(
        ParkingResult,
        service=graphene.Argument(EventConsumer, required=True, description="The service."),
        ids=list_of(graphene.ID, required=True, description="At most 200."),
        reason=graphene.String(
            required=True, description="Why, for the record: 1 to 500 characters; name no person."
        ),
        push_id=once("Then it answers how they stand."),
        description="Give events up, on record. What they say is missing from the service's data "
        "until they are retried, and what builds on them keeps waiting.",
    )

    @staticmethod
    async def resolve_retry_parked(
        _: Any, info: Any, service: Any, ids: Sequence[str], push_id: str | None = None
    ) -> dict[str, Any]:
        answer = await info.context.ask(
            service.value, "retry_parked", ids=ids, push_id=push_id_of(push_id)
        )
        return {**answer, "events": with_service(service.value, answer["items"])}

    @staticmethod
    async def resolve_discard_parked(
        _: Any,
        info: Any,
        service: Any,
        ids: Sequence[str],
        reason: str,
        push_id: str | None = None,
    ) -> dict[str, Any]:
        answer = await info.context.ask(
            service.value, "discard_parked", ids=ids, reason=reason, push_id=push_id_of(push_id)
        )
        return {**answer, "events": with_service(service.value, answer["items"])}
