"""Owns the shape of what comes in, a person and a nomination, and of what goes out.

`required` speaks of the stored record: a first push must give the field, a later one may leave it.
No error of a field that holds a personal value repeats that value.
"""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import Schema, validate

from services.participants.layout import (
    GUEST_IN,
    GUEST_OF,
    MERGED_IDS,
    MERGED_INTO,
    MERGES,
)
from services.participants.rules import phones
from services.participants.rules.changes import CHANGES, CHANGING, SINCE, stretches
from services.participants.rules.person import WASHINGTON_DOMAINS, facts
from shared.ids import IDS_ASKED
from shared.records import fields as f
from shared.records.by_day import ByDay
from shared.records.filters import Listed
from shared.records.known_by import KnownElsewhere
from shared.records.pushes import Record

# One @ between a local part and a dotted domain: whether the mailbox exists, only a mail can tell.
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_OLDEST = 120


class Phone(f.Text):
    """A phone number, with its country (+223 …) or as it is dialled within the chapter's."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        phone = phones.cleaned(super()._deserialize(value, *args, **kwargs))
        if phone is None:
            raise f.fail(phones.INVALID)
        return phone


class Email(f.Text):
    """A mail address, in lower case."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        address = super()._deserialize(value, *args, **kwargs).lower()
        if not _EMAIL.fullmatch(address):
            raise f.fail("INVALID_EMAIL")
        return address


class Consent(f.RowSchema):
    """What the person, or a guardian, agreed to; without it nobody is registered."""

    purpose = f.codes(
        "consent_purpose", required=True, validate=validate.Length(min=1, error="REQUIRED")
    )
    given_on = f.Day(required=True)
    by = f.Code("consent_giver")
    withdrawn_on = f.Day()


WashingtonGroup = f.RowSchema.from_dict(
    {domain: f.Whole(1, 4) for domain in WASHINGTON_DOMAINS}, name="WashingtonGroup"
)
"""The short set's six questions; 1 no difficulty … 4 cannot do at all."""


class Person(KnownElsewhere):
    given_name = f.Text(100)
    family_name = f.Text(100)
    phone = Phone(40)
    email = Email(200)
    external_ref = f.Text(100)
    sex = f.Code("sex")
    birth_year = f.BirthYear()
    age = f.Whole(0, _OLDEST)
    age_on = f.Day()
    groups = f.codes("stakeholder_group")
    disability = f.Code("disability_status")
    washington_group = f.Section(WashingtonGroup)
    place = f.PlaceId()
    organisation_id = f.Id()
    language = f.Code("language")
    consent = f.Section(Consent, required=True)
    since = f.Day()
    life_changes = ByDay(lambda: Changing())


Changing: type[Schema] = f.RowSchema.from_dict(
    {name: Person._declared_fields[name] for name in CHANGING}, name="Changing"
)
"""What of a person may be said to be true from a day on."""


class Nomination(KnownElsewhere):
    participant_id = f.Id(required=True)
    activity_id = f.Id()
    project_id = f.Id()
    proposer_group = f.Code("stakeholder_group", required=True)
    proposed_on = f.Day()
    status = f.Code("nomination_status")
    reason = f.Text(500)


class PersonFilter(Listed):
    """What a list of people may be narrowed to; `text` holds words of names. `places` are several
    that are one, where `place` is the one asked for."""

    text = f.Text(200)
    phone = Phone(40)
    email = Email(200)
    sex = f.Code("sex")
    group = f.Code("stakeholder_group")
    place = f.PlaceId()
    places = f.Many(f.PlaceId())
    organisation_id = f.Id()
    chapter = f.Code("country")
    withdrawn = f.Truth()
    ids = f.Many(f.Id(), limit=IDS_ASKED)


class NominationFilter(Listed):
    ids = f.Many(f.Id(), limit=IDS_ASKED)
    activity_id = f.Id()
    project_id = f.Id()
    status = f.Code("nomination_status")
    participant_id = f.Id()


PERSON = Person()
PERSON_FILTER = PersonFilter()
NOMINATION_FILTER = NominationFilter()
NOMINATION = Nomination()


REASON: Final = "status_reason"
"""Why a person was withdrawn, reinstated or restored last; part of the content, but not pushed."""
RESTORED: Final = "restored"
"""Likewise {"version": the one that was brought back last, "in": the version that this made}."""


UNITED: Final = (MERGED_INTO, MERGED_IDS, MERGES, GUEST_IN, GUEST_OF)
"""Likewise with whom a person is one, and how that came to be (`rules.merging`)."""


def said(record: Record) -> dict[str, Any]:
    """The content of a person as far as it was pushed."""
    content = record.content
    return {name: content[name] for name in content if name not in (REASON, RESTORED, *UNITED)}


def phone_of(content: Any, chapter: str) -> str | None:
    """A person's phone number as E.164 writes it."""
    phone = content.get("phone")
    return phone and phones.e164(phone, chapter)


def person_view(record: Record) -> dict[str, Any]:
    """A person as the service answers it: what was said, and the facts that follow from it."""
    content = {name: record.content.get(name) for name in (*PERSON.fields, REASON)}
    content |= {"phone": phone_of(record.content, record.chapter), CHANGES: changes_of(record)}
    del content[SINCE]
    one_with = {
        MERGED_INTO: record.content.get(MERGED_INTO),
        MERGED_IDS: record.content.get(MERGED_IDS, []),
    }
    return {**record.frame(), **content, **one_with, **facts(record.content)}


def guest_view(record: Record) -> dict[str, Any]:
    """A guest as those see it who may see the person; `chapter` is the one it was given to."""
    content = record.content
    return {
        **record.frame(),
        "participant_id": content.get(MERGED_INTO) or content[GUEST_OF],
        "home": record.chapter,
        "chapter": content[GUEST_IN],
        REASON: content.get(REASON),
    }


def changes_of(record: Record) -> list[dict[str, Any]]:
    """What was true of a person before the first change (`since` None) and from each one on;
    `named`: the fields of which that day says something."""
    return [
        {
            "since": each.since,
            "named": list(each.said),
            **{name: each.content.get(name) for name in CHANGING},
            "groups": each.content.get("groups", []),
            "disability": facts(each.content)["disability"],
        }
        for each in stretches(record.content)
    ]


def nomination_view(record: Record) -> dict[str, Any]:
    return {**record.frame(), **{name: record.content.get(name) for name in NOMINATION.fields}}
