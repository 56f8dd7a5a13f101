"""Owns making people one who were registered more than once, and taking that back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import graphene

from gateway.schema.enums import closed
from gateway.schema.receipts import PushResult, as_json, camel, counted, explained, snake
from gateway.schema.texts import list_of
from gateway.schema.writes import how, push_id_of

_OWN: Final[tuple[list[str], ...]] = ([], ["id"], ["expected_version"])
"""Paths of problems that are of a person, and not of what is said of all."""


class TakeInput(graphene.InputObjectType):
    """From whom a field of a person is taken."""

    class Meta:
        container = dict

    field = graphene.String(
        description="The field, e.g. `phone`. Of `birthYear`, `age` and `ageOn`, and of "
        "`disability` and `washingtonGroup`, one stands for all; if something changed in the life "
        "of one of them (`lifeChanges`), one stands for all that changes. Required."
    )
    from_ = graphene.ID(name="from", description="The id of one of these people. Required.")


class ExpectedVersionInput(graphene.InputObjectType):
    """Only if this is still the version of a person."""

    class Meta:
        container = dict

    id = graphene.ID(description="The person's id.")
    version = graphene.Int(description="The version.")


class SaidValue(graphene.ObjectType):
    """What one record says of a field."""

    id = graphene.ID(required=True, description="The record's id.")
    value = graphene.String(description="Its value, as JSON; null if there is none.")


class MergedField(graphene.ObjectType):
    """A field of people who become one."""

    field = graphene.String(required=True, description="The field's name.")
    says = list_of(
        SaidValue, required=True, description="What each of them says, the winner first."
    )
    from_ = graphene.ID(name="from", description="Whose value the winner has then.")
    value = graphene.String(description="What the winner says then, as JSON; null if nothing.")

    @staticmethod
    def resolve_field(root: Mapping[str, Any], _: Any) -> str:
        return camel(root["field"])

    @staticmethod
    def resolve_says(root: Mapping[str, Any], _: Any) -> list[dict[str, Any]]:
        return [{"id": key, "value": as_json(value)} for key, value in root["says"].items()]

    @staticmethod
    def resolve_from_(root: Mapping[str, Any], _: Any) -> str | None:
        found: str | None = root["from"]
        return found

    @staticmethod
    def resolve_value(root: Mapping[str, Any], _: Any) -> str | None:
        return as_json(root["value"])


class DoubledNominations(graphene.ObjectType):
    """Nominations of one person for the same thing, of which figures count one."""

    target = graphene.ID(required=True, description="The activity's or the project's id.")
    nominations = list_of(graphene.ID, required=True, description="The nominations that stand.")


class MergeResult(graphene.ObjectType):
    """What became of people who are made one."""

    result = graphene.Field(
        PushResult, required=True, description="The winner's receipt, then one for each loser."
    )
    fields = list_of(
        MergedField,
        required=True,
        description="Field by field, what they say and what stands then.",
    )
    doubled = list_of(
        DoubledNominations,
        required=True,
        description="Where more than one nomination of the person stands: all stay as they are.",
    )


Became = closed(
    "SeparatedField",
    "What a separation did to a field of the winner.",
    {
        "taken_back": "It was taken over from the loser, and is as it was before the merge.",
        "kept": "It was taken over from the loser and has been changed since: it stays.",
        "corrected": "It was corrected since the merge: it stays.",
    },
)


class SeparationField(graphene.ObjectType):
    """What became of a field of the winner."""

    id = graphene.ID(required=True, description="Whose separation it was.")
    field = graphene.String(required=True, description="The field's name.")
    became = Became(required=True, description="What became of it.")

    @staticmethod
    def resolve_field(root: Mapping[str, Any], _: Any) -> str:
        return camel(root["field"])


class SeparationResult(graphene.ObjectType):
    """What became of people who stand by themselves again."""

    result = graphene.Field(PushResult, required=True, description="A receipt for each.")
    fields = list_of(
        SeparationField,
        required=True,
        description="What the winner lost again, and what stays there.",
    )


def _ids(description: str) -> graphene.Argument:
    return graphene.Argument(
        graphene.NonNull(graphene.List(graphene.NonNull(graphene.ID))), description=description
    )


def _usual() -> dict[str, Any]:
    return {
        "reason": graphene.Argument(
            graphene.String, required=True, description="Why; at most 500 characters."
        ),
        "expected_versions": list_of(
            ExpectedVersionInput, description="Only if these are still the stored versions."
        ),
        **{name: how(graphene.Argument)[name] for name in ("dry_run", "push_id")},
    }


class MergingMutations(graphene.ObjectType):
    merge_participants = graphene.Field(
        MergeResult,
        winner=graphene.ID(required=True, description="The person whose record stays."),
        losers=_ids(
            "Those who are the same, at most 20; who is one with one of them comes along. All or "
            "nobody."
        ),
        take=list_of(
            TakeInput,
            description="Whose value is taken where it is not the winner's or, where the winner "
            "has none, the first that a loser has. Of consents, one that was withdrawn goes first.",
        ),
        **_usual(),
        description="Make people one who were registered more than once. Lists and figures show "
        "the winner alone; all ids go on working: reading, pushing or withdrawing under a loser's "
        "id means the winner. With `dryRun` it shows what would be.",
    )
    separate_participants = graphene.Field(
        SeparationResult,
        losers=_ids("Those who are not the same after all, at most 20. All or nobody."),
        **_usual(),
        description="Let people who were made one with another stand by themselves again, as they "
        "were, with whoever was one with them. What the winner took over is taken back unless it "
        "was changed since; corrections made meanwhile stay with the winner.",
    )

    @staticmethod
    async def resolve_merge_participants(
        _: Any,
        info: Any,
        winner: str,
        losers: Sequence[str],
        take: Sequence[Mapping[str, Any]] | None = None,
        **said: Any,
    ) -> dict[str, Any]:
        wishes = [
            {
                "field": snake(field) if isinstance(field := each.get("field"), str) else field,
                "from": each.get("from_"),
            }
            for each in take or ()
        ]
        return await _asked(
            info.context, "merge", winner=winner, losers=losers, take=wishes, **said
        )

    @staticmethod
    async def resolve_separate_participants(
        _: Any, info: Any, losers: Sequence[str], **said: Any
    ) -> dict[str, Any]:
        return await _asked(info.context, "separate", losers=losers, **said)


async def _asked(ctx: Any, method: str, **request: Any) -> dict[str, Any]:
    request["push_id"] = push_id_of(request.get("push_id"))
    answer: dict[str, Any] = await ctx.ask("participants", method, **request)
    places: list[list[str | int]] = [["losers", n] for n in range(len(request["losers"]))]
    if "winner" in request:
        places.insert(0, ["winner"])
    for receipt in answer["receipts"]:
        place = places[receipt["row"]]
        receipt["problems"] = [
            explained(each, place if each["path"][:1] in _OWN else [], ctx.lang)
            for each in receipt["problems"]
        ]
    return {**answer, "result": counted(answer["receipts"], dry_run=request["dry_run"])}
