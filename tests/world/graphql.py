"""What chapters push, as the API takes it: the items of `tests.world.items`, in GraphQL's names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.world import items

Item = dict[str, Any]


def project(**said: Any) -> Item:
    return _said(items.project(), said)


def activity(project_id: str, /, **said: Any) -> Item:
    return _said(items.activity(project_id, status="held"), said)


def session(**said: Any) -> Item:
    return _said(items.session(), said)


def person(**said: Any) -> Item:
    return _said(items.person(), said)


def nomination(participant_id: str, /, **said: Any) -> Item:
    return _said(items.nomination(participant_id), said)


def sheet(session_id: str, people: Iterable[str]) -> Item:
    item: Item = camel(items.sheet(session_id, *people))
    return item


def camel(value: Any) -> Any:
    """Names and the names within, as GraphQL spells them."""
    if isinstance(value, dict):
        return {_spelt(name): camel(each) for name, each in value.items()}
    return [camel(each) for each in value] if isinstance(value, list) else value


def _said(item: Item, said: Item) -> Item:
    merged = {**camel(item), **said}
    return {name: value for name, value in merged.items() if value is not None}


def _spelt(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
