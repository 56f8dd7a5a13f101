"""Owns what would have been right in place of a value that is not: codes, fields, places.

Asked for errors alone, and looked for when the params are read: of all errors of a request, few are
told. A list that is not told as a whole ends with the question that tells it, as GraphQL spells it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property, lru_cache, wraps
from itertools import islice
from typing import Any, Final, ParamSpec

from shared.codes import LANGUAGES, code_list, list_names, places
from shared.codes.search import search

LISTED: Final = 20  # codes of a list that are told as a whole
NEAREST: Final = 3
_NEAR: Final = 0.7  # of names, as difflib measures likeness: "français" is not near "anglais"
HOMONYMS: Final = 5
_VALUE_SHOWN: Final = 80  # characters
_REMEMBERED: Final = 1024  # the same slip is often made in each row of a sheet


P = ParamSpec("P")


class _WhenRead(Mapping[str, Any]):
    def __init__(self, find: Callable[[], Mapping[str, Any]]) -> None:
        self._find = find

    @cached_property
    def _found(self) -> Mapping[str, Any]:
        return self._find()

    def __getitem__(self, name: str) -> Any:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _when_read(params: Callable[P, Mapping[str, Any]]) -> Callable[P, Mapping[str, Any]]:
    @wraps(params)
    def later(*args: P.args, **kwargs: P.kwargs) -> Mapping[str, Any]:
        return _WhenRead(lambda: params(*args, **kwargs))

    return later


@_when_read
def unknown_code(
    list_name: str, value: object, codes: Collection[str] | None = None
) -> Mapping[str, Any]:
    """The params of UNKNOWN_CODE; `codes` where the list is none of `shared.codes`."""
    shown = str(value)[:_VALUE_SHOWN]
    if codes is not None:
        possible = tuple(codes)
    elif len(code_list(list_name)) <= LISTED:
        possible = tuple(code_list(list_name))
    else:
        possible = _nearest_codes(list_name, shown.casefold())
    return {"list": list_name, "value": shown, "codes": possible}


@_when_read
def unknown_place(value: object) -> Mapping[str, Any]:
    """The params of UNKNOWN_PLACE: the homonyms of a name, each with its id."""
    shown = str(value)[:_VALUE_SHOWN]
    return {"value": shown, "places": _homonyms(shown)}


@_when_read
def unknown_field(name: object, fields: Collection[str]) -> Mapping[str, Any]:
    """The params of UNKNOWN_FIELD: the nearest field, or all of them if none is near."""
    return {"fields": get_close_matches(str(name)[:_VALUE_SHOWN], fields, 1) or list(fields)}


@_when_read
def unknown_list(name: str) -> Mapping[str, Any]:
    """The params of UNKNOWN_LIST."""
    shown = name[:_VALUE_SHOWN]
    return {"list": shown, "lists": _and_more(get_close_matches(shown, list_names()), "codeLists")}


@lru_cache(_REMEMBERED)
def _nearest_codes(list_name: str, value: str) -> tuple[str, ...]:
    """By code or by its name in any language."""
    named = _names(list_name)
    near = get_close_matches(value, named, 3 * NEAREST, _NEAR)
    codes = islice(dict.fromkeys(named[name] for name in near), NEAREST)
    return _and_more(codes, f'codes(list: "{list_name}")')


@lru_cache
def _names(list_name: str) -> Mapping[str, str]:
    codes = code_list(list_name).values()
    named = {code.labels[lang].casefold(): code.code for code in codes for lang in LANGUAGES}
    return named | {code.code: code.code for code in codes}


@lru_cache(_REMEMBERED)
def _homonyms(text: str) -> tuple[str, ...]:
    """`Nampala: ML.SEG.NIO.NAMPALA (Niono, Ségou)`, `ML.SIK.NAMPALA (Sikasso)`, …: each name once,
    each place with what it lies in below the country."""
    found = search(text)
    if not found and "." in text:  # the id of a place that lies elsewhere
        found = search(text.rpartition(".")[2])
    told, name = [], ""
    for each in found[:HOMONYMS]:
        above = [unit.name for unit in places.ancestors(each.id)[1:-1]]
        within = f" ({', '.join([each.near, *above] if each.near else above)})" if above else ""
        told.append(
            f"{each.id}{within}" if each.name == name else f"{each.name}: {each.id}{within}"
        )
        name = each.name
    return tuple(told) if 0 < len(found) <= HOMONYMS else _and_more(told, "places(search: …)")


def _and_more(told: Iterable[str], question: str) -> tuple[str, ...]:
    some = tuple(told)
    return (*some, f"… {question}") if some else (question,)
