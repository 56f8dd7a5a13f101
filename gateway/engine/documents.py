"""Owns GraphQL documents: parsed, validated and measured once, then remembered by their text.

Parsing and validating cost about a millisecond, and clients send the same few texts all day. What
is measured keeps one request from asking for the whole database: size, depth, aliases, and cost,
the number of fields that may be answered when every page is full.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
    validate,
)

from shared.errors import Refused
from shared.store.pages import DEFAULT_FIRST

REMEMBERED: Final = 500
REMEMBERED_LENGTH: Final = 20_000  # characters; longer ones carry data inline and differ each time
MAX_TOKENS: Final = 20_000  # 500 short rows written inline; larger pushes use variables
MAX_DEPTH: Final = 15
MAX_ALIASES: Final = 50
MAX_ROOT_FIELDS: Final = 20
MAX_COST: Final = 50_000  # a page of 200 activities with all their fields and sessions is 20,000
MAX_ERRORS: Final = 5


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document: its operations by name (None: unnamed) and its fragments.

    `varies`: variables size its pages, so that each request has a cost of its own.
    """

    operations: Mapping[str | None, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]
    varies: bool

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute. Raises Refused UNKNOWN_OPERATION (final)."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        found = self.operations.get(name)
        if found is None:
            raise Refused("UNKNOWN_OPERATION", name=(name or "")[:80])
        return found


class Invalid(Exception):
    """The document does not fit the schema, or is not GraphQL; `code` says which."""

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class Documents:
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        """The document of that text. Raises Invalid; Refused QUERY_TOO_DEEP, TOO_MANY_ALIASES,
        TOO_MANY_ROOT_FIELDS, QUERY_TOO_COSTLY (final)."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        made = self._make(text)
        if len(text) <= REMEMBERED_LENGTH:
            self._known[text] = made
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return made

    def _make(self, text: str) -> Document:
        try:
            tree = parse(text, max_lexical_tokens=MAX_TOKENS)
        except GraphQLError as error:
            raise Invalid("GRAPHQL_SYNTAX", [error]) from error
        document = _arranged(tree)
        errors = validate(self._schema, tree, max_errors=MAX_ERRORS)
        if errors:
            raise Invalid("GRAPHQL_INVALID", errors[:MAX_ERRORS])
        return document


def check_cost(
    document: Document, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> None:
    """Raises Refused QUERY_TOO_COSTLY (final): too many fields, if every page is full."""
    if document.varies:
        _bound(_Measure(document.fragments, variables).of(operation.selection_set))


def _arranged(tree: DocumentNode) -> Document:
    operations: dict[str | None, OperationDefinitionNode] = {}
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in tree.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations[definition.name.value if definition.name else None] = definition
        elif isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
    measure = _Measure(fragments, None)
    for operation in operations.values():
        if len(operation.selection_set.selections) > MAX_ROOT_FIELDS:
            raise Refused("TOO_MANY_ROOT_FIELDS", limit=MAX_ROOT_FIELDS)
        _bound(measure.of(operation.selection_set))
    return Document(operations, fragments, measure.varies)


def _bound(size: _Size) -> None:
    if size.depth > MAX_DEPTH:
        raise Refused("QUERY_TOO_DEEP", limit=MAX_DEPTH)
    if size.aliases > MAX_ALIASES:
        raise Refused("TOO_MANY_ALIASES", limit=MAX_ALIASES)
    if size.cost > MAX_COST:
        raise Refused("QUERY_TOO_COSTLY", limit=MAX_COST)


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0
    cost: int = 0


class _Measure:
    """Measures selections; each fragment once, however often it is spread.

    Where the variables are not known yet (None), a page that one of them sizes counts as empty;
    `varies` tells that there was one.
    """

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any] | None,
    ) -> None:
        self._fragments = fragments
        self._variables = variables
        self._sizes: dict[str, _Size] = {}
        self.varies = False

    def of(self, selections: SelectionSetNode) -> _Size:
        depth = aliases = cost = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                size = self._field(selection)
            elif isinstance(selection, FragmentSpreadNode):
                size = self._fragment(selection.name.value)
            else:
                size = self.of(selection.selection_set)  # type: ignore[attr-defined]
            depth = max(depth, size.depth)
            aliases += size.aliases
            cost += size.cost
        return _Size(depth, aliases, cost)

    def _field(self, field: FieldNode) -> _Size:
        aliases = 0 if field.alias is None else 1
        if field.selection_set is None or field.name.value.startswith("__"):
            return _Size(1, aliases, 1)  # introspection has limits of its own, by validation
        inner = self.of(field.selection_set)
        return _Size(
            inner.depth + 1, inner.aliases + aliases, 1 + inner.cost * self._repetitions(field)
        )

    def _fragment(self, name: str) -> _Size:
        if name not in self._sizes:
            self._sizes[name] = _Size()  # a cycle, or an unknown name: validation will refuse it
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._sizes[name] = self.of(fragment.selection_set)
        return self._sizes[name]

    def _repetitions(self, field: FieldNode) -> int:
        """How many items the field may page: only connections take `first`."""
        for argument in field.arguments:
            if argument.name.value == "first":
                value = argument.value
                if isinstance(value, IntValueNode):
                    # Python refuses to read more than 4300 digits.
                    return int(value.value[: len(str(MAX_COST)) + 1])
                if isinstance(value, VariableNode):
                    self.varies = True
                    if self._variables is None:
                        return 0
                    given = self._variables.get(value.name.value)
                    return DEFAULT_FIRST if given is None else int(given)
        assert field.selection_set is not None  # noqa: S101 - the caller looked
        paged = any(
            isinstance(each, FieldNode) and each.name.value in ("nodes", "edges")
            for each in field.selection_set.selections
        )
        return DEFAULT_FIRST if paged else 1
