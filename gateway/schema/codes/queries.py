"""Owns the vocabulary's doors: code lists and the gazetteer, answered from `shared.codes`."""

from typing import Any

import graphene

from gateway.schema.codes.types import CodeEntry, Place, shown
from gateway.schema.texts import list_of
from shared.codes import code_list, list_names
from shared.codes.places import Place as PlaceData
from shared.codes.places import ancestors, children, place, search
from shared.codes.suggestions import unknown_list, unknown_place
from shared.errors import NotFound
from shared.paging import bounded
from shared.texts import plain


class CodeQueries(graphene.ObjectType):
    code_lists = list_of(graphene.String, description="The names of all code lists.")
    codes = list_of(
        CodeEntry,
        list=graphene.String(required=True, description="The list's name, e.g. `activity_type`."),
        description="The codes of a list, in its order.",
    )
    place = graphene.Field(
        Place,
        id=graphene.ID(required=True, description="The place's id."),
        description="One place.",
    )
    places = list_of(
        Place,
        search=graphene.String(description="The beginning of a word of its name or of an alias."),
        country=graphene.String(description="Only in this country (ISO 3166-1 alpha-2)."),
        under=graphene.ID(description="Only what lies in the place of this id."),
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
            raise NotFound("UNKNOWN_LIST", **unknown_list(name))
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
            return shown(place(id), info.context.lang)
        except KeyError as error:
            raise NotFound("UNKNOWN_PLACE", **unknown_place(id)) from error

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
        found = _found(*(plain(each or "") or None for each in (search, country, under)))
        return [shown(each, info.context.lang) for each in found[:most]]


def _found(text: str | None, country: str | None, under: str | None) -> list[PlaceData]:
    if text is not None:
        return [
            each
            for each in search(text, country)
            if under is None or any(above.id == under for above in ancestors(each.id)[1:])
        ]
    return children(under or country)
