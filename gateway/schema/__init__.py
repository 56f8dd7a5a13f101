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
from gateway.schema.activities import ActivityMutations, ActivityQueries
from gateway.schema.attendance import AttendanceMutations, AttendanceQueries
from gateway.schema.codes import CodeQueries
from gateway.schema.keys import KeyMutations, KeyQueries
from gateway.schema.me import MeQueries
from gateway.schema.notifications import NotificationMutations, NotificationQueries
from gateway.schema.parked import ParkedMutations, ParkedQueries
from gateway.schema.participants import ParticipantMutations, ParticipantQueries
from gateway.schema.programme import ProgrammeMutations, ProgrammeQueries
from gateway.schema.reporting import ReportQueries
from shared.errors import Forbidden


class Query(
    ParkedQueries,
    KeyQueries,
    NotificationQueries,
    ReportQueries,
    AttendanceQueries,
    ParticipantQueries,
    ProgrammeQueries,
    ActivityQueries,
    CodeQueries,
    MeQueries,
):
    """What can be asked."""


class Mutation(
    ParkedMutations,
    KeyMutations,
    NotificationMutations,
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
