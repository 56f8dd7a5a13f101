"""Owns concerns: how they are read and pushed, listed, withdrawn and reinstated. No text here ever
names a victim."""

import graphene

from gateway.schema.known_by import ref
from gateway.schema.paging import connection, listing
from gateway.schema.programme.filters import RecordFilter
from gateway.schema.records import Kept, RecordInput, RestoreInput, TombstoneInput, one
from gateway.schema.scalars import Date
from gateway.schema.texts import coded, list_of
from gateway.schema.writes import pushing


class Concern(Kept, graphene.ObjectType):
    """Something a community raised. It never names a victim."""

    activity_id = graphene.ID(description="The activity at which it was raised, if any.")
    place = coded("place", "place", "Where it applies.")
    category = coded("concern_category", "category", "What it is about.")
    severity = graphene.Int(required=True, description="1 (slight) to 5 (grave).")
    status = coded("concern_status", "status", "Where it stands.")
    raised_on = Date(description="When it was raised.")
    raised_by_group = coded("stakeholder_group", "raised_by_group", "Which group raised it.")
    text = graphene.String(description="In words; shown to the chapter and the secretariat alone.")


class ConcernInput(RecordInput, graphene.InputObjectType):
    """A concern to record or to correct. Never name a victim, nor any other person."""

    class Meta:
        container = dict

    activity_id = graphene.ID(description="The activity at which it was raised.")
    activity_ref = ref("activityId")
    place = graphene.ID(description="Id of a place of the gazetteer. Required.")
    category = graphene.String(description="Code of the list `concern_category`. Required.")
    severity = graphene.Int(description="1 (slight) to 5 (grave). Required.")
    status = graphene.String(
        description="Code of the list `concern_status`: raised, verified, referred, then resolved "
        "or dismissed."
    )
    raised_on = Date(description="When it was raised.")
    raised_by_group = graphene.String(description="Code of the list `stakeholder_group`.")
    text = graphene.String(description="In words, without names.")


class ConcernFilter(RecordFilter):
    """Which concerns; all conditions together, none for all. What is null or blank is no
    condition; an empty list matches nothing."""

    class Meta:
        container = dict

    categories = list_of(graphene.String, description="About these.")
    statuses = list_of(graphene.String, description="In these states.")
    places = list_of(graphene.ID, description="In these places, or anywhere below.")
    severity_from = graphene.Int(description="At least as severe as this.")
    activity_ids = list_of(graphene.ID, description="Raised at these activities.")


ConcernConnection = connection(Concern, "concerns", dated=True)


class ConcernQueries(graphene.ObjectType):
    concern = one(Concern, "concern")
    concerns = listing(ConcernConnection, "Concerns", ConcernFilter, "activities", kind="concern")


class ConcernMutations(graphene.ObjectType):
    push_concerns = pushing(
        "concern", "push", ConcernInput, "Record concerns, or move them forward."
    )
    withdraw_concerns = pushing("concern", "withdraw", TombstoneInput, "Withdraw concerns.")
    reinstate_concerns = pushing(
        "concern", "reinstate", TombstoneInput, "Take withdrawals of concerns back."
    )
    restore_concerns = pushing(
        "concern",
        "restore",
        RestoreInput,
        "Give concerns the content of one of their versions again, in a new version.",
    )
