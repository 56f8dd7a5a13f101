"""Owns places that the gazetteer lacks: how they are read and pushed, listed, withdrawn and
reinstated. `gateway.schema.codes` shows them among the others."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection, listing
from gateway.schema.programme.filters import RecordFilter
from gateway.schema.records import Kept, RecordInput, RestoreInput, TombstoneInput, one
from gateway.schema.scalars import Date
from gateway.schema.texts import LocalisedText, LocalisedTextInput, coded, filled, list_of
from gateway.schema.writes import pushing
from shared.codes.places import pushed_id


class PushedPlace(Kept, graphene.ObjectType):
    """A place that the gazetteer lacks, as a chapter pushed it. Every chapter may name it."""

    place_id = graphene.ID(
        required=True,
        description="The id by which records name it (`place`): its unit's, with `.~` and its own "
        "behind.",
    )
    parent = coded("place", "parent", "The unit below which it was pushed.")
    name = graphene.String(required=True, description="Its name, as it is called there.")
    names = graphene.Field(LocalisedText, description="Names in the working languages, if others.")
    aliases = filled(graphene.String, "aliases", "Other names and spellings, former ones too.")
    kind = coded("place_kind", "kind", "What kind of place it is.")
    lat = graphene.Float(description="Latitude in degrees (WGS 84).")
    lon = graphene.Float(description="Longitude in degrees (WGS 84).")
    began_on = Date(description="The first day that there is such a place, if that is known.")
    ended_on = Date(description="The first day that there is none any more; null: there is.")
    same_as = coded("place", "same_as", "The place that it turned out to be, if any.")

    @staticmethod
    def resolve_place_id(root: Mapping[str, Any], _: Any) -> str:
        return pushed_id(root["parent"], root["id"])


class PlaceInput(RecordInput, graphene.InputObjectType):
    """A place that the gazetteer lacks, to add or to correct. Search for it first. Its id in
    records (`place`) is its unit's, `.~`, and its own: `ML.SIK.YAN.~<id>`."""

    class Meta:
        container = dict

    parent = graphene.ID(
        description="Id of the unit in which it lies: a country, or a unit of the first or second "
        "level. Required; it stays."
    )
    name = graphene.String(
        description="Its name, as it is called there. Required. A new name leaves the one before "
        "as an alias, unless `aliases` is pushed as well."
    )
    names = graphene.Field(LocalisedTextInput, description="Names in the working languages.")
    aliases = list_of(graphene.String, description="Other names and spellings.")
    kind = graphene.String(
        description="Code of the list `place_kind`; `locality` if nothing is said."
    )
    lat = graphene.Float(description="Latitude in degrees (WGS 84); only with `lon`.")
    lon = graphene.Float(description="Longitude in degrees (WGS 84); only with `lat`.")
    began_on = Date(description="The first day that there is such a place.")
    ended_on = Date(description="The first day that there is none any more.")
    same_as = graphene.ID(
        description="Id of the place of the same unit that it turned out to be: from now on it "
        'reads, is found and counts as that. `clear: ["sameAs"]` takes it back.'
    )


class PlaceFilter(RecordFilter):
    """Which pushed places; all conditions together, none for all. What is null or blank is no
    condition; an empty list matches nothing."""

    class Meta:
        container = dict

    kinds = list_of(graphene.String, description="Of these kinds.")
    places = list_of(graphene.ID, description="In these units, or anywhere below.")


PushedPlaceConnection = connection(PushedPlace, "pushed places", dated=True)


class PlaceQueries(graphene.ObjectType):
    pushed_place = one(PushedPlace, "place")
    pushed_places = listing(
        PushedPlaceConnection, "Pushed places", PlaceFilter, "activities", kind="place"
    )


class PlaceMutations(graphene.ObjectType):
    push_places = pushing(
        "place", "push", PlaceInput, "Add places that the gazetteer lacks, or correct them."
    )
    withdraw_places = pushing(
        "place",
        "withdraw",
        TombstoneInput,
        "Withdraw places: records keep them, and no record can name them anew.",
    )
    reinstate_places = pushing(
        "place", "reinstate", TombstoneInput, "Take withdrawals of places back."
    )
    restore_places = pushing(
        "place",
        "restore",
        RestoreInput,
        "Give places the content of one of their versions again, in a new version.",
    )
