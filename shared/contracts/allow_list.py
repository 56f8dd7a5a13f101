"""From a contract to what an event may carry: the contract as an allow-list, at run time.

Owns the reading of the schemas of `shared.contracts.parts`; other JSON Schema it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from shared.contracts.parts import Schema
from shared.errors import Internal

Data = dict[str, Any]
Picker = Callable[[Any], Any]

_SCALARS: Final = (str, int, float, bool, type(None))
_PLAIN: Final = frozenset(_SCALARS)


class ContractBroken(Internal):
    """A value has another shape than its contract says: a fault of ours, nothing was written.

    Its text names the type and the place, never the value.
    """


class Contracts:
    """What events of each type may carry, by short type and version.

    Args: readers: of a type, the versions that its consumers read; an event is recorded in the
        latest version that each of them can read, and in every version where nobody is named.
    Raises: LookupError: a consumer reads a version older than all that there are.
    """

    def __init__(
        self,
        schemas: Mapping[str, Mapping[int, Schema]],
        readers: Mapping[str, Collection[int]] = MappingProxyType({}),
    ) -> None:
        self._pickers = {
            kind: {version: picker(schema, kind) for version, schema in sorted(versions.items())}
            for kind, versions in schemas.items()
        }
        self._recorded = {
            kind: _recorded(kind, versions, readers.get(kind, versions))
            for kind, versions in schemas.items()
        }

    def versions(self, event_type: str) -> tuple[int, ...]:
        """In which an event of the type is recorded, the oldest first."""
        return self._recorded.get(event_type, ())

    def allowed(self, event_type: str, data: Data) -> dict[int, Data]:
        """By version of the type, the oldest first, as much of `data` as its contract names, at
        every depth: in each version in which the event is recorded.

        Raises: ContractBroken (final): the type has no contract, or a value is not of its shape.
        """
        if event_type not in self._pickers:
            raise ContractBroken(type=event_type, where="no contract")
        pickers = self._pickers[event_type]
        return {version: pickers[version](data) for version in self._recorded[event_type]}

    def allowed_versions(self, event_type: str, said: Callable[[int], Data]) -> dict[int, Data]:
        """As `allowed`, where versions use one name for two things: `said` tells the data in one
        version's words."""
        return {
            version: self.allowed_in_version(event_type, version, said(version))
            for version in self.versions(event_type)
        }

    def allowed_in_version(self, event_type: str, version: int, data: Data) -> Data:
        """What of an event's data its contract names in this version. Raises as `allowed`."""
        try:
            pick = self._pickers[event_type][version]
        except KeyError:
            raise ContractBroken(type=event_type, version=version, where="no contract") from None
        picked: Data = pick(data)
        return picked


def _recorded(kind: str, versions: Collection[int], readers: Collection[int]) -> tuple[int, ...]:
    try:
        return tuple(sorted({max(each for each in versions if each <= n) for n in readers}))
    except ValueError:
        raise LookupError(f"{kind}: read in version {min(readers)}, which nothing says") from None


def picker(schema: Schema, at: str) -> Picker:
    """A function that takes from a value what the schema names; `at` is its place, for errors."""
    if "anyOf" in schema:  # the schema, or null
        given = picker(schema["anyOf"][0], at)
        return lambda value: None if value is None else given(value)
    match schema["type"]:
        case "object":
            pick = _object(schema["properties"], at)
            patterns = schema.get("patternProperties")
            return _with_patterns(pick, patterns, at) if patterns else pick
        case "array":
            return _array(picker(schema["items"], f"{at}[]"), at)
    return _scalar(at)


def names(schema: Schema, at: str = "") -> Iterator[str]:
    """The dotted paths that a schema names, positions in lists left out, each before its parts."""
    if "anyOf" in schema:
        yield from names(schema["anyOf"][0], at)
    elif schema["type"] == "array":
        yield from names(schema["items"], at)
    elif schema["type"] == "object":
        for name, part in schema["properties"].items():
            path = f"{at}.{name}" if at else name
            yield path
            yield from names(part, path)


def _object(schemas: Mapping[str, Schema], at: str) -> Picker:
    parts = {name: picker(schema, f"{at}.{name}") for name, schema in schemas.items()}
    flat = {name for name, schema in schemas.items() if _is_scalar(schema)}
    known = parts.keys()

    def pick(value: Any) -> Any:
        if type(value) is dict and value.keys() <= flat:  # as each row of a sheet is
            if _PLAIN.issuperset(map(type, value.values())):
                return value
        elif not isinstance(value, Mapping):
            raise ContractBroken(where=at)
        return {name: parts[name](part) for name, part in value.items() if name in known}

    return pick


def _with_patterns(pick_named: Picker, patterns: Mapping[str, Schema], at: str) -> Picker:
    """As `pick_named`, with what is under a name that one of the patterns matches as a whole."""
    parts = [(re.compile(pattern), picker(schema, at)) for pattern, schema in patterns.items()]

    def pick(value: Any) -> Any:
        picked = {}
        if isinstance(value, Mapping):
            for name, part in value.items():
                inner = next((take for known, take in parts if known.fullmatch(name)), None)
                if inner is not None:
                    picked[name] = inner(part)
        return {**pick_named(value), **picked}

    return pick


def _array(pick_item: Picker, at: str) -> Picker:
    def pick(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ContractBroken(where=at)
        return [pick_item(item) for item in value]

    return pick


def _scalar(at: str) -> Picker:
    def pick(value: Any) -> Any:
        if not isinstance(value, _SCALARS):
            raise ContractBroken(where=at)
        return value

    return pick


def _is_scalar(schema: Schema) -> bool:
    return schema.get("type") not in ("object", "array", None)
