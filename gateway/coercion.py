"""Owns the way of variables into resolvers, by a plan made once per input type.

graphql-core walks type and value together and keeps the path of each step for a possible error: for
500 rows that takes longer than all else the gateway does. Here each input type becomes one closure
that only builds the value. Where it finds anything amiss it gives up, and graphql-core coerces the
same value again to say exactly what is wrong, and where. So the fast way never has to explain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, Final, cast

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    is_input_type,
    type_from_ast,
    value_from_ast,
)
from graphql.execution.values import get_variable_values

Coerce = Callable[[Any], Any]
MAX_ERRORS: Final = 10  # told of one request; a client that sends more has one cause to look for


class _NotPlain(Exception):
    """The value is not plainly right."""


def coerce_variables(
    schema: GraphQLSchema,
    definitions: Collection[VariableDefinitionNode],
    given: Mapping[str, Any],
) -> dict[str, Any] | list[GraphQLError]:
    """The variables as resolvers get them, or what is wrong with them."""
    try:
        return _plainly(schema, definitions, given)
    except (_NotPlain, GraphQLError, RecursionError):
        return get_variable_values(schema, definitions, dict(given), max_errors=MAX_ERRORS)


def _plainly(
    schema: GraphQLSchema,
    definitions: Collection[VariableDefinitionNode],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for definition in definitions:
        named = type_from_ast(schema, definition.type)
        if not is_input_type(named):
            raise _NotPlain
        kind = cast(GraphQLInputType, named)
        name = definition.variable.name.value
        if name in given:
            values[name] = _plan(kind)(given[name])
        elif definition.default_value is not None:
            values[name] = value_from_ast(definition.default_value, kind)
        elif isinstance(kind, GraphQLNonNull):
            raise _NotPlain
    return values


@cache  # by identity: a schema has a few hundred input types, and lists of them
def _named_plan(kind: GraphQLInputType) -> Coerce:
    if isinstance(kind, GraphQLInputObjectType):
        return _object(kind)
    if kind is GraphQLString:
        return _text
    if isinstance(kind, GraphQLEnumType):
        return _nullable(kind.parse_value)
    parse: Coerce = kind.parse_value  # type: ignore[union-attr]  # all that is left are scalars
    return _nullable(parse)


def _plan(kind: GraphQLInputType) -> Coerce:
    if isinstance(kind, GraphQLNonNull):
        return _required(_plan(kind.of_type))
    if isinstance(kind, GraphQLList):
        return _list(_plan(kind.of_type))
    return _named_plan(kind)


def _text(value: Any) -> Any:
    if value is None or type(value) is str:
        return value
    raise _NotPlain


def _nullable(parse: Coerce) -> Coerce:
    def coerce(value: Any) -> Any:
        return None if value is None else parse(value)

    return coerce


def _required(inner: Coerce) -> Coerce:
    def coerce(value: Any) -> Any:
        if value is None:
            raise _NotPlain
        return inner(value)

    return coerce


def _list(item: Coerce) -> Coerce:
    def coerce(value: Any) -> Any:
        if type(value) is list:
            return [item(each) for each in value]
        return None if value is None else [item(value)]

    return coerce


def _object(kind: GraphQLInputObjectType) -> Coerce:
    plans: dict[str, tuple[str, Coerce]] = {}
    defaults: dict[str, Any] = {}
    required: set[str] = set()

    def prepare() -> None:
        """On first use, as input types may contain themselves."""
        for name, field in kind.fields.items():
            plans[name] = (field.out_name or name, _plan(field.type))
            if field.default_value is not Undefined:
                defaults[field.out_name or name] = field.default_value
            elif isinstance(field.type, GraphQLNonNull):
                required.add(name)

    def coerce(value: Any) -> Any:
        if not plans:
            prepare()
        if type(value) is not dict:
            if value is None:
                return None
            raise _NotPlain
        coerced = defaults.copy()
        try:
            for name, each in value.items():
                out_name, plan = plans[name]
                coerced[out_name] = plan(each)
        except KeyError as unknown:
            raise _NotPlain from unknown
        if required and not required <= value.keys():
            raise _NotPlain
        return coerced

    return coerce
