"""Owns the registration of people, its withdrawal, and nominations."""

from collections.abc import Sequence
from typing import Any

import graphene

from gateway.calls.nominations import nominate
from gateway.calls.pushes import push_people
from gateway.schema.people.types import NominationInput, NotDuplicatesResult, ParticipantInput
from gateway.schema.records import RestoreInput, TombstoneInput
from gateway.schema.writes import how, push_id_of, pushing


def _of_pairs(method: str, description: str) -> graphene.Field:
    """A mutation that says something of every pair among some people."""

    async def resolve(
        _: Any, info: Any, ids: Sequence[str], dry_run: bool = False, push_id: str | None = None
    ) -> dict[str, Any]:
        said = {"ids": ids, "dry_run": dry_run, "push_id": push_id_of(push_id)}
        answer = await info.context.ask("participants", method, **said)
        return {**answer, "dry_run": dry_run}

    return graphene.Field(
        NotDuplicatesResult,
        ids=graphene.Argument(
            graphene.NonNull(graphene.List(graphene.NonNull(graphene.ID))),
            description="Two people or more of one chapter, at most 20.",
        ),
        **{name: how(graphene.Argument)[name] for name in ("dry_run", "push_id")},
        description=description,
        resolver=resolve,
    )


class ParticipantMutations(graphene.ObjectType):
    register_participants = pushing(
        "participant", "push", ParticipantInput, "Register or correct people.", push_people
    )
    withdraw_participants = pushing(
        "participant", "withdraw", TombstoneInput, "Withdraw people's records."
    )
    reinstate_participants = pushing(
        "participant", "reinstate", TombstoneInput, "Take withdrawals back."
    )
    restore_participants = pushing(
        "participant",
        "restore",
        RestoreInput,
        "Give people the content of one of their versions again, in a new version.",
    )
    nominate_participants = pushing(
        "nomination", "push", NominationInput, "Nominate people, and decide on it.", nominate
    )
    restore_nominations = pushing(
        "nomination",
        "restore",
        RestoreInput,
        "Give nominations the content of one of their versions again, in a new version.",
    )
    not_duplicates = _of_pairs(
        "decide_distinct",
        "Say that these people are not the same, none as any other: they are no longer shown as "
        "possible duplicates of one another.",
    )
    take_back_not_duplicates = _of_pairs(
        "take_back_distinct", "Take back that these people are not the same."
    )
