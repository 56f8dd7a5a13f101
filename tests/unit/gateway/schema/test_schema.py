"""The schema as a whole: who may ask for what, and that everything says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    is_specified_scalar_type,
)

from gateway.identity.authorisation import REQUIRES
from gateway.schema import generate, schema
from shared.caller import ROLES, Caller
from shared.errors import Forbidden
from tests.gateway_fakes import FakeServices, context


def root_fields() -> dict[str, Any]:
    made = schema()
    assert made.query_type is not None
    assert made.mutation_type is not None
    return {**made.query_type.fields, **made.mutation_type.fields}


EVERYONE = "me codes codeLists place places gazetteer"
FEED = "feed"
PROGRAMME = """
    activity activities pushActivities withdrawActivities reinstateActivities restoreActivities
    project projects pushProjects withdrawProjects reinstateProjects restoreProjects
    organisation organisations pushOrganisations withdrawOrganisations reinstateOrganisations
    restoreOrganisations
    concern concerns pushConcerns withdrawConcerns reinstateConcerns restoreConcerns
    pushedPlace pushedPlaces pushPlaces withdrawPlaces reinstatePlaces restorePlaces
    participant participants registerParticipants withdrawParticipants reinstateParticipants
    restoreParticipants possibleDuplicates nominations nominateParticipants
    restoreNominations
    notDuplicates takeBackNotDuplicates mergeParticipants separateParticipants
    guests inviteParticipants withdrawGuests
    attendance attendanceHistory pushAttendance moveAttendance restoreAttendance
    changes history compare
    report coverage gaps concernSummary outputs
"""
WEBHOOKS = """
    webhooks webhookAttempts
    createWebhook updateWebhook deleteWebhook rotateWebhookSecret resendWebhook
"""
OPERATORS = """
    apiKeys createApiKey revokeApiKey
    parked parkedCounts parkedEvent retryParked discardParked
"""
MAY = {
    "chapter": EVERYONE + " " + FEED + PROGRAMME,
    "secretariat": EVERYONE + " " + FEED + PROGRAMME + " crossChapterLikenesses",
    "partner": EVERYONE + " " + FEED + WEBHOOKS,
    "operator": EVERYONE + " " + FEED + WEBHOOKS + OPERATORS,
}
"""Pinned here, and derived from nothing: a role that may more, or less, is a decision."""


def test_every_root_field_has_its_roles() -> None:
    assert root_fields().keys() == REQUIRES.keys()
    assert MAY.keys() == set(ROLES)
    for role, fields in MAY.items():
        assert {name for name, roles in REQUIRES.items() if role in roles} == set(fields.split())


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_refused_every_field_that_is_not_its_own(role: str) -> None:
    services = FakeServices()
    chapter = "ML" if role == "chapter" else None
    info = type("Info", (), {"context": context(services, Caller(role, chapter, "k"))})()
    foreign = root_fields().keys() - set(MAY[role].split())
    for name in foreign:
        with pytest.raises(Forbidden):
            root_fields()[name].resolve(None, info)
    assert services.calls == []


@pytest.mark.parametrize("role", ["operator", "partner"])
def test_operators_and_partners_reach_nothing_that_shows_people(role: str) -> None:
    people = ("participant", "participants", "nominations", "attendance", "possibleDuplicates",
              "notDuplicates", "takeBackNotDuplicates", "guests", "inviteParticipants")  # fmt: skip
    assert all(role not in REQUIRES[name] for name in people)
    assert role not in REQUIRES["pushActivities"]


def undescribed() -> Iterator[str]:
    for name, kind in schema().type_map.items():
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        if not kind.description:
            yield name
        if isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{each}" for each, v in kind.values.items() if not v.description)
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                if not field.description:
                    yield f"{name}.{field_name}"
                for argument, given in getattr(field, "args", {}).items():
                    if not given.description:
                        yield f"{name}.{field_name}({argument})"


def test_every_mutation_can_be_repeated_under_its_push_id() -> None:
    writes = schema().mutation_type
    assert writes is not None
    without = {name for name, field in writes.fields.items() if "pushId" not in field.args}
    assert without == {"pushActivities"}  # whose input has it
    taken = writes.fields["pushActivities"].args["input"].type
    assert "pushId" in taken.of_type.fields


def test_everything_in_the_schema_is_described() -> None:
    assert list(undescribed()) == []


def test_the_checked_in_schema_is_fresh() -> None:
    assert generate.main(["--check"]) == 0


def test_a_stale_schema_file_is_found(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "schema.graphql"
    stale.write_text("type Query { nothing: Int }\n")
    monkeypatch.setattr(generate, "TARGET", stale)
    assert generate.main(["--check"]) == 1
