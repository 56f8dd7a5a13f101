"""Owns how texts and codes read: three languages, and a code beside its label."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.enums import closed
from shared.codes import LANGUAGES, UNKNOWN
from shared.codes import label as code_label
from shared.codes.places import exists
from shared.codes.places import label as place_label

Language = closed(
    "Language",
    "One of the three working languages.",
    {"fr": "French.", "en": "English.", "pt": "Portuguese."},
)


class LocalisedText(graphene.ObjectType):
    """A text in one or more of the three working languages."""

    fr = graphene.String(description="The French text, if there is one.")
    en = graphene.String(description="The English text, if there is one.")
    pt = graphene.String(description="The Portuguese text, if there is one.")
    in_ = graphene.String(
        name="in",
        lang=graphene.Argument(Language, description="By default the language of the request."),
        description="The text in this language, or else in one in which there is a text.",
    )

    @staticmethod
    def resolve_in_(root: Mapping[str, Any], info: Any, lang: Any = None) -> str | None:
        asked = lang.value if lang else info.context.lang
        return root.get(asked) or next((root[each] for each in LANGUAGES if root.get(each)), None)


class LocalisedTextInput(graphene.InputObjectType):
    """A text in at least one of the three working languages."""

    class Meta:
        container = dict

    fr = graphene.String(description="The French text.")
    en = graphene.String(description="The English text.")
    pt = graphene.String(description="The Portuguese text.")


class CodeValue(graphene.ObjectType):
    """A code, and how it reads."""

    code = graphene.String(required=True, description="The code, as it is pushed.")
    label = graphene.String(required=True, description="Its label in the language of the request.")


def code_value(list_name: str, code: str, lang: str) -> dict[str, str]:
    """The code with its label; a code that the list lacks, or `unknown` anywhere, is told too.

    `place` as the name of the list means the gazetteer.
    """
    if list_name == "place":
        text = place_label(code, lang) if exists(code) else _unlisted(code, lang)
        return {"code": code, "label": text}
    try:
        return {"code": code, "label": code_label(list_name, code, lang)}
    except KeyError:  # a record may be older than the list
        return {"code": code, "label": code}


def _unlisted(code: str, lang: str) -> str:
    return code_label("sex", UNKNOWN, lang) if code == UNKNOWN else code


def coded(list_name: str, name: str, description: str) -> graphene.Field:
    """A field that shows the code under `name` of its parent with its label."""

    def resolve(root: Mapping[str, Any], info: Any) -> dict[str, str] | None:
        code = root.get(name)
        return None if code is None else code_value(list_name, code, info.context.lang)

    return graphene.Field(CodeValue, description=description, resolver=resolve)


def coded_list(list_name: str, name: str, description: str) -> graphene.Field:
    """A field that shows the codes under `name` of its parent with their labels."""

    def resolve(root: Mapping[str, Any], info: Any) -> list[dict[str, str]]:
        return [code_value(list_name, code, info.context.lang) for code in root.get(name) or ()]

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
