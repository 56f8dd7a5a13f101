"""Owns how texts and codes read: languages, and a code beside its label."""

from asyncio import gather
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final

import graphene

from gateway.calls.context import Context
from gateway.schema.enums import closed
from shared.codes import LANGUAGES, UNKNOWN
from shared.codes import label as code_label
from shared.codes.places import exists, place, pushed_as
from shared.codes.places import label as place_label

_BEGINS: Final = ("starts_on", "raised_on", "on")

Language = closed(
    "Language",
    "One of the three working languages.",
    {"fr": "French.", "en": "English.", "pt": "Portuguese."},
)


class TextInLanguage(graphene.ObjectType):
    """A text in another language than the three working languages."""

    language = graphene.Field(
        graphene.NonNull(lambda: CodeValue), description="Which language (ISO 639)."
    )
    text = graphene.String(required=True, description="The text.")

    @staticmethod
    def resolve_language(root: Mapping[str, Any], info: Any) -> dict[str, str | None]:
        return code_value("language", root["language"], info.context.lang)


class LocalisedText(graphene.ObjectType):
    """A text in one or more languages."""

    fr = graphene.String(description="The French text, if there is one.")
    en = graphene.String(description="The English text, if there is one.")
    pt = graphene.String(description="The Portuguese text, if there is one.")
    in_ = graphene.String(
        name="in",
        lang=graphene.Argument(Language, description="By default the language of the request."),
        description="The text in this language, or else in one in which there is a text.",
    )
    other = graphene.Field(
        graphene.NonNull(graphene.List(graphene.NonNull(TextInLanguage))),
        description="The text in each other language in which there is one, by code.",
    )

    @staticmethod
    def resolve_other(root: Mapping[str, Any], _: Any) -> list[dict[str, str]]:
        return [{"language": each, "text": root[each]} for each in _others(root)]

    @staticmethod
    def resolve_in_(root: Mapping[str, Any], info: Any, lang: Any = None) -> str | None:
        asked = lang.value if lang else info.context.lang
        languages = (asked, *LANGUAGES, *_others(root))
        return next((root[each] for each in languages if root.get(each)), None)


def _others(root: Mapping[str, Any]) -> list[str]:
    """The languages of a text beside the working languages."""
    return sorted(each for each in root.keys() - set(LANGUAGES) if root[each])


class TextInLanguageInput(graphene.InputObjectType):
    """A text in another language than the three working languages."""

    class Meta:
        container = dict

    language = graphene.String(description="Code of the list `language` (ISO 639).")
    text = graphene.String(description="The text.")


class LocalisedTextInput(graphene.InputObjectType):
    """A text in at least one language."""

    class Meta:
        container = dict

    fr = graphene.String(description="The French text.")
    en = graphene.String(description="The English text.")
    pt = graphene.String(description="The Portuguese text.")
    other = graphene.List(
        graphene.NonNull(TextInLanguageInput),
        description="In other languages, at most 20 at once; one that is not named stays as it is, "
        "`clear` takes it away (`title.bm`).",
    )


class CodeValue(graphene.ObjectType):
    """A code, and how it reads."""

    code = graphene.String(required=True, description="The code, as it is pushed.")
    label = graphene.String(required=True, description="Its label in the language of the request.")
    iso = graphene.String(
        description="Of a place its ISO 3166 code (`ML-3`), if it has one; of another code null."
    )
    pcode = graphene.String(
        description="Of a place its P-code (`ML03`), if that is known; of another code null."
    )


def code_value(
    list_name: str, code: str, lang: str, on: str | None = None
) -> dict[str, str | None]:
    """The code with its label; a code that the list lacks, or `unknown` anywhere, is told too.

    `place` as the name of the list means the gazetteer: the place by its present id, with what it
    lies in on that day (ISO 8601), or at present.
    """
    if list_name == "place":
        if not exists(code):
            return {"code": code, "label": _unlisted(code, lang)}
        here = place(code)
        return {
            "code": here.id,
            "label": place_label(here.id, lang, on),
            "iso": here.iso,
            "pcode": here.pcode,
        }
    try:
        return {"code": code, "label": code_label(list_name, code, lang)}
    except KeyError:  # a record may be older than the list
        return {"code": code, "label": code}


def _unlisted(code: str, lang: str) -> str:
    return code_label("sex", UNKNOWN, lang) if code == UNKNOWN else code


def _day_of(root: Mapping[str, Any]) -> str | None:
    """The day on which that begins which the code is a part of, if it is of a day."""
    return next((root[name] for name in _BEGINS if isinstance(root.get(name), str)), None)


async def place_value(ctx: Context, place_id: str, on: str | None = None) -> dict[str, str | None]:
    """As `code_value`, also of a place that was pushed: by the name that it was given, or as the
    place that it turned out to be."""
    seen: set[str] = set()
    while (own := pushed_as(place_id)) and own not in seen:
        seen.add(own)
        found = await ctx.loaders.record("place", own)
        if found is None:
            break
        if not found.get("same_as"):
            return code_value("place", place_id, ctx.lang, on) | {
                "label": pushed_label(found, ctx.lang, on)
            }
        place_id = found["same_as"]
    return code_value("place", place_id, ctx.lang, on)


def pushed_label(record: Mapping[str, Any], lang: str, on: str | None = None) -> str:
    """How a pushed place reads: its name, with all it lies in."""
    name = (record.get("names") or {}).get(lang) or record["name"]
    return f"{name}, {place_label(record['parent'], lang, on)}"


async def _all_of(values: Iterable[Awaitable[Any]]) -> list[Any]:
    return await gather(*values)


def coded(list_name: str, name: str, description: str) -> graphene.Field:
    """A field that shows the code under `name` of its parent with its label."""

    def resolve(root: Mapping[str, Any], info: Any) -> Any:
        code = root.get(name)
        if code is None:
            return None
        if list_name == "place" and pushed_as(code):
            return place_value(info.context, code, _day_of(root))
        return code_value(list_name, code, info.context.lang, _day_of(root))

    return graphene.Field(CodeValue, description=description, resolver=resolve)


def coded_list(list_name: str, name: str, description: str) -> graphene.Field:
    """A field that shows the codes under `name` of its parent with their labels."""

    def resolve(root: Mapping[str, Any], info: Any) -> Any:
        on = _day_of(root)
        if list_name == "place" and any(map(pushed_as, root.get(name) or ())):
            return _all_of(place_value(info.context, code, on) for code in root[name])
        return [code_value(list_name, code, info.context.lang, on) for code in root.get(name) or ()]

    return graphene.Field(
        graphene.NonNull(graphene.List(graphene.NonNull(CodeValue))),
        description=description,
        resolver=resolve,
    )


def filled(kind: Any, name: str, description: str) -> graphene.Field:
    """A field that shows the list under `name` of its parent, empty where there is none."""

    def resolve(root: Mapping[str, Any], _: Any) -> Any:
        return root.get(name) or []

    return graphene.Field(
        graphene.NonNull(graphene.List(graphene.NonNull(kind))),
        description=description,
        resolver=resolve,
    )


def list_of(kind: Any, **options: Any) -> graphene.List:
    """A list without holes; itself nullable."""
    return graphene.List(graphene.NonNull(kind), **options)
