"""Owns the way of results out to the client: graphql-core's execution, with a straight road for
long lists of plain data.

graphql-core calls a resolver for every field of every item, with a fresh description of where it
stands. A push of 500 rows is answered by 500 receipts that are plain dicts already: for such lists
the selection is turned once into a plan, and each item into its answer by one pass over the plan.
Only types whose selected fields have no resolver of their own go that way; and where a value is not
plainly of its type, the list is completed by graphql-core, which knows how to report it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import CoroutineType
from typing import Any, Final

from graphene.types.resolver import dict_or_attr_resolver
from graphql import (
    ExecutionContext,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.execute import CollectedErrors
from graphql.pyutils import Path
from graphql.type import GraphQLBoolean, GraphQLInt, GraphQLScalarType

Complete = Callable[[Any], Any]
SHORT: Final = 4  # a list up to this length is done before a plan for it would be made


class _NotPlain(Exception):
    """The value, or the type, needs graphql-core's care."""


async def execute(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: dict[str, Any],
    context: Any,
) -> ExecutionResult:
    """The result of a validated operation with coerced variables. Raises nothing of resolvers':
    what they raise is in the result's errors."""
    execution = _Execution(
        schema,
        dict(fragments),
        None,
        context,
        operation,
        variables,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        CollectedErrors(),
        None,
        None,
    )
    collected = execution.collected_errors
    data: dict[str, Any] | None = None
    try:
        result: Any = execution.execute_operation(operation, None)
        data = await result if execution.is_awaitable(result) else result
    except GraphQLError as error:  # from a field that may not be null
        collected.add(error, None)
    return execution.build_response(data, collected.errors)


class _Execution(ExecutionContext):
    @staticmethod
    def is_awaitable(value: Any) -> bool:
        """Asked for every single value; all our resolvers are plain or `async def`."""
        return type(value) is CoroutineType

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_nodes: list[FieldNode],
        info: GraphQLResolveInfo,
        path: Path,
        result: Any,
    ) -> Any:
        if type(result) is list and len(result) > SHORT:
            try:
                complete = self._plan(return_type.of_type, field_nodes)
                return [complete(item) for item in result]
            except (_NotPlain, GraphQLError):
                pass
        return super().complete_list_value(return_type, field_nodes, info, path, result)

    def _plan(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Complete:
        """Raises _NotPlain: a field has a resolver of its own, or an argument."""
        if isinstance(kind, GraphQLNonNull):
            return _required(self._plan(kind.of_type, nodes))
        if isinstance(kind, GraphQLList):
            return _list(self._plan(kind.of_type, nodes))
        if isinstance(kind, GraphQLObjectType):
            return self._object(kind, nodes)
        return _leaf(kind)

    def _object(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Complete:
        parts: list[tuple[str, str, Complete]] = []
        constants: dict[str, Any] = {}
        for response_name, fields in self.collect_subfields(kind, nodes).items():
            name = fields[0].name.value
            if name == "__typename":
                constants[response_name] = kind.name
                continue
            field = kind.fields[name]
            resolve = field.resolve
            plain = isinstance(resolve, partial) and resolve.func is dict_or_attr_resolver
            if not plain or field.args:
                raise _NotPlain
            parts.append((response_name, resolve.args[0], self._plan(field.type, fields)))

        def complete(value: Any) -> Any:
            if type(value) is not dict:
                if value is None:
                    return None
                raise _NotPlain
            get = value.get
            return constants | {
                response_name: inner(get(attribute)) for response_name, attribute, inner in parts
            }

        return complete


def _required(inner: Complete) -> Complete:
    def complete(value: Any) -> Any:
        completed = inner(value)
        if completed is None:
            raise _NotPlain
        return completed

    return complete


def _list(item: Complete) -> Complete:
    def complete(value: Any) -> Any:
        if type(value) is list:
            return [item(each) for each in value] if value else []
        if value is None:
            return None
        raise _NotPlain

    return complete


def _leaf(kind: GraphQLOutputType) -> Complete:
    """Values that are of the type already; others are graphql-core's."""
    if isinstance(kind, GraphQLEnumType):
        names = frozenset(kind.values)
        return lambda value: value if value is None else _known(names, value)
    if kind is GraphQLInt:
        return _small
    for scalar, python_type in _PLAIN:
        if kind is scalar:
            return _typed(python_type)
    if not isinstance(kind, GraphQLScalarType):
        raise _NotPlain  # an interface or a union
    serialize = kind.serialize
    return lambda value: None if value is None else serialize(value)


_PLAIN: Final = ((GraphQLString, str), (GraphQLID, str), (GraphQLBoolean, bool))


def _typed(python_type: type) -> Complete:
    def complete(value: Any) -> Any:
        if value is None or type(value) is python_type:
            return value
        raise _NotPlain

    return complete


def _small(value: Any) -> Any:
    if value is None or (type(value) is int and -(2**31) <= value < 2**31):
        return value
    raise _NotPlain


def _known(names: frozenset[str], value: Any) -> Any:
    if type(value) is str and value in names:
        return value
    raise _NotPlain
