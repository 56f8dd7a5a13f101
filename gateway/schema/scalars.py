"""Owns the scalars of this schema beyond those of GraphQL."""

from typing import Any, Final

import graphene
from graphene.types.generic import GenericScalar
from graphql import (
    BooleanValueNode,
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    StringValueNode,
    ValueNode,
    value_from_ast_untyped,
)

_SIMPLE: Final = (StringValueNode, IntValueNode, FloatValueNode, BooleanValueNode)


class Date(graphene.Scalar):
    """A calendar day, `YYYY-MM-DD`: the `full-date` of RFC 3339.

    What is sent as a day is judged where it is stored or searched for, as no bad day shall refuse
    more than its own row: in a row of a push it is a problem of that row, elsewhere an error with
    `extensions.field`, both with the code `INVALID_DATE`.
    """

    specified_by = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"

    @staticmethod
    def serialize(value: Any) -> Any:
        return _text("Date", value)

    @staticmethod
    def parse_value(value: Any) -> Any:
        return _simple("Date", value)

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> Any:
        return _literal("Date", node)


class DateTime(graphene.Scalar):
    """A moment in UTC, e.g. `2024-03-09T14:30:00.250Z`: the `date-time` of RFC 3339. One that
    is sent may have another offset, and is judged where it is searched for, as a `Date` is."""

    specified_by = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"

    @staticmethod
    def serialize(value: Any) -> Any:
        return _text("DateTime", value)

    @staticmethod
    def parse_value(value: Any) -> Any:
        return _simple("DateTime", value)

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> Any:
        return _literal("DateTime", node)


class Data(GenericScalar):
    """Any JSON value. For feed items: figures and codes only; see the contracts in `docs/`."""


def _simple(name: str, value: Any) -> Any:
    if type(value) is not str and isinstance(value, list | dict):
        raise GraphQLError(f"{name} cannot represent a list or an object")
    return value


def _literal(name: str, node: ValueNode) -> Any:
    if not isinstance(node, _SIMPLE):
        raise GraphQLError(f"{name} cannot represent a list, an object or a bare word", node)
    return value_from_ast_untyped(node)


def _text(name: str, value: Any) -> str:
    if type(value) is not str:
        raise GraphQLError(f"{name} cannot represent what is no text")
    return value
