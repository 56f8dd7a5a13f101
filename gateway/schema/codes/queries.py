"""Owns the vocabulary's doors: code lists and the gazetteer, answered from `shared.codes`."""

from collections.abc import Iterable, Sequence
from typing import Any

import graphene

from gateway.calls.context import Context
from gateway.identity.authorisation import PROGRAMME
from gateway.schema.codes.types import (
    CodeEntry,
    Place,
    PlaceConnection,
    PlaceLevel,
    day_asked,
    shown,
    shown_pushed,
)
from gateway.schema.paging import page, paged, wanted
from gateway.schema.scalars import Date
from gateway.schema.texts import list_of
from shared.codes import code_list, list_names
from shared.codes.places import Place as PlaceData
from shared.codes.places import children, every, place, pushed_as, pushed_id
from shared.codes.search import lies_in, search
from shared.codes.suggestions import unknown_code, unknown_list, unknown_place
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
        "Places, page by page: those that a text may mean, the best first and behind them those "
        "that chapters pushed, or all of the gazetteer in its order (`pushedPlaces` has the "
        "others). Homonyms are told apart by their `label` and `path`.",
        text=graphene.String(
            description="Words that words of a name or alias begin with, whatever the case, "
            "accents, hyphens and apostrophes."
        ),
        country=graphene.String(description="Only in this country (ISO 3166-1 alpha-2)."),
        level=graphene.Argument(PlaceLevel, description="Only of this kind."),
        kind=graphene.String(
            description="Only of this kind: a code of the list `place_kind`. The gazetteer has "
            "localities alone."
        ),
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
    async def resolve_place(_: Any, info: Any, id: str) -> dict[str, Any]:
        [found] = await _shown(info.context, [_known(id).id])
        if found is None:
            raise NotFound("UNKNOWN_PLACE", **unknown_place(id))
        return found

    @staticmethod
    async def resolve_places(
        _: Any,
        info: Any,
        search: str | None = None,
        country: str | None = None,
        under: str | None = None,
        first: int | None = None,
    ) -> list[dict[str, Any]]:
        most = bounded(first)
        text, country, under = (plain(each or "") or None for each in (search, country, under))
        found = [each.id for each in _found(text, country, under)]
        if text is not None:
            found = await _with_pushed(info.context, found, text, (country, under))
        return [each for each in await _shown(info.context, found[:most]) if each is not None]

    @staticmethod
    async def resolve_gazetteer(
        _: Any,
        info: Any,
        text: str | None = None,
        country: str | None = None,
        level: Any = None,
        kind: str | None = None,
        within: str | None = None,
        on: Any = None,
        **part: Any,
    ) -> dict[str, Any]:
        ctx, stage, day = info.context, level.value if level else None, day_asked(on)
        if kind is not None and kind not in code_list("place_kind"):
            raise Refused("UNKNOWN_CODE", path=["kind"], **unknown_code("place_kind", kind))
        if within is not None:
            _known(within)
        listed = every() if text is None else search(text, country, None, within, day)
        found = [
            each.id
            for each in listed
            if country in (None, each.country)
            and stage in (None, each.level)
            and kind in (None, each.level)
            and (text is not None or within is None or lies_in(each.id, within, day))
        ]
        if text is not None and stage in (None, "locality"):
            kinds = None if kind is None else [kind]
            found = await _with_pushed(ctx, found, text, (country, within), day, kinds)
        cut = _page(found, Asked.of(wanted(info, part)))
        seen = dict(zip(cut.items, await _shown(ctx, cut.items), strict=True))
        return page(cut.answer(lambda each: seen[each] or shown(place(each), ctx.lang)))


def _known(place_id: str) -> PlaceData:
    """Raises NotFound UNKNOWN_PLACE (final)."""
    try:
        return place(place_id)
    except KeyError as error:
        raise NotFound("UNKNOWN_PLACE", **unknown_place(place_id)) from error


async def _with_pushed(
    ctx: Context,
    found: list[str],
    text: str,
    within: Iterable[str | None],
    on: str | None = None,
    kinds: list[str] | None = None,
) -> list[str]:
    """The places of the gazetteer, and behind them those that chapters pushed and the text may
    mean; partners learn of none. Raises HubError."""
    if ctx.caller.role not in PROGRAMME:
        return found
    inside = [each for each in within if each is not None]
    asked = {"text": text, "within": inside, "on": on, "kinds": kinds}
    answer = await ctx.ask("activities", "find_places", **asked)
    return list(dict.fromkeys([*found, *answer["items"]]))


async def _shown(ctx: Context, place_ids: Sequence[str]) -> list[dict[str, Any] | None]:
    """The places as `Place` reads them; None for a pushed one that there is not, or not for this
    caller."""
    pushed = [own for own in map(pushed_as, place_ids) if own]
    mine = pushed if ctx.caller.role in PROGRAMME else []
    found = {each["id"]: each for each in await ctx.loaders.records("place", mine)} if mine else {}

    def one(place_id: str) -> dict[str, Any] | None:
        if (own := pushed_as(place_id)) is None:
            return shown(place(place_id), ctx.lang)
        record = found.get(own)
        if record is None or pushed_id(record["parent"], own) != place_id:
            return None
        return shown_pushed(record, ctx.lang)

    return [one(each) for each in place_ids]


def _page(found: list[str], asked: Asked) -> Page[str]:
    """The part of what was found. Raises Refused BAD_CURSOR (final)."""
    at = {each: number for number, each in enumerate(found)}

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
        lambda each: encode_cursor([each]),
        behind=asked.behind is not None,
        total_count=len(found) if asked.count else None,
    )


def _found(text: str | None, country: str | None, under: str | None) -> list[PlaceData]:
    return children(under or country) if text is None else search(text, country, within=under)
