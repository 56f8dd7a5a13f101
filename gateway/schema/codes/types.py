"""Owns how code lists and the places of the gazetteer read."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.enums import closed
from gateway.schema.paging import connection
from gateway.schema.programme.places import PushedPlace
from gateway.schema.scalars import Date
from gateway.schema.texts import LocalisedText, coded, pushed_label
from shared.codes import places
from shared.codes.places import Place as PlaceData
from shared.days import calendar_day
from shared.errors import Refused


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
    """A place of the gazetteer, or one that a chapter pushed. Names are no keys: there are
    homonyms; push the id."""

    id = graphene.ID(
        required=True,
        description="The id. It says nothing of where the place lies now, and is never reused.",
    )
    name = graphene.String(required=True, description="The bare name.")
    label = graphene.String(
        required=True, description="The name with all it lies in: tells homonyms apart."
    )
    level = PlaceLevel(required=True, description="What kind of place it is.")
    country = coded("country", "country", "The country.")
    parent = graphene.Field(
        lambda: Place,
        on=graphene.Argument(Date, description="On this day; by default at present."),
        description="What it lies in; null for a country.",
    )
    path = graphene.List(
        graphene.NonNull(lambda: Place),
        required=True,
        on=graphene.Argument(Date, description="On this day; by default at present."),
        description="All it lies in, the nearest first, the country last.",
    )
    region = graphene.Field(
        lambda: Place,
        on=graphene.Argument(Date, description="On this day; by default at present."),
        description="The first-level unit that it is or lies in; null for a country.",
    )
    lat = graphene.Float(description="Latitude in degrees (WGS 84), where known for sure.")
    lon = graphene.Float(description="Longitude in degrees (WGS 84), where known for sure.")
    iso = graphene.String(
        description="Its ISO 3166 code (`ML-3` is Sikasso); null where there is none."
    )
    pcode = graphene.String(
        description="Its P-code, by which OCHA knows it (`ML03`); null where that is not known."
    )
    began_on = Date(description="The first day that there is such a unit, where that is known.")
    ended_on = Date(description="The first day that there is none any more; null: there is.")
    aliases = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Other spellings."
    )
    former_ids = graphene.List(
        graphene.NonNull(graphene.ID),
        required=True,
        description="Ids that it had before: they go on naming it, and only it.",
    )
    note = graphene.String(required=True, description="A remark on it; may be empty.")
    kind = coded(
        "place_kind", "kind", "Of a place that a chapter pushed, its kind; of another null."
    )
    pushed = graphene.Field(
        PushedPlace,
        description="The record, if a chapter pushed it; null for one of the gazetteer.",
    )

    @staticmethod
    def resolve_parent(root: dict[str, Any], info: Any, on: Any = None) -> dict[str, Any] | None:
        found = places.parent_on(root["id"], day_asked(on))
        return None if found is None else shown(found, info.context.lang)

    @staticmethod
    def resolve_path(root: dict[str, Any], info: Any, on: Any = None) -> list[dict[str, Any]]:
        _, *above = places.ancestors(root["id"], day_asked(on))
        return [shown(each, info.context.lang) for each in above]

    @staticmethod
    def resolve_region(root: dict[str, Any], info: Any, on: Any = None) -> dict[str, Any] | None:
        region = places.admin1(root["id"], day_asked(on))
        return None if region is None else shown(places.place(region), info.context.lang)


PlaceConnection = connection(Place, "places")


def shown(found: PlaceData, lang: str) -> dict[str, Any]:
    """The place as `Place` reads it."""
    return {
        "id": found.id,
        "name": found.name,
        "label": places.label(found.id, lang),
        "level": found.level,
        "country": found.country,
        "lat": found.lat,
        "lon": found.lon,
        "iso": found.iso,
        "pcode": found.pcode,
        "began_on": found.valid_from,
        "ended_on": found.valid_until,
        "aliases": list(found.aliases),
        "former_ids": list(places.spellings(found.id)[1:]),
        "note": found.note,
    }


def shown_pushed(record: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """The place that was pushed as this record, as `Place` reads it."""
    place_id = places.pushed_id(record["parent"], record["id"])
    label = pushed_label(record, lang)
    told = {name: record.get(name) for name in ("lat", "lon", "began_on", "ended_on", "kind")}
    return shown(places.place(place_id), lang) | {
        "name": record["name"],
        "label": label,
        "aliases": record.get("aliases") or [],
        "pushed": record,
        **told,
    }


def day_asked(value: Any) -> str | None:
    """The day of the argument `on`, ISO 8601. Raises Refused INVALID_DATE (final)."""
    if value is None:
        return None
    day = calendar_day(value)
    if day is None:
        raise Refused("INVALID_DATE", path=["on"], value=str(value)[:30])
    return day.isoformat()
