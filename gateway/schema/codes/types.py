"""Owns how code lists and the places of the gazetteer read."""

from typing import Any

import graphene

from gateway.schema.enums import closed
from gateway.schema.texts import LocalisedText, coded
from shared.codes.places import Place as PlaceData
from shared.codes.places import label, place


class CodeExtra(graphene.ObjectType):
    """A further column of a code list."""

    name = graphene.String(required=True, description="The column, e.g. `section`.")
    value = graphene.String(required=True, description="Its value for this code; may be empty.")


class CodeEntry(graphene.ObjectType):
    """One code of a list."""

    code = graphene.String(required=True, description="The code, as it is pushed.")
    label = graphene.String(required=True, description="Its label in the language of the request.")
    labels = graphene.Field(
        LocalisedText, required=True, description="Its label in every language."
    )
    extra = graphene.List(
        graphene.NonNull(CodeExtra), required=True, description="What else the list says of it."
    )


PlaceLevel = closed(
    "PlaceLevel",
    "What kind of place there is; each lies in one of the kind before it, or further up.",
    {
        "country": "A country.",
        "admin1": "A first-level unit: region, district, municipality …",
        "admin2": "A second-level unit.",
        "locality": "A town, a village or a part of one.",
    },
)


class Place(graphene.ObjectType):
    """A place of the gazetteer. Names are no keys: there are homonyms; push the id."""

    id = graphene.ID(required=True, description="The id, which begins with its parent's.")
    name = graphene.String(required=True, description="The bare name.")
    label = graphene.String(
        required=True, description="The name with all it lies in: tells homonyms apart."
    )
    level = PlaceLevel(required=True, description="What kind of place it is.")
    country = coded("country", "country", "The country.")
    parent = graphene.Field(lambda: Place, description="What it lies in; null for a country.")
    lat = graphene.Float(description="Latitude in degrees (WGS 84), where known for sure.")
    lon = graphene.Float(description="Longitude in degrees (WGS 84), where known for sure.")
    aliases = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Other spellings."
    )
    note = graphene.String(required=True, description="A remark on it; may be empty.")

    @staticmethod
    def resolve_parent(root: dict[str, Any], info: Any) -> dict[str, Any] | None:
        return shown(place(root["parent"]), info.context.lang) if root["parent"] else None


def shown(found: PlaceData, lang: str) -> dict[str, Any]:
    """The place as `Place` reads it."""
    return {
        "id": found.id,
        "name": found.name,
        "label": label(found.id, lang),
        "level": found.level,
        "country": found.country,
        "parent": found.parent,
        "lat": found.lat,
        "lon": found.lon,
        "aliases": list(found.aliases),
        "note": found.note,
    }
