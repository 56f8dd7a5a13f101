"""Owns the vocabulary's doors: code lists and the gazetteer, answered from `shared.codes`."""

from typing import Any

import graphene

from gateway.schema.texts import LocalisedText, coded, list_of
from shared.codes import code_list, list_names
from shared.codes.places import (
    LEVELS,
    ancestors,
    children,
    label,
    place,
    search,
)
from shared.codes.places import (
    Place as PlaceData,
)
from shared.cursors import bounded
from shared.errors import NotFound


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


class Place(graphene.ObjectType):
    """A place of the gazetteer. Names are no keys: there are homonyms; push the id."""

    id = graphene.String(required=True, description="The id, which begins with its parent's.")
    name = graphene.String(required=True, description="The bare name.")
    label = graphene.String(
        required=True, description="The name with all it lies in: tells homonyms apart."
    )
    level = graphene.String(required=True, description=f"One of {', '.join(LEVELS)}.")
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
        return _shown(place(root["parent"]), info.context.lang) if root["parent"] else None


class CodeQueries(graphene.ObjectType):
    code_lists = list_of(graphene.String, description="The names of all code lists.")
    codes = list_of(
        CodeEntry,
        list=graphene.String(required=True, description="The list's name, e.g. `activity_type`."),
        description="The codes of a list, in its order.",
    )
    place = graphene.Field(
        Place,
        id=graphene.String(required=True, description="The place's id."),
        description="One place.",
    )
    places = list_of(
        Place,
        search=graphene.String(description="The beginning of a word of its name or of an alias."),
        country=graphene.String(description="Only in this country (ISO 3166-1 alpha-2)."),
        under=graphene.String(description="Only what lies in the place of this id."),
        first=graphene.Int(description="How many at most: 1 to 200, by default 50."),
        description="Places, all homonyms included, for a person to choose from. Say what to "
        "search or `under` what; with neither, the countries are listed.",
    )

    @staticmethod
    def resolve_code_lists(_root: Any, _info: Any) -> tuple[str, ...]:
        return list_names()

    @staticmethod
    def resolve_codes(_: Any, info: Any, **arguments: str) -> list[dict[str, Any]]:
        name = arguments["list"]
        if name not in list_names():
            raise NotFound("UNKNOWN_LIST", list=name[:80])
        return [
            {
                "code": code.code,
                "label": code.labels[info.context.lang],
                "labels": dict(code.labels),
                "extra": [{"name": key, "value": value} for key, value in code.extra.items()],
            }
            for code in code_list(name).values()
        ]

    @staticmethod
    def resolve_place(_: Any, info: Any, id: str) -> dict[str, Any]:
        try:
            return _shown(place(id), info.context.lang)
        except KeyError as error:
            raise NotFound("UNKNOWN_PLACE", value=id[:80]) from error

    @staticmethod
    def resolve_places(
        _: Any,
        info: Any,
        search: str | None = None,
        country: str | None = None,
        under: str | None = None,
        first: int | None = None,
    ) -> list[dict[str, Any]]:
        most = bounded(first)
        found = _found(search, country, under)
        return [_shown(each, info.context.lang) for each in found[:most]]


def _found(text: str | None, country: str | None, under: str | None) -> list[PlaceData]:
    if text is not None:
        return [
            each
            for each in search(text, country)
            if under is None or any(above.id == under for above in ancestors(each.id)[1:])
        ]
    return children(under or country)


def _shown(found: PlaceData, lang: str) -> dict[str, Any]:
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
