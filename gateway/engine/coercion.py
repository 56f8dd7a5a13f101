"""Owns the way of variables into resolvers, by a plan made once per input type.

graphql-core walks type and value together and keeps the path of each step for a possible error: for
500 rows that takes longer than all else the gateway does. Here each input type becomes one closure
that only builds the value. Where it finds anything amiss it gives up, and the value is coerced once
more with patience: a value of the wrong type *within a row* (`"birthYear": "1990"`) is passed on,
so that the service which owns the row rejects that row alone, with a code and the field, and stores
its neighbours. Whatever else is wrong (an unknown field, a row that is none) refuses the request,
and graphql-core says what it is, and where. So the fast way never has to explain.

An explicit null is the same as nothing given, wherever nothing need be given: no resolver, and no
service, ever sees one. `without_nulls` does for a document's text what the plans do for variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar, cast

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    Undefined,
    VariableDefinitionNode,
    Visitor,
    get_named_type,
    is_input_type,
    type_from_ast,
    value_from_ast,
    visit,
)
from graphql.execution.values import get_variable_values

Coerce = Callable[[Any], Any]
MAX_ERRORS: Final = 10  # told of one request; a client that sends more has one cause to look for


class _NotPlain(Exception):
    """The value is not plainly right."""


class _WrongType(_NotPlain):
    """The value is of another type than its place."""


class _Patience(Enum):
    """With what a plan puts up."""

    NONE = "nothing"
    ROWS = "wrong types within the objects of a list"
    VALUES = "wrong types"


_NO_SUCH: Final = " does not exist in "  # of an enum
_AT: Final = re.compile(r" at '([\w.\[\]]+)'$")


def coerce_variables(
    schema: GraphQLSchema,
    definitions: Collection[VariableDefinitionNode],
    given: Mapping[str, Any],
) -> dict[str, Any] | list[GraphQLError]:
    """The variables as resolvers get them, or what is wrong with them.

    No error repeats a value, as it may be somebody's name or number. `extensions.field` of an error
    leads to the value, from the variable's name on.
    """
    for patience in (_Patience.NONE, _Patience.ROWS):
        try:
            return _plainly(schema, definitions, given, patience)
        except (_NotPlain, GraphQLError, RecursionError):
            continue
    values = get_variable_values(schema, definitions, dict(given), max_errors=MAX_ERRORS)
    return [_without_value(error) for error in values] if isinstance(values, list) else values


def without_nulls(tree: DocumentNode) -> None:
    """Take the nulls out of a valid document: what is left means the same."""
    visit(tree, _NULLS_OUT)


class _NullsOut(Visitor):
    def enter_field(self, node: FieldNode, *_: Any) -> None:
        node.arguments = _given(node.arguments)

    def enter_object_value(self, node: ObjectValueNode, *_: Any) -> None:
        node.fields = _given(node.fields)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        if isinstance(node.default_value, NullValueNode):
            node.default_value = None


_NULLS_OUT: Final = _NullsOut()
Part = TypeVar("Part", ArgumentNode, ObjectFieldNode)


def _given(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(each for each in parts if not isinstance(each.value, NullValueNode))


def _without_value(error: GraphQLError) -> GraphQLError:
    """The error as graphql-core words it, but for the value."""
    cause = error.original_error
    if not isinstance(cause, GraphQLError):
        return error
    reason = cause.message
    place = _AT.search(error.message.removesuffix(f"; {reason}"))
    variable = error.message.split("'", 2)[1].removeprefix("$")
    field = place[1] if place else variable
    if " cannot represent " in reason:
        reason = reason.partition(": ")[0]
    if _NO_SUCH in reason:
        reason = f"Value{_NO_SUCH}{reason.rpartition(_NO_SUCH)[2]}"
    return GraphQLError(f"{field}: {reason}", error.nodes, extensions={"field": field})


def _plainly(
    schema: GraphQLSchema,
    definitions: Collection[VariableDefinitionNode],
    given: Mapping[str, Any],
    patience: _Patience,
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for definition in definitions:
        named = type_from_ast(schema, definition.type)
        if not is_input_type(named):
            raise _NotPlain
        kind = cast(GraphQLInputType, named)
        name = definition.variable.name.value
        value = given.get(name)
        if value is not None:
            values[name] = _plan(kind, patience)(value)
        elif definition.default_value is not None and name not in given:
            values[name] = value_from_ast(definition.default_value, kind)
        elif isinstance(kind, GraphQLNonNull):
            raise _NotPlain
    return values


@cache  # by identity: a schema has a few hundred input types, and lists of them
def _named_plan(kind: GraphQLInputType, patience: _Patience) -> Coerce:
    if isinstance(kind, GraphQLInputObjectType):
        return _object(kind, patience)
    if kind is GraphQLString:
        return _text
    if kind is GraphQLID:
        return _identifier
    parse: Coerce = kind.parse_value  # type: ignore[union-attr]  # all that is left are leaves
    return parse


def _plan(kind: GraphQLInputType, patience: _Patience) -> Coerce:
    """The plan for a value that is not null: whoever holds the value looks at that."""
    if isinstance(kind, GraphQLNonNull):
        return _plan(kind.of_type, patience)
    if isinstance(kind, GraphQLList):
        if patience is _Patience.VALUES:
            return _list(_kept(_item(kind.of_type, patience)))
        rows = patience is _Patience.ROWS and isinstance(
            get_named_type(kind), GraphQLInputObjectType
        )
        return _list(_item(kind.of_type, _Patience.VALUES if rows else patience))
    return _named_plan(kind, patience)


def _item(kind: GraphQLInputType, patience: _Patience) -> Coerce:
    """The plan for an item of a list, which may be null."""
    inner, may_be_null = _plan(kind, patience), not isinstance(kind, GraphQLNonNull)

    def coerce(value: Any) -> Any:
        if value is not None:
            return inner(value)
        if may_be_null:
            return None
        raise _WrongType

    return coerce


def _kept(coerce: Coerce) -> Coerce:
    """Where the value is of another type it is passed on, for its service to reject: emptied if it
    has parts, as its type is all that this takes, and what is in it has no limits of its own."""

    def attempt(value: Any) -> Any:
        try:
            return coerce(value)
        except (_WrongType, GraphQLError):
            return type(value)() if type(value) in (dict, list) else value

    return attempt


def _text(value: Any) -> Any:
    if type(value) is str:
        return value
    raise _WrongType


def _identifier(value: Any) -> Any:
    return value if type(value) is str else GraphQLID.parse_value(value)


def _list(item: Coerce) -> Coerce:
    def coerce(value: Any) -> Any:
        if type(value) is list:
            return [item(each) for each in value]
        return [item(value)]

    return coerce


def _object(kind: GraphQLInputObjectType, patience: _Patience) -> Coerce:
    plans: dict[str, tuple[str, Coerce]] = {}
    defaults: dict[str, Any] = {}
    required: set[str] = set()

    def prepare() -> None:
        """On first use, as input types may contain themselves."""
        for name, field in kind.fields.items():
            if patience is not _Patience.VALUES:
                plan = _plan(field.type, patience)
            elif isinstance(field.type, GraphQLNonNull):  # the rows of a sheet
                plan = _plan(field.type, _Patience.ROWS)
            else:
                plan = _kept(_plan(field.type, patience))
            plans[name] = (field.out_name or name, plan)
            if field.default_value is not Undefined:
                defaults[field.out_name or name] = field.default_value
            elif isinstance(field.type, GraphQLNonNull):
                required.add(name)

    def coerce(value: Any) -> Any:
        if not plans:
            prepare()
        if type(value) is not dict:
            raise _WrongType
        coerced = defaults.copy()
        try:
            for name, each in value.items():
                out_name, plan = plans[name]
                if each is not None:
                    coerced[out_name] = plan(each)
                elif name in required:
                    raise _NotPlain
        except KeyError as unknown:
            raise _NotPlain from unknown
        if required and not required <= value.keys():
            raise _NotPlain
        return coerced

    return coerce
