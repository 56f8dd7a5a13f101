"""Composes the schema of its domains, and puts the permission of each root field before it.

`schema()` is a graphql-core schema: types are declared with graphene, requests are executed by
`gateway.http.endpoint`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import graphene
from graphql import GraphQLObjectType, GraphQLSchema

from gateway.identity.authorisation import REQUIRES
from gateway.schema.access.keys import KeyMutations, KeyQueries
from gateway.schema.access.me import MeQueries
from gateway.schema.activities.changes import ChangeQueries
from gateway.schema.activities.mutations import ActivityMutations
from gateway.schema.activities.queries import ActivityQueries
from gateway.schema.attendance.mutations import AttendanceMutations
from gateway.schema.attendance.queries import AttendanceQueries
from gateway.schema.codes.queries import CodeQueries
from gateway.schema.parking.mutations import ParkedMutations
from gateway.schema.parking.queries import ParkedQueries
from gateway.schema.partners.mutations import PartnerMutations
from gateway.schema.partners.queries import PartnerQueries
from gateway.schema.people.mutations import ParticipantMutations
from gateway.schema.people.queries import ParticipantQueries
from gateway.schema.programme.mutations import ProgrammeMutations
from gateway.schema.programme.queries import ProgrammeQueries
from gateway.schema.reporting.queries import ReportQueries
from shared.errors import Forbidden


class Query(
    ParkedQueries,
    KeyQueries,
    PartnerQueries,
    ReportQueries,
    AttendanceQueries,
    ParticipantQueries,
    ProgrammeQueries,
    ChangeQueries,
    ActivityQueries,
    CodeQueries,
    MeQueries,
):
    """What can be asked."""


class Mutation(
    ParkedMutations,
    KeyMutations,
    PartnerMutations,
    ProgrammeMutations,
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
