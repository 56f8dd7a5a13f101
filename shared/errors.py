"""What can go wrong, named once: the errors that cross a service's boundary, and a row's problems.

HubError                  base; `code` selects the human text in shared/messages.csv
├── Refused               the request as a whole cannot be accepted; final, nothing was written
├── NotFound              no such thing, or none that this caller may see; final
├── Forbidden             the caller's role does not allow it; final
├── Conflict              somebody else changed it first; final until the caller has read again
├── Unavailable           a database, the broker or a service cannot answer now; retry helps
├── TimedOut              no answer in time, the outcome is unknown; retry with the same ids helps
├── OutOfOrder            an event came before the one it builds on; retry helps
├── TooNew                an event of a later contract than this program reads; retry helps once
│                         the program of tomorrow runs
└── Internal              a fault of ours; details stay in the log
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, ClassVar


class HubError(Exception):
    """An error with a code that a program can act on and a person can read in three languages."""

    retryable: ClassVar[bool] = False
    default_code: ClassVar[str] = "INTERNAL"

    def __init__(self, code: str | None = None, **params: Any) -> None:
        self.code = code or self.default_code
        self.params = params
        super().__init__(self.code, params)

    def __str__(self) -> str:
        return f"{self.code} {self.params}" if self.params else self.code


class Refused(HubError):
    default_code = "REFUSED"


class NotFound(HubError):
    default_code = "NOT_FOUND"


class Forbidden(HubError):
    default_code = "FORBIDDEN"


class Conflict(HubError):
    default_code = "CONFLICT"


class Unavailable(HubError):
    retryable = True
    default_code = "UNAVAILABLE"


class TimedOut(HubError):
    retryable = True
    default_code = "TIMED_OUT"


class OutOfOrder(HubError):
    retryable = True
    default_code = "OUT_OF_ORDER"


class TooNew(HubError):
    retryable = True
    default_code = "EVENT_TOO_NEW"


class Internal(HubError):
    default_code = "INTERNAL"


BY_NAME: Mapping[str, type[HubError]] = {
    kind.__name__: kind
    for kind in (
        Refused,
        NotFound,
        Forbidden,
        Conflict,
        Unavailable,
        TimedOut,
        OutOfOrder,
        TooNew,
        Internal,
    )
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one row.

    `path` leads from the row to the field (`("sessions", 1, "on")`), in snake_case; `params` fill
    the slots of the code's text and never hold personal data.
    """

    code: str
    path: tuple[str | int, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "path": list(self.path), "params": dict(self.params)}

    @classmethod
    def at(cls, *path: str | int, code: str, **params: Any) -> Problem:
        return cls(code, path, params)


def problems_from(messages: Any, *, limit: int = 50) -> Sequence[Problem]:
    """The first of `problems_in`."""
    return list(islice(problems_in(messages), limit))


def problems_in(messages: Any, at: tuple[str | int, ...] = ()) -> Iterator[Problem]:
    """Marshmallow's nested messages (codes, or `{"code", "params"}`), flattened into problems."""
    if isinstance(messages, Mapping):
        if "code" in messages and set(messages) <= {"code", "params"}:
            yield Problem(messages["code"], at, messages.get("params", {}))
            return
        for key, value in messages.items():
            yield from problems_in(value, at if key == "_schema" else (*at, key))
    elif isinstance(messages, list | tuple):
        for value in messages:
            yield from problems_in(value, at)
    else:
        yield Problem(str(messages), at)
