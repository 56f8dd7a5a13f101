"""Owns GraphQL documents: parsed, priced and validated once, then remembered by their text.

Parsing and validating cost about a millisecond, and clients send the same few texts all day. The
price (`gateway.engine.price`) keeps one request from asking for the whole database.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)

from gateway.engine.coercion import without_nulls
from gateway.engine.price import Pricing, lists_of
from shared.errors import Refused

REMEMBERED: Final = 500
REMEMBERED_LENGTH: Final = 20_000  # characters; longer ones carry data inline and differ each time
MAX_TOKENS: Final = 20_000  # 500 short rows written inline; larger pushes use variables
MAX_ERRORS: Final = 5

Operations = Mapping[str | None, OperationDefinitionNode]
Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A valid document: its operations by name (None: unnamed) and its fragments.

    `varies`: variables size its lists, so that each request has a price of its own.
    """

    operations: Operations
    fragments: Fragments
    varies: bool

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute. Raises Refused UNKNOWN_OPERATION (final)."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        found = self.operations.get(name)
        if found is None:
            names = [str(each)[:80] for each in self.operations if each is not None][:20]
            raise Refused("UNKNOWN_OPERATION", name=(name or "")[:80], names=names or ["–"])
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
        self._lists = lists_of(schema)
        self._known: OrderedDict[str, ParsedDocument] = OrderedDict()

    def get(self, text: str) -> ParsedDocument:
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

    def _make(self, text: str) -> ParsedDocument:
        try:
            tree = parse(text, max_lexical_tokens=MAX_TOKENS)
        except GraphQLError as error:
            raise Invalid("GRAPHQL_SYNTAX", [error]) from error
        operations, fragments = _arranged(tree)
        # Before validation, which goes over fragments as often as they are spread, too.
        pricing = Pricing(self._schema, self._lists, fragments)
        for operation in operations.values():
            pricing.price(operation)
        pricing.check_unused()
        errors = validate(self._schema, tree, max_errors=MAX_ERRORS)
        if errors:
            raise Invalid("GRAPHQL_INVALID", errors[:MAX_ERRORS])
        if "null" in text:
            without_nulls(tree)
        return ParsedDocument(operations, fragments, pricing.varies)

    def check_price(
        self,
        document: ParsedDocument,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        """Price the operation anew if the variables, coerced, size its pages. Raises Refused
        QUERY_TOO_COSTLY (final)."""
        if document.varies:
            Pricing(self._schema, self._lists, document.fragments, variables).price(operation)


def _arranged(tree: DocumentNode) -> tuple[Operations, Fragments]:
    operations: dict[str | None, OperationDefinitionNode] = {}
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in tree.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations[definition.name.value if definition.name else None] = definition
        elif isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
    return operations, fragments
