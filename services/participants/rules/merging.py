"""Owns what becomes of what is known of people when they turn out to be one, and when that is taken
back: pure functions over contents.

Who is one with another (a loser) keeps its content as it was; what the other (the winner) lacked
is taken over from it, field by field. A loser remembers its merges, the latest last:

    {into: winner, before: the winner's version before, taken: names of the fields that it gave,
     withdrawn: whether it was, with: the loser of whose merge it followed (none: its own),
     ids: who was one with it}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from services.participants.layout import MERGED_IDS, MERGED_INTO, MERGES
from services.participants.rules.changes import CHANGES, CHANGING
from shared.records.pairs import EXTERNAL_REFS, IDENTIFIERS

Content = Mapping[str, Any]
Contents = dict[str, dict[str, Any]]
"""Person → content, as it becomes."""

TOGETHER: Final = (("birth_year", "age", "age_on"), ("disability", "washington_group"))
"""Fields that say one thing: they are taken from one record."""
LIVED: Final = (*CHANGING, CHANGES)
"""What says one thing of people in whose lives something of it has changed."""

JOINED: Final = (EXTERNAL_REFS, IDENTIFIERS)
"""Lists of what leads to a person from elsewhere: the winner has what all of them have."""

TAKEN_BACK: Final = "taken_back"
KEPT: Final = "kept"
CORRECTED: Final = "corrected"


class Said(NamedTuple):
    """What the records say of one field, and from whom the result has it; None: nobody says any of
    what goes with it."""

    field: str
    says: Mapping[str, Any]
    taken_from: str | None
    value: Any


class Outcome(NamedTuple):
    """What a separation did to a field of the winner: took it back (`TAKEN_BACK`), or left it, as
    it was changed since it was taken over (`KEPT`), or since the merge (`CORRECTED`)."""

    id: str
    field: str
    became: str


def parts(names: Iterable[str], contents: Iterable[Content]) -> list[tuple[str, ...]]:
    """The fields as they are taken: each by itself, or with those that say the same thing."""
    changed = any(CHANGES in each for each in contents)
    of = {name: part for part in (*TOGETHER, *((LIVED,) if changed else ())) for name in part}
    return list(dict.fromkeys(of.get(name, (name,)) for name in names))


def united(
    names: Sequence[str], winner: str, contents: Mapping[str, Content], take: Mapping[str, str]
) -> list[Said]:
    """What the winner says after the merge, field by field.

    Its own value, else the first that a loser has; of a consent the first that was withdrawn, which
    is the stricter. `take` chooses otherwise: field → person.
    """
    order = [winner, *(each for each in contents if each != winner)]
    found: list[Said] = []
    for part in parts(names, contents.values()):
        if part[0] in JOINED:
            found.append(_joined(part[0], order, contents))
            continue
        chosen = next((take[name] for name in part if name in take), None)
        source = chosen or _usual(part, order, contents)
        for name in part:
            says = {each: contents[each].get(name) for each in order}
            value = says[source] if source else None
            found.append(Said(name, says, source, value))
    return found


def _joined(name: str, order: Sequence[str], contents: Mapping[str, Content]) -> Said:
    says = {each: contents[each].get(name) for each in order}
    value: list[Any] = []
    for pair in (pair for each in order for pair in says[each] or ()):
        if pair not in value:
            value.append(pair)
    return Said(name, says, None, value or None)


def _usual(
    part: tuple[str, ...], order: Sequence[str], contents: Mapping[str, Content]
) -> str | None:
    if part == ("consent",):
        for each in order:
            if "withdrawn_on" in contents[each].get("consent", {}):
                return each
    return next((p for p in order if any(name in contents[p] for name in part)), None)


def merge(
    names: Sequence[str],
    winner: str,
    losers: Sequence[str],
    contents: Contents,
    version: int,
    withdrawn: Mapping[str, bool],
    take: Mapping[str, str],
) -> list[Said]:
    """Change the contents to what they are once the losers, and who is one with these, are one with
    the winner; returns field by field what each of them said.

    Args: contents: of all of them. version: the winner's. withdrawn: whether each loser is.
    """
    kept = {each: contents[each] for each in (winner, *losers)}
    said = united(names, winner, kept, take)
    before = dict(contents[winner])
    _say(contents[winner], said)
    given = {
        each: [
            name
            for part in parts(names, kept.values())
            if any(s.taken_from == each for s in said if s.field in part)
            for name in part
            if before.get(name) != contents[winner].get(name)
        ]
        for each in losers
    }
    joined: list[str] = []
    for each in losers:
        entry = {"into": winner, "before": version}
        followers: list[str] = contents[each].pop(MERGED_IDS, [])
        for other in followers:
            passed = contents[other][MERGES][-1]["taken"]
            same = [n for n in passed if contents[other].get(n) == contents[each].get(n)]
            follows = {**entry, "taken": [n for n in same if n in given[each]], "with": each}
            _join(contents[other], winner, follows)
        own = {"taken": given[each], "withdrawn": withdrawn[each], "ids": followers}
        _join(contents[each], winner, {**entry, **own})
        joined += [each, *followers]
    contents[winner][MERGED_IDS] = sorted({*contents[winner].get(MERGED_IDS, ()), *joined})
    return said


def _join(content: dict[str, Any], winner: str, entry: Mapping[str, Any]) -> None:
    content[MERGED_INTO] = winner
    content[MERGES] = [*content.get(MERGES, ()), entry]


def _say(content: dict[str, Any], said: Iterable[Said]) -> None:
    for each in said:
        if each.value is None:
            content.pop(each.field, None)
        else:
            content[each.field] = each.value


def separate(
    names: Sequence[str],
    loser: str,
    contents: Contents,
    earlier: Mapping[tuple[str, int], Content],
    stands: Callable[[str, Content], bool],
) -> tuple[bool, list[Outcome]]:
    """Change the contents to what they are once the loser stands by itself again, with those who
    were one with it; returns whether it was withdrawn before, and what became of the winner.

    Args: contents: of the loser, of who is one with the same winner, and of whoever the loser was
        one with. earlier: the versions that the loser's merges name, and those right after.
        stands: whether a person may have such a content.
    """
    entries = contents[loser].pop(MERGES)
    winner = contents[loser].pop(MERGED_INTO)
    returning = [
        each
        for each in entries[0].get("ids", ())
        if contents[each].get(MERGED_INTO) == winner
        and contents[each][MERGES][-1].get("with") == loser
    ]
    for each in returning:
        contents[each][MERGES] = contents[each][MERGES][:-1]
        contents[each][MERGED_INTO] = loser
    left = set(contents[winner].get(MERGED_IDS, ())) - {loser, *returning}
    _keep(contents[winner], MERGED_IDS, sorted(left))
    _keep(contents[loser], MERGED_IDS, sorted(returning))
    outcomes: list[Outcome] = []
    for entry in entries:
        told = list(_taken_back(names, loser, entry, contents, earlier, stands))
        told += _parted(loser, entry, contents, earlier)
        if entry["into"] == winner:
            after = earlier[winner, entry["before"] + 1]
            outcomes += told
            outcomes += _corrected(names, loser, contents[winner], after, told)
    return entries[0]["withdrawn"], outcomes


def _taken_back(
    names: Sequence[str],
    loser: str,
    entry: Mapping[str, Any],
    contents: Contents,
    earlier: Mapping[tuple[str, int], Content],
    stands: Callable[[str, Content], bool],
) -> Iterable[Outcome]:
    into = entry["into"]
    before = earlier[into, entry["before"]]
    for part in parts(names, (before, contents[into], contents[loser])):
        taken = [name for name in part if name in entry["taken"]]
        if not taken:
            continue
        then = dict(contents[into])
        for name in taken:
            _keep(then, name, before.get(name))
        as_taken = all(contents[into].get(n) == contents[loser].get(n) for n in taken)
        back = as_taken and stands(into, then)
        if back:
            contents[into] = then
        yield from (Outcome(loser, name, TAKEN_BACK if back else KEPT) for name in taken)


def _parted(
    loser: str,
    entry: Mapping[str, Any],
    contents: Contents,
    earlier: Mapping[tuple[str, int], Content],
) -> Iterable[Outcome]:
    """What leads to the loser leads to nobody else, however it came to the winner."""
    into = entry["into"]
    before = earlier[into, entry["before"]]
    for name in JOINED:
        own, had = contents[loser].get(name, ()), before.get(name, ())
        now = contents[into].get(name, ())
        left = [pair for pair in now if pair in had or pair not in own]
        if len(left) < len(now):
            _keep(contents[into], name, left)
            yield Outcome(loser, name, TAKEN_BACK)


def _corrected(
    names: Sequence[str], loser: str, now: Content, after: Content, told: Iterable[Outcome]
) -> Iterable[Outcome]:
    known = {each.field for each in told}
    for name in names:
        if name not in known and now.get(name) != after.get(name):
            yield Outcome(loser, name, CORRECTED)


def _keep(content: dict[str, Any], name: str, value: Any) -> None:
    if value in (None, []):
        content.pop(name, None)
    else:
        content[name] = value
