"""Owns what of a person cannot all be true: each contradiction is told by the names of the fields,
never by their values.

What is certain alone is told: a year of birth leaves the day open, and an age on a day the year.
Dates are ISO 8601 text, which sorts as dates do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.participants.rules.changes import CHANGES, SINCE, changes_days
from shared.errors import Problem
from shared.records.partial import known, section, values

Content = Mapping[str, Any]

_OF_AGE: Final = 18
_TOLERANCE: Final = 1  # years between a year of birth and the one that follows from an age
_BORN: Final = ("birth_year", "age", "age_on")


def contradictions(content: Content, before: Content | None, today: str) -> Iterator[Problem]:
    """What of a person contradicts itself. Fields that are as they were `before` are not asked
    about: they were taken by the rules of their day. Nor are days in the future, a fault of their
    own."""

    def changed(*names: str) -> bool:
        return before is None or any(content.get(n) != before.get(n) for n in names)

    if _ahead(content.get("age_on"), today):
        content = {**content, "age_on": None}
    year, age, age_on = values(content, *_BORN)
    if (
        changed(*_BORN)
        and known(year, age, age_on)
        and abs(_year(age_on) - age - year) > _TOLERANCE
    ):
        yield Problem.at("age", code="AGE_CONTRADICTS_BIRTH_YEAR")
    days = changes_days(content)
    if days and changed(*_BORN, CHANGES):
        born, _ = _born(content, days[0])
        if born is not None and _year(days[0]) < born:
            at = SINCE if changed(CHANGES) else "birth_year" if known(year) else "age"
            yield Problem.at(at, code="CHANGE_BEFORE_BIRTH", since=days[0])
    given_on, by = values(section(content, "consent"), "given_on", "by")
    if not (known(given_on) and not _ahead(given_on, today) and changed(*_BORN, "consent")):
        return
    earliest, child = _born(content, given_on)
    if earliest is not None and _year(given_on) < earliest:
        yield Problem.at("consent", "given_on", code="CONSENT_BEFORE_BIRTH")
    elif child and by == "self":
        yield Problem.at("consent", "by", code="CHILD_CONSENTS_ALONE")


def _born(content: Content, day: str) -> tuple[int | None, bool]:
    """The earliest year of birth, and whether the person was a child on that day for certain. A
    year that was said outweighs an age."""
    year, age, age_on = values(content, *_BORN)
    if known(year):
        return year, _year(day) - year < _OF_AGE
    if year is None and known(age, age_on):
        # Born a day after the same day age + 1 years ago at the earliest: not of age yet on the
        # same day of the year in which that makes 17 full years.
        last = f"{_year(age_on) + _OF_AGE - 1 - age:04}{age_on[4:]}"
        return _year(age_on) - age - 1, day <= last
    return None, False


def _ahead(day: Any, today: str) -> bool:
    return known(day) and bool(day > today)


def _year(day: str) -> int:
    return int(day[:4])
