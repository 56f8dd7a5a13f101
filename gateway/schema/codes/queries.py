"""Owns the vocabulary's doors: code lists and the gazetteer, answered from `shared.codes`."""

from typing import Any

import graphene

from gateway.schema.codes.types import (
    CodeEntry,
    Place,
    PlaceConnection,
    PlaceLevel,
    day_asked,
    shown,
)
from gateway.schema.paging import page, paged, wanted
from gateway.schema.scalars import Date
from gateway.schema.texts import list_of
from shared.codes import code_list, list_names
from shared.codes.places import Place as PlaceData
from shared.codes.places import children, every, place
from shared.codes.search import lies_in, search
from shared.codes.suggestions import unknown_list, unknown_place
from shared.cursors import decode_cursor, encode_cursor
from shared.errors import NotFound, Refused
from shared.paging import Asked, Page, bounded
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

    gazetteer = paged(
        PlaceConnection,
        "Places, page by page: those that a text may mean, the best first, or all in the "
        "gazetteer's order. Homonyms are told apart by their `label` and `path`.",
        text=graphene.String(
            description="Words that words of a name or alias begin with, whatever the case, "
            "accents, hyphens and apostrophes."
        ),
        country=graphene.String(description="Only in this country (ISO 3166-1 alpha-2)."),
        level=graphene.Argument(PlaceLevel, description="Only of this kind."),
        within=graphene.ID(description="Only what lies in the place of this id."),
        on=graphene.Argument(
            Date, description="The day on which it lies `within`; by default at present."
        ),
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
        return shown(_known(id), info.context.lang)

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

    @staticmethod
    def resolve_gazetteer(
        _: Any,
        info: Any,
        text: str | None = None,
        country: str | None = None,
        level: Any = None,
        within: str | None = None,
        on: Any = None,
        **part: Any,
    ) -> dict[str, Any]:
        kind, day = level.value if level else None, day_asked(on)
        if within is not None:
            _known(within)
        if text is None:
            found = [
                each
                for each in every()
                if country in (None, each.country)
                and kind in (None, each.level)
                and (within is None or lies_in(each.id, within, day))
            ]
        else:
            found = search(text, country, kind, within, day)
        cut = _page(found, Asked.of(wanted(info, part)))
        return page(cut.answer(lambda each: shown(each, info.context.lang)))


def _known(place_id: str) -> PlaceData:
    """Raises NotFound UNKNOWN_PLACE (final)."""
    try:
        return place(place_id)
    except KeyError as error:
        raise NotFound("UNKNOWN_PLACE", **unknown_place(place_id)) from error


def _page(found: list[PlaceData], asked: Asked) -> Page[PlaceData]:
    """The part of what was found. Raises Refused BAD_CURSOR (final)."""
    at = {each.id: number for number, each in enumerate(found)}

    def stands(cursor: Any, otherwise: int) -> int:
        if cursor is None:
            return otherwise
        [place_id] = decode_cursor(cursor, 1)
        if place_id not in at:
            raise Refused("BAD_CURSOR")
        return at[place_id]

    walked = found[stands(asked.after, -1) + 1 : stands(asked.before, len(found))]
    return asked.cut(
        walked[::-1] if asked.backwards else walked,
        lambda each: encode_cursor([each.id]),
        behind=asked.behind is not None,
        total_count=len(found) if asked.count else None,
    )


def _found(text: str | None, country: str | None, under: str | None) -> list[PlaceData]:
    return children(under or country) if text is None else search(text, country, within=under)
