"""Owns what records are known by elsewhere: keys in the systems that they came from, identifiers in
public registers, and how a key stands in the place of an id."""

import graphene

from gateway.schema.scalars import DateTime
from gateway.schema.texts import filled, list_of
from shared.records.pairs import MAX_PAIRS, MAX_TEXT

_SYSTEM = (
    "The system: `kobo`, `iati`, `register`, a name of your own; letters without accents, digits "
    "and `- _ . :`, kept in lower case. Required."
)
_REMOVE = "In a push, true takes it away. One that is not named stays."


class ExternalRef(graphene.ObjectType):
    """The key of a record in a system that it came from."""

    system = graphene.String(required=True, description="The system.")
    key = graphene.String(required=True, description="The key.")


class ExternalRefInput(graphene.InputObjectType):
    """The key of a record in a system that it comes from: of one record of its type in the
    chapter."""

    class Meta:
        container = dict

    system = graphene.String(description=_SYSTEM)
    key = graphene.ID(description=f"Its key there, at most {MAX_TEXT} characters. Required.")
    remove = graphene.Boolean(description=_REMOVE)


class Identifier(graphene.ObjectType):
    """The identifier of a record in a public register; several records may have the same."""

    system = graphene.String(required=True, description="The register.")
    value = graphene.String(required=True, description="The identifier.")


class IdentifierInput(graphene.InputObjectType):
    """The identifier of a record in a public register: an IATI identifier, a registration
    number."""

    class Meta:
        container = dict

    system = graphene.String(description=_SYSTEM)
    value = graphene.ID(description=f"The identifier, at most {MAX_TEXT} characters. Required.")
    remove = graphene.Boolean(description=_REMOVE)


class KnownBy:
    """The fields of every record that is read."""

    external_refs = filled(
        ExternalRef,
        "external_refs",
        "Its keys in the systems that it came from; shown to those who may correct it.",
    )
    identifiers = filled(Identifier, "identifiers", "Its identifiers in public registers.")


class KnownByInput:
    """The fields of every record that is pushed."""

    external_refs = list_of(
        ExternalRefInput,
        description="Its keys in the systems that it comes from; one of them may stand in the "
        "place of the id: the item is then of the record that has the key, or of a new one. A key "
        f"is added, and stays until it is removed; at most {MAX_PAIRS}.",
    )
    identifiers = list_of(
        IdentifierInput,
        description="Its identifiers in public registers. One is added, and stays until it is "
        f"removed; at most {MAX_PAIRS}.",
    )


class KnownByFilter:
    """What every list of records may be narrowed to."""

    external_refs = list_of(
        ExternalRefInput, description="With one of these keys, at most 200; in your chapter."
    )
    identifiers = list_of(
        IdentifierInput,
        description="With one of these identifiers, at most 200; an organisation's `identifier` "
        "is one in any system.",
    )
    updated_since = DateTime(
        description="Changed at this moment or later. Pass the `asOf` of the first page of the "
        "list before: nothing is missed, however late it was committed, and what was changed "
        "within the minute before comes again."
    )


def ref(beside: str) -> graphene.InputField:
    """A key in the place of the id `beside`."""
    return graphene.InputField(
        ExternalRefInput, description=f"Or by a key, in the place of `{beside}`."
    )


def refs(beside: str) -> graphene.List:
    """Keys beside the ids `beside`."""
    return list_of(
        ExternalRefInput, description=f"Or by keys; with `{beside}`, the two lists together."
    )
