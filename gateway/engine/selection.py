"""Owns what a field's selection tells before it is resolved: that something below it is asked for,
and must be had from a service, or is not, and need not be."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import collect_sub_fields


def selects(info: Any, *path: str) -> bool:
    """Whether the field that `path` leads to, from the field that is being resolved, is asked for:
    under whatever alias, in whatever fragment, and not skipped.

    Every step but the last is a field of an object type; a field that there is none of is not
    asked for.
    """
    kind, nodes = get_named_type(info.return_type), info.field_nodes
    for name in path:
        if not isinstance(kind, GraphQLObjectType) or name not in kind.fields:
            return False
        selected = collect_sub_fields(
            info.schema, info.fragments, info.variable_values, kind, nodes
        )
        nodes = [node for each in selected.values() for node in each if node.name.value == name]
        if not nodes:
            return False
        kind = get_named_type(kind.fields[name].type)
    return True
