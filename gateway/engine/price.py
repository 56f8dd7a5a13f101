"""Owns the price of a query: how many fields may be answered if every list is as long as it can be.

The price is known before anything is asked of a service. A page counts with its `first` or `last`,
any other list with the most it can hold (`gateway.engine.lengths`). Fields count whatever `@skip`
and `@include` say of them, and each time they are selected. Introspection is no exception: what
stands below `__schema` and `__type` is counted out on the schema itself, so it costs what it
answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Final

from graphql import (
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    StringValueNode,
    TypeMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_list_type,
)

from gateway.engine.lengths import CELLS, MAX_LENGTHS, PAGES, cells
from shared.errors import Refused
from shared.paging import DEFAULT_FIRST

MAX_DEPTH: Final = 15  # fields within fields; below `__schema` the price alone counts
MAX_LEVELS: Final = 50  # the same, with fragments as levels of their own, below `__schema` as well
MAX_STEPS: Final = 5_000  # selections of a document, a fragment's wherever it is spread
MAX_ALIASES: Final = 50
MAX_ROOT_FIELDS: Final = 20
# A push of 500 people, activities and rows that tells ten problems of each, in full, is 160,000.
MAX_COST: Final = 250_000

Variables = Mapping[str, Any]
Lists = Mapping[tuple[str, str], int | None]


def lists_of(schema: GraphQLSchema) -> Lists:
    """The lists by type and field, each with the most it can hold; None: that depends on arguments.

    Raises KeyError: the schema has a list that `gateway.engine.lengths` does not know.
    """
    return {
        (kind.name, name): _longest(f"{kind.name}.{name}", field)
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not is_introspection_type(kind)
        for name, field in kind.fields.items()
        if is_list_type(get_nullable_type(field.type))
    }


def _longest(place: str, field: GraphQLField) -> int | None:
    pages = "first" in field.args or place.partition(".")[2] in PAGES
    return None if pages or place == CELLS else MAX_LENGTHS[place]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a selection stands: how often it is answered, and what fields above say of its lists.

    `kind` is None where the document does not fit the schema. `elements` are the parts of the
    schema that are described there, None outside of introspection.
    """

    kind: GraphQLObjectType | None
    times: int = 1
    page: int = DEFAULT_FIRST
    cells: int = 1
    elements: Sequence[Any] | None = None
    depth: int = 0
    level: int = 0


class Pricing:
    """The pricing of one document; raises Refused (final) once the document is beyond a limit.

    Where the variables are not known yet (None), what they size counts as one; `varies` tells that
    there was such a thing, so that the price is to be had again with each request.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        lists: Lists,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Variables | None = None,
    ) -> None:
        self._schema = schema
        self._lists = lists
        self._fragments = fragments
        self._variables = variables
        self._info = SimpleNamespace(schema=schema)  # all that resolvers of introspection ask for
        self._open: set[str] = set()  # fragments in which the walk stands
        self._met: set[str] = set()
        self._steps = self._cost = self._aliases = self._roots = 0
        self.varies = False

    def price(self, operation: OperationDefinitionNode) -> int:
        """The fields that the operation may answer at most.

        Raises Refused QUERY_TOO_COSTLY, QUERY_TOO_DEEP, TOO_MANY_ALIASES, TOO_MANY_ROOT_FIELDS
        (final).
        """
        self._cost = self._aliases = self._roots = 0
        root = self._schema.get_root_type(operation.operation)
        self._walk(operation.selection_set, _Place(root))
        return self._cost

    def check_unused(self) -> None:
        """Walk the fragments that no operation priced so far has spread, as validation will too.
        Raises Refused as `price` does."""
        for name, fragment in self._fragments.items():
            if name not in self._met:
                self._cost = self._aliases = self._roots = 0
                self._spread(name, fragment, _Place(None))

    def _walk(self, selections: SelectionSetNode, place: _Place) -> None:
        if place.level > MAX_LEVELS:
            raise Refused("QUERY_TOO_DEEP", limit=MAX_LEVELS)
        for selection in selections.selections:
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise Refused("QUERY_TOO_COSTLY", limit=MAX_STEPS)
            if isinstance(selection, FieldNode):
                self._field(selection, place)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name in self._fragments and name not in self._open:  # validation tells of both
                    self._spread(name, self._fragments[name], place)
            elif isinstance(selection, InlineFragmentNode):
                self._inside(selection, place)

    def _spread(self, name: str, fragment: FragmentDefinitionNode, place: _Place) -> None:
        self._met.add(name)
        self._open.add(name)
        self._inside(fragment, place)
        self._open.remove(name)

    def _inside(self, part: InlineFragmentNode | FragmentDefinitionNode, place: _Place) -> None:
        condition = part.type_condition
        kind = self._schema.get_type(condition.name.value) if condition else place.kind
        on = kind if isinstance(kind, GraphQLObjectType) else None
        self._walk(part.selection_set, replace(place, kind=on, level=place.level + 1))

    def _field(self, node: FieldNode, place: _Place) -> None:
        self._pay(max(place.times, 1))
        if node.alias is not None:
            self._aliases += 1
            if self._aliases > MAX_ALIASES:
                raise Refused("TOO_MANY_ALIASES", limit=MAX_ALIASES)
        if place.depth == 0:
            self._roots += 1
            if self._roots > MAX_ROOT_FIELDS:
                raise Refused("TOO_MANY_ROOT_FIELDS", limit=MAX_ROOT_FIELDS)
        depth = place.depth + 1
        if depth > MAX_DEPTH and place.elements is None:
            raise Refused("QUERY_TOO_DEEP", limit=MAX_DEPTH)
        below = self._below(node, replace(place, depth=depth, level=place.level + 1))
        if node.selection_set is not None:
            self._walk(node.selection_set, below)
        elif below.times > place.times:  # a list of texts or numbers
            self._pay(below.times)

    def _pay(self, fields: int) -> None:
        self._cost += fields
        if self._cost > MAX_COST:
            raise Refused("QUERY_TOO_COSTLY", limit=MAX_COST)

    def _below(self, node: FieldNode, place: _Place) -> _Place:
        """Where the selections of a field stand."""
        name = node.name.value
        if name == "__schema":
            return self._described(place, SchemaMetaFieldDef, [self._schema])
        if name == "__type":
            return self._described(place, TypeMetaFieldDef, self._type_asked(node))
        field = place.kind.fields.get(name) if place.kind else None
        if place.kind is None or field is None:
            return replace(place, kind=None)
        if place.elements is not None:
            if node.selection_set is None:
                return place
            return self._described(place, field, self._described_by(field, place.elements))
        page, crossed = place.page, place.cells
        if "first" in field.args:
            page = self._page(_argument(node, "first"), _argument(node, "last"))
        if "by" in field.args:
            crossed = cells(self._dimensions(_argument(node, "by")))
        times = place.times
        if (place.kind.name, name) in self._lists:
            longest = self._lists[place.kind.name, name]
            if longest is None:
                longest = crossed if f"{place.kind.name}.{name}" == CELLS else page
            times *= longest
        kind = get_named_type(field.type)
        on = kind if isinstance(kind, GraphQLObjectType) else None
        return replace(place, kind=on, times=times, page=page, cells=crossed)

    def _described(self, place: _Place, field: GraphQLField, elements: Sequence[Any]) -> _Place:
        kind = get_named_type(field.type)
        on = kind if isinstance(kind, GraphQLObjectType) else None
        return replace(place, kind=on, times=len(elements), elements=elements)

    def _described_by(self, field: GraphQLField, elements: Sequence[Any]) -> Sequence[Any]:
        """What the field of introspection leads to from all of these."""
        found: list[Any] = []
        every = {"includeDeprecated": True} if field.args else {}
        kind: Any = field.type
        several = is_list_type(get_nullable_type(kind))
        resolve: Any = field.resolve
        for element in elements:
            value = resolve(element, self._info, **every)
            if value is not None:
                found += value if several else [value]
            if len(found) > MAX_COST:
                raise Refused("QUERY_TOO_COSTLY", limit=MAX_COST)
        return found

    def _type_asked(self, node: FieldNode) -> Sequence[Any]:
        given = self._value(_argument(node, "name"))
        found = self._schema.get_type(given) if isinstance(given, str) else None
        return [] if found is None else [found]

    def _page(self, *asked: ValueNode | None) -> int:
        """How many items the page may hold by its `first` or `last`; one beyond what is allowed is
        refused by its owner, and so are both together."""
        sizes = [self._value(each) for each in asked]
        if self._variables is None and any(isinstance(each, VariableNode) for each in asked):
            return 1
        return max((max(each, 1) for each in sizes if isinstance(each, int)), default=DEFAULT_FIRST)

    def _dimensions(self, asked: ValueNode | None) -> list[str]:
        given = self._value(asked)
        several = given if isinstance(given, list) else [given]
        return [str(getattr(each, "value", each)).lower() for each in several]

    def _value(self, asked: ValueNode | None) -> Any:
        """An argument's value as far as prices depend on it; None: it is not given, or no such."""
        match asked:
            case VariableNode():
                self.varies = True
                return (self._variables or {}).get(asked.name.value)
            case IntValueNode():
                return int(asked.value[: len(str(MAX_COST)) + 1])  # Python reads no 4300 digits
            case EnumValueNode() | StringValueNode():
                return asked.value
            case ListValueNode():
                return [self._value(each) for each in asked.values]
        return None


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((each.value for each in node.arguments if each.name.value == name), None)
