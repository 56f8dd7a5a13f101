"""Pages of a list: which part of it is asked for, and what the answer tells of it.

Owns the form of both on the wire. A request of any list may have

    first, after    so many items from the beginning, or from behind the cursor `after`
    last, before    so many from the end, or from before the cursor `before`
    count           true: count the whole list too, as the filter has it
    both_ends       true: look also for what lies behind the page as it was walked

and `after` and `before` together bound a range, from whose beginning `first`, from whose end `last`
is taken. The answer has `items` with a cursor for each in `cursors`, in the list's order whichever
way it was walked, `has_previous`, `has_next` and `total_count`. Where something that
belongs there is damaged and left out, its id is in `skipped`, and the cursors of the first and the
last of all are in `ends`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from shared.errors import Refused

MAX_FIRST: Final = 200
DEFAULT_FIRST: Final = 50
FIELDS: Final = frozenset({"first", "after", "last", "before", "count", "both_ends"})

S = TypeVar("S")
T = TypeVar("T")


def bounded(size: Any, *, limit: int = MAX_FIRST) -> int:
    """The asked page size. Raises Refused PAGE_SIZE (final) outside 1..limit."""
    if size is None:
        return min(DEFAULT_FIRST, limit)
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= limit:
        raise Refused("PAGE_SIZE", limit=limit)
    return size


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of a list is asked for; the form on the wire is the module's."""

    size: int = DEFAULT_FIRST
    backwards: bool = False
    after: Any = None
    before: Any = None
    count: bool = False
    both_ends: bool = False

    @classmethod
    def of(cls, request: Mapping[str, Any], *, limit: int = MAX_FIRST) -> Asked:
        """Raises Refused PAGE_SIZE, FIRST_AND_LAST (final)."""
        first, last = request.get("first"), request.get("last")
        if first is not None and last is not None:
            raise Refused("FIRST_AND_LAST", path=["last"])
        backwards = last is not None
        return cls(
            size=bounded(last if backwards else first, limit=limit),
            backwards=backwards,
            after=request.get("after"),
            before=request.get("before"),
            count=bool(request.get("count")),
            both_ends=bool(request.get("both_ends")),
        )

    @property
    def behind(self) -> Any:
        """The cursor where the walk begins: behind it lies what the walk does not meet. None where
        it begins at an end of the list, and where nobody wants to know."""
        start = self.before if self.backwards else self.after
        return start if self.both_ends else None

    def cut(
        self,
        walked: Sequence[T],
        cursor_of: Callable[[T], str],
        *,
        behind: bool = False,
        total_count: int | None = None,
    ) -> Page[T]:
        """The page of what a walk met, which is one more than `size` where there is one more.

        Args: behind: whether anything lies at the cursor where the walk began, or behind it.
        """
        items, more = list(walked[: self.size]), len(walked) > self.size
        if self.backwards:
            items.reverse()
        return Page(
            items,
            [cursor_of(each) for each in items],
            has_previous=more if self.backwards else behind,
            has_next=behind if self.backwards else more,
            total_count=total_count,
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list in the list's order, with a cursor for each item.

    `has_previous`, `has_next`: whether items stand before or behind it; at the end where the walk
    began surely only if that was asked for. `total_count`: how many the whole list has, None where
    that was not asked for or would take too long. `skipped`: the ids of items that belong there and
    cannot be shown, as what is stored of them is damaged; then `ends` has the cursors of the first
    and the last of all.
    """

    items: list[T]
    cursors: list[str]
    has_previous: bool = False
    has_next: bool = False
    total_count: int | None = None
    skipped: tuple[str, ...] = ()
    ends: tuple[str, str] | None = None

    def of(self, make: Callable[[T], S]) -> Page[S]:
        """The page of what `make` makes of each item."""
        made = [make(each) for each in self.items]
        return Page(
            made, self.cursors, self.has_previous, self.has_next, self.total_count, self.skipped,
            self.ends,
        )  # fmt: skip

    def without(self, broken: Mapping[int, str]) -> Page[T]:
        """The page without the items at these places; `broken` names them by their ids."""
        if not broken:
            return self
        kept = [n for n in range(len(self.items)) if n not in broken]
        return replace(
            self,
            items=[self.items[n] for n in kept],
            cursors=[self.cursors[n] for n in kept],
            skipped=tuple(broken.values()),
            ends=(self.cursors[0], self.cursors[-1]),
        )

    def frame(self) -> dict[str, Any]:
        """What the answer tells besides the items."""
        return {
            "cursors": self.cursors,
            "has_previous": self.has_previous,
            "has_next": self.has_next,
            "total_count": self.total_count,
            **({"skipped": self.skipped, "ends": self.ends} if self.skipped else {}),
        }

    def answer(self, show: Callable[[T], Any]) -> dict[str, Any]:
        """The answer, each item as `show` has it."""
        return {"items": [show(each) for each in self.items], **self.frame()}
