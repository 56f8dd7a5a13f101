"""What events say: each producer's module holds JSON Schemas (draft 2020-12) of its `data`.

A contract only grows: consumers ignore what they do not know. A break is a new version of the type,
emitted beside the old one. `CONTRACTS` of a module maps the short type to its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

Schema = Mapping[str, Any]


def by_producer() -> dict[str, Mapping[str, Schema]]:
    """Producer → short type → schema, both sorted.

    Raises: ValueError if two producers claim the same type.
    """
    producers: dict[str, Mapping[str, Schema]] = {}
    owners: dict[str, str] = {}
    for name in sorted(module.name for module in iter_modules(__path__)):
        if name == "generate":  # the generator, which imports what is not there in production
            continue
        contracts: Mapping[str, Schema] = import_module(f"{__name__}.{name}").CONTRACTS
        for kind in contracts:
            if kind in owners:
                raise ValueError(f"{kind} is claimed by {owners[kind]} and by {name}")
            owners[kind] = name
        producers[name] = dict(sorted(contracts.items()))
    return producers


def all_contracts() -> dict[str, Schema]:
    """Short type → schema, of all producers."""
    return {kind: schema for types in by_producer().values() for kind, schema in types.items()}
