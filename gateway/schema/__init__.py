"""Composes the schema of its domains, and puts the permission of each root field before it.

`schema()` is a graphql-core schema: types are declared with graphene, requests are executed by
`gateway.http.endpoint`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, cast

import graphene
from graphql import GraphQLObjectType, GraphQLScalarType, GraphQLSchema

from gateway.identity.authorisation import REQUIRES
from gateway.schema.access.keys import KeyMutations, KeyQueries
from gateway.schema.access.me import MeQueries
from gateway.schema.activities.changes import ChangeQueries
from gateway.schema.activities.history import HistoryQueries
from gateway.schema.activities.mutations import ActivityMutations
from gateway.schema.activities.queries import ActivityQueries
from gateway.schema.attendance.mutations import AttendanceMutations
from gateway.schema.attendance.queries import AttendanceQueries
from gateway.schema.codes.queries import CodeQueries
from gateway.schema.parking.mutations import ParkedMutations
from gateway.schema.parking.queries import ParkedQueries
from gateway.schema.partners.mutations import PartnerMutations
from gateway.schema.partners.queries import PartnerQueries
from gateway.schema.people.crossings import CrossingQueries
from gateway.schema.people.guests import GuestMutations, GuestQueries
from gateway.schema.people.merging import MergingMutations
from gateway.schema.people.mutations import ParticipantMutations
from gateway.schema.people.queries import ParticipantQueries
from gateway.schema.programme.concerns import ConcernMutations, ConcernQueries
from gateway.schema.programme.organisations import OrganisationMutations, OrganisationQueries
from gateway.schema.programme.places import PlaceMutations, PlaceQueries
from gateway.schema.programme.projects import ProjectMutations, ProjectQueries
from gateway.schema.reporting.queries import ReportQueries
from gateway.schema.scalars import Date, DateTime
from shared.errors import Forbidden

_DESCRIPTION: Final = """The programme's records, its figures, and the feed of what happened.

Ids are opaque; most are UUIDs that the client makes. Days are `Date`, moments `DateTime`. Of what
grows with the programme codes are told, with their labels (see `codes`); all else that is closed is
an enum.

An explicit `null` for an argument, or for a field of an input, that may be left out is the same as
leaving it out; a field of a record is emptied by its name in `clear`.

What is wrong with a row of a push, be it a value of another type than its field's, refuses that row
alone: its receipt has a code, the field and a message. So codes of all kinds are text in rows. What
is wrong elsewhere is an error with `extensions.code` and, where one is at fault,
`extensions.field`."""


class Query(
    ParkedQueries,
    KeyQueries,
    PartnerQueries,
    ReportQueries,
    AttendanceQueries,
    ParticipantQueries,
    CrossingQueries,
    GuestQueries,
    ConcernQueries,
    PlaceQueries,
    OrganisationQueries,
    ProjectQueries,
    ChangeQueries,
    HistoryQueries,
    ActivityQueries,
    CodeQueries,
    MeQueries,
):
    """What can be asked."""


class Mutation(
    ParkedMutations,
    KeyMutations,
    PartnerMutations,
    ConcernMutations,
    PlaceMutations,
    OrganisationMutations,
    ProjectMutations,
    GuestMutations,
    MergingMutations,
    ParticipantMutations,
    ActivityMutations,
    AttendanceMutations,
):
    """What can be changed. Whatever takes a client's id may be repeated without harm."""


@cache
def schema() -> GraphQLSchema:
    """The schema, made once per process.

    Raises KeyError at start: a root field has no entry in `REQUIRES`.
    """
    made: GraphQLSchema = graphene.Schema(query=Query, mutation=Mutation).graphql_schema
    for root in (made.query_type, made.mutation_type):
        if root is not None:
            _guard(root, REQUIRES)
    made.description = _DESCRIPTION
    for scalar in (Date, DateTime):
        declared = cast(GraphQLScalarType, made.type_map[scalar.__name__])
        declared.specified_by_url = scalar.specified_by
    return made


def _guard(root: GraphQLObjectType, requires: Mapping[str, frozenset[str]]) -> None:
    for name, field in root.fields.items():
        if field.resolve is not None:
            field.resolve = _guarded(name, requires[name], field.resolve)


def _guarded(name: str, roles: frozenset[str], resolve: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(root: Any, info: Any, **arguments: Any) -> Any:
        if info.context.caller.role not in roles:
            raise Forbidden(action=name)
        return resolve(root, info, **arguments)

    return guarded
