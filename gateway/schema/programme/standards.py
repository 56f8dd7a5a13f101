"""Owns what projects and activities say alike, as IATI and the 3W of OCHA ask for it: in which
countries, where outside the gazetteer, at what they work, and which documents there are."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.records import remove
from gateway.schema.scalars import Date
from gateway.schema.texts import (
    CodeValue,
    LocalisedText,
    LocalisedTextInput,
    code_value,
    coded,
    coded_list,
    filled,
    list_of,
)


class Elsewhere(graphene.ObjectType):
    """A place outside the countries of the gazetteer."""

    country = coded("world_country", "country", "The country.")
    name = graphene.String(description="What the place is called.")


class ElsewhereInput(graphene.InputObjectType):
    """A place outside the countries of the gazetteer."""

    class Meta:
        container = dict

    country = graphene.String(description="Code of the list `world_country`. Required.")
    name = graphene.String(description="What the place is called.")


class Sector(graphene.ObjectType):
    """At what something works, wholly or in part."""

    vocabulary = graphene.String(description="Whose code it is; null: the DAC's.")
    code = graphene.Field(
        CodeValue,
        description="The code. One of the DAC has its label from the list `dac_sector`; any other "
        "reads as it is.",
    )
    percentage = graphene.Float(description="How much of the whole.")

    @staticmethod
    def resolve_code(root: Mapping[str, Any], info: Any) -> dict[str, str | None]:
        code: str = root["code"]
        if root.get("vocabulary"):
            return {"code": code, "label": code}
        return code_value("dac_sector", code, info.context.lang)


class SectorInput(graphene.InputObjectType):
    """At what something works, wholly or in part."""

    class Meta:
        container = dict

    vocabulary = graphene.String(
        description="Whose code it is, e.g. `sdg_goal`, `sdg_target` or `cluster`; without one a "
        "purpose code of the DAC (IATI's vocabulary 1)."
    )
    code = graphene.String(
        description="The code; of the DAC five digits. The list `dac_sector` names those that "
        "matter here; another is stored with a remark. Required."
    )
    percentage = graphene.Float(
        description="How much of the whole, 0 to 100; those of one vocabulary add up to 100."
    )


class Document(graphene.ObjectType):
    """A document that lies elsewhere."""

    id = graphene.ID(required=True, description="Its id.")
    title = graphene.Field(LocalisedText, description="What it is called.")
    url = graphene.String(description="Where it lies.")
    category = coded("document_category", "category", "What kind of document it is.")
    languages = coded_list("language", "languages", "In which languages it is.")
    on = Date(description="Of which day it is.")


class DocumentInput(graphene.InputObjectType):
    """A document that lies elsewhere: the hub keeps where, not what is in it."""

    class Meta:
        container = dict

    id = graphene.ID(description="A UUID made by the client. Required.")
    remove = remove()
    title = graphene.InputField(LocalisedTextInput, description="What it is called. Required.")
    url = graphene.String(
        description="Where it lies: a complete https URL of at most 2,000 characters. Required."
    )
    category = graphene.String(description="Code of the list `document_category`.")
    languages = list_of(graphene.String, description="Codes of the list `language`.")
    on = Date(description="Of which day it is.")


class Situated:
    """The fields of what is read."""

    countries = coded_list("world_country", "countries", "In which countries, of all the world.")
    elsewhere = filled(Elsewhere, "elsewhere", "Where, outside the countries of the gazetteer.")
    sectors = filled(Sector, "sectors", "At what it works.")
    documents = filled(Document, "documents", "Documents of it that lie elsewhere.")


class SituatedInput:
    """The fields of what is pushed."""

    countries = list_of(
        graphene.String, description="In which countries: codes of the list `world_country`."
    )
    elsewhere = list_of(
        ElsewhereInput,
        description="Where, outside the countries of the gazetteer. Named, it replaces what was "
        "there.",
    )
    sectors = list_of(
        SectorInput, description="At what it works. Named, it replaces what was there."
    )
    documents = list_of(DocumentInput, description="Documents of it that lie elsewhere.")
