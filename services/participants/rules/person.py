"""Owns what is known of a person and what follows from it: pure functions over plain content.

A content keeps what was said (an age on a day, the answers to six questions); the facts that
people are counted by are computed from it. Dates are ISO 8601 text, which sorts as dates do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.participants.layout import GUEST_IN, GUEST_OF, MERGED_IDS, MERGED_INTO
from services.participants.rules import phones
from services.participants.rules.changes import ahead, stretches
from services.participants.rules.contradictions import contradictions
from shared.errors import Problem
from shared.records.partial import WRONG, known, section, values

Content = Mapping[str, Any]

OPEN: Final = frozenset(
    {"sex", "groups", "place", "organisation_id", MERGED_INTO, MERGED_IDS, GUEST_IN, GUEST_OF}
)
"""Everything that may lie in the database in the clear, because a list is filtered by it, or leads
from one id of a person to another. Whatever else a person's content holds, today or in a later
version, is sealed."""

OPEN_NOMINATION: Final = frozenset(
    {"participant_id", "activity_id", "project_id", "proposer_group", "proposed_on", "status"}
)
"""The same for a nomination; its reason speaks of a person."""

DISABLING_LEVEL: Final = 3
"""The cut-off of the Washington Group's short set: "a lot of difficulty" in one domain or more."""
WASHINGTON_DOMAINS: Final = (
    "seeing",
    "hearing",
    "walking",
    "remembering",
    "self_care",
    "communicating",
)

DECISIONS: Final = frozenset({"selected", "not_selected", "withdrawn"})
PROPOSED: Final = "proposed"
WITHDRAWN: Final = "withdrawn"
FIXED: Final = ("participant_id", "activity_id", "project_id")


def facts(content: Content) -> dict[str, Any]:
    """What a person is counted by; None where it is not known.

    An exact birth year outweighs an age on a day, and conclusive Washington Group answers outweigh
    a plain statement on disability.
    """
    year = content.get("birth_year")
    estimated = year is None and "age" in content and "age_on" in content
    if estimated:
        year = int(content["age_on"][:4]) - content["age"]
    return {
        "sex": content.get("sex"),
        "birth_year": year,
        "birth_year_estimated": estimated,
        "groups": list(content.get("groups", ())),
        "disability": _disability(content),
        "place": content.get("place"),
    }


def history(content: Content) -> list[dict[str, Any]]:
    """By what a person was counted before the first change (`since` None), and from each on."""
    told = ("groups", "disability", "place")
    counted = ((each.since, facts(each.content)) for each in stretches(content))
    return [{"since": since, **{name: known[name] for name in told}} for since, known in counted]


def person_problems(
    content: Content, before: Content | None, chapter: str, today: str
) -> Iterator[Problem]:
    """What is wrong between a person's fields; no problem repeats a personal value.

    Args: before: what was stored, None for a new person: what of it was taken by the rules of its
        day keeps no correction of something else out. chapter: "" where it is not known.
    """
    if not content.get("given_name") and not content.get("family_name"):
        yield Problem.at("family_name", code="NAME_REQUIRED")
    if ("age" in content) is not ("age_on" in content):
        yield Problem.at("age" if "age_on" in content else "age_on", code="REQUIRED")
    consent = section(content, "consent")
    given_on, withdrawn_on = values(consent, "given_on", "withdrawn_on")
    days: dict[tuple[str, ...], Any] = {
        ("age_on",): content.get("age_on"),
        ("consent", "given_on"): given_on,
    }
    for path, day in days.items():
        if known(day) and day > today:
            yield Problem.at(*path, code="IN_FUTURE", value=day, latest=today)
    yield from ahead(content, before, today)
    if known(given_on, withdrawn_on) and withdrawn_on < given_on:
        yield Problem.at("consent", "withdrawn_on", code="CONSENT_ENDS_BEFORE_IT_BEGINS")
    yield from contradictions(content, before, today)
    phone: Any = content.get("phone")
    new = known(phone) and phone != (before or {}).get("phone")
    if new and chapter and (code := phones.fault(phone, chapter)):
        yield Problem.at("phone", code=code)


def person_remarks(content: Content) -> Iterator[Problem]:
    """What looks wrong in a person who is stored all the same; of no personal value."""
    stated = content.get("disability")
    if stated is not None and stated != _disability(content):
        yield Problem.at("disability", code="ANSWERS_OUTWEIGH_DISABILITY")


def nomination_problems(content: Content, before: Content | None) -> Iterator[Problem]:
    """What is wrong between a nomination's fields."""
    if ("activity_id" in content) is ("project_id" in content):
        yield Problem.at("activity_id", code="ACTIVITY_OR_PROJECT")
    if content["status"] in DECISIONS and "reason" not in content:
        yield Problem.at("reason", code="REQUIRED")
    if before is None:
        return
    for name in FIXED:
        if content.get(name) is not WRONG and before.get(name) != content.get(name):
            yield Problem.at(name, code="CANNOT_CHANGE")


def complete_nomination(content: Content, kept: Content, given: Content, _: str) -> Content:
    """A nomination is proposed until it says more; a reason belongs to the status it came with."""
    whole = {"status": PROPOSED, **content}
    if whole["status"] != kept.get("status") and "reason" not in given:
        whole.pop("reason", None)
    return whole


def target(content: Content) -> str | None:
    """The activity or project that a nomination is for."""
    return content.get("activity_id") or content.get("project_id")


def standing(content: Content) -> tuple[str, str] | None:
    """Who is nominated for what, once at a time; None if that is not known, or withdrawn."""
    person, status = values(content, "participant_id", "status")
    wanted = [content[name] for name in ("activity_id", "project_id") if name in content]
    if len(wanted) != 1 or not known(person, status, *wanted) or status == WITHDRAWN:
        return None
    return str(person), wanted[0]


def name_words(*names: str | None) -> frozenset[str]:
    """The words of names as they are compared: no case, no accents, no order, hyphens parted."""
    return frozenset(_words(*names))


def joined_words(*names: str | None) -> frozenset[str]:
    """The same, a single letter joined to the word behind it: N Diaye is N’Diaye and NDiaye."""
    joined: list[str] = []
    for word in _words(*names):
        if joined and len(joined[-1]) == 1:
            joined[-1] += word
        else:
            joined.append(word)
    return frozenset(joined)


def _words(*names: str | None) -> list[str]:
    text = unicodedata.normalize("NFKD", " ".join(name for name in names if name))
    bare = "".join(c for c in text if not unicodedata.combining(c) and c not in "'’ʼ`.")
    return "".join(c if c.isalnum() else " " for c in bare).casefold().split()


def _disability(content: Content) -> str | None:
    answers: Mapping[str, int] = content.get("washington_group", {})
    if any(level >= DISABLING_LEVEL for level in answers.values()):
        return "with"
    if all(domain in answers for domain in WASHINGTON_DOMAINS):
        return "without"
    return content.get("disability")
