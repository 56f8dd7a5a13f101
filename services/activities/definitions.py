"""Owns the table of what can be pushed: one row per record type, and all that is particular to
it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from marshmallow import Schema

from services.activities import schemas
from services.activities.rules import places, records
from services.activities.rules.records import Content, Path
from services.activities.rules.remarks import activity_remarks, project_remarks
from shared import contracts
from shared.codes import code_list
from shared.errors import Problem
from shared.record_types import RECORD_TYPES, RecordType
from shared.records import fields, known_by
from shared.records.partial import known
from shared.records.pushes import Record

Complete = Callable[[Content, Content, Content, str], Content]


@dataclass(frozen=True, slots=True)
class RecordDefinition:
    """What this service knows of one of its record types beyond the row of `shared.record_types`:
    what can be pushed of it, and by which rules it is taken, listed and told.

    complete: with what follows from it, given what is kept of the stored one, what the push named
        and the chapter's day.
    problems: what is wrong between its fields, against its content before, if any.
    remarks: what looks wrong in it and is stored all the same.
    references: field → the record type it refers to, by one id or a list of them.
    private: dotted paths that stay in this database, as does what every record is known by
        elsewhere. A field that is neither here nor in the record type's contract is no mistake that
        could pass: the service does not start.
    order: the field it is listed by, newest first (or by name).
    public: every chapter may see it and refer to it.
    searched: the fields of names by whose words it is found.
    unique: a field whose value no two of the type may share.
    has_sessions: each of its sessions has an attendance sheet.
    """

    record_type: RecordType
    schema: Schema
    order: tuple[str, int]
    problems: Callable[[Content, Content | None], Iterable[Problem]] = lambda *_: ()
    remarks: Callable[[Content], Iterable[Problem]] = lambda _: ()
    complete: Complete = lambda content, *_: content
    references: Mapping[str, str] = field(default_factory=dict)
    private: frozenset[str] = frozenset()
    public: bool = False
    searched: tuple[str, ...] = ()
    unique: str | None = None
    has_sessions: bool = False

    def __post_init__(self) -> None:
        contracts.declare(self.name, fields.paths(self.schema), self.private | known_by.PRIVATE)

    @property
    def name(self) -> str:
        """Its word in RPC and in its events."""
        return self.record_type.name

    @property
    def collection(self) -> str:
        return self.record_type.collection

    def sessions(self, record: Record) -> list[dict[str, Any]]:
        return records.sessions_of(record.id, record.content) if self.has_sessions else []

    def session_ids(self, record: Record | None) -> set[str]:
        return {identifier for _, identifier in self.session_paths(record) if known(identifier)}

    def session_paths(self, record: Record | None) -> list[tuple[Path, Any]]:
        """As `records.session_ids`."""
        if record is None or not self.has_sessions:
            return []
        return records.session_ids(record.id, record.content)

    def state(self, record: Record) -> dict[str, Any]:
        """The record as an event may tell it; what of this it carries, its contract says."""
        content = record.content
        if self.has_sessions:
            place = content["place"]
            sessions = [{"place": place, **each} for each in self.sessions(record)]
            content = {**content, "sessions": sessions}
        return {**record.standing(), **content}


@cache
def _section_of() -> Mapping[str, str]:
    return {code: row.extra["section"] for code, row in code_list("activity_type").items()}


def _activity_problems(content: Content, before: Content | None) -> Iterable[Problem]:
    return records.activity_problems(content, before, _section_of())


ACTIVITY = RecordDefinition(
    RECORD_TYPES["activity"],
    schema=schemas.Activity(),
    order=("content.starts_on", -1),
    problems=_activity_problems,
    remarks=activity_remarks,
    references={
        "project_id": "project",
        "organisation_ids": "organisation",
        "funder_ids": "organisation",
        "accountable_ids": "organisation",
        "extending_ids": "organisation",
    },
    private=frozenset(
        {
            "description",
            "venue",
            "elsewhere",
            "documents",
            "evaluation",
            "sessions.title",
            "sessions.external_refs",
            "dialogue.recommendations.text",
            "dialogue.recommendations.addressee",
            "dialogue.recommendations.follow_up",
        }
    ),
    has_sessions=True,
)
PROJECT = RecordDefinition(
    RECORD_TYPES["project"],
    schema=schemas.Project(),
    order=("content.starts_on", -1),
    problems=records.project_problems,
    references={
        "funder_ids": "organisation",
        "accountable_ids": "organisation",
        "extending_ids": "organisation",
        "implementing_ids": "organisation",
        "partner_ids": "organisation",
    },
    remarks=project_remarks,
    private=frozenset(
        {
            "description",
            "elsewhere",
            "documents",
            "indicators.description",
            "indicators.actuals.comment",
        }
    ),
)
ORGANISATION = RecordDefinition(
    RECORD_TYPES["organisation"],
    schema=schemas.Organisation(),
    order=("content.name", 1),
    public=True,
    searched=("name", "acronym", "identifier"),
    unique="identifier",
)
CONCERN = RecordDefinition(
    RECORD_TYPES["concern"],
    schema=schemas.Concern(),
    order=("content.raised_on", -1),
    problems=records.concern_problems,
    complete=records.complete_concern,
    references={"activity_id": "activity"},
    private=frozenset({"text"}),
)
PLACE = RecordDefinition(
    RECORD_TYPES["place"],
    schema=schemas.Place(),
    order=("content.name", 1),
    problems=places.place_problems,
    remarks=places.place_remarks,
    complete=places.complete_place,
    public=True,
    searched=("name", "names", "aliases"),
)
DEFINITIONS: Mapping[str, RecordDefinition] = {
    each.name: each for each in (ACTIVITY, PROJECT, ORGANISATION, CONCERN, PLACE)
}
