"""The requests of the benchmark, serialised before the clock starts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import aiohttp

from bench.load import ask, body
from shared.ids import new_id

GROUPS = ("womens_group", "youth", "mining_community_member", "community_leader", "media")
POOL = 5_000  # people who attend, each many times


class Workload:
    """One chapter with a project, a pool of people, sheets for them, and small activities."""

    ATTENDANCE_REJECTED = "pushAttendance.rejected"
    ACTIVITY_REJECTED = "pushActivities.activities.rejected"

    PUSH_ATTENDANCE = """mutation($attendance: [AttendanceInput!]!, $pushId: ID!) {
      pushAttendance(attendance: $attendance, pushId: $pushId) { created rejected } }"""
    PUSH_ACTIVITIES = """mutation($input: PushActivitiesInput!) {
      pushActivities(input: $input) { activities { created rejected
        receipts { row id status version } } } }"""
    REGISTER_REJECTED = "registerParticipants.rejected"

    PUSH_PROJECTS = """mutation($items: [ProjectInput!]!, $pushId: ID!) {
      pushProjects(items: $items, pushId: $pushId) { rejected } }"""
    REGISTER = """mutation($items: [ParticipantInput!]!, $pushId: ID!) {
      registerParticipants(items: $items, pushId: $pushId) { rejected } }"""
    REPORT = """query($filter: ReportFilter) { report(filter: $filter) {
      activitiesCounted figures { personSessions { total } } } }"""
    CREATE_KEY = """mutation { createApiKey(role: chapter, chapter: "ML", label: "bench") {
      key } }"""

    def __init__(self) -> None:
        self._random = random.Random(1)
        # One project for each measurement, so that each can be read off a report of its own.
        self.sheets_project, self.small_project, self.lone_project = (new_id() for _ in range(3))
        self._people = [new_id() for _ in range(POOL)]
        self._sessions: list[str] = []

    @classmethod
    def create_key(cls) -> bytes:
        return body(cls.CREATE_KEY)

    def setup(self, *, sheets: int, rows: int) -> Iterator[bytes]:
        """The requests that must be answered before the measurement."""
        projects = [
            {"id": project, "title": {"en": "bench"}, "startsOn": "2021-01-01"}
            for project in (self.sheets_project, self.small_project, self.lone_project)
        ]
        yield body(self.PUSH_PROJECTS, items=projects, pushId=new_id())
        for start in range(0, POOL, rows):
            people = [self._person(key) for key in self._people[start : start + rows]]
            yield body(self.REGISTER, items=people, pushId=new_id())
        activities = [self._activity(self.sheets_project) for _ in range(sheets)]
        self._sessions = [activity["id"] for activity in activities]
        for start in range(0, sheets, rows):
            batch = activities[start : start + rows]
            yield body(self.PUSH_ACTIVITIES, input={"activities": batch, "pushId": new_id()})

    def sheets(self, rows: int) -> list[bytes]:
        """One sheet of `rows` people for every activity that `setup` made."""
        return [
            body(
                self.PUSH_ATTENDANCE,
                attendance=[{"sessionId": session, "rows": listed}],
                pushId=new_id(),
            )
            for session in self._sessions
            for listed in [
                [
                    {"participantId": key, "status": "present"}
                    for key in self._random.sample(self._people, rows)
                ]
            ]
        ]

    def registrations(self, batches: int, rows: int) -> tuple[list[bytes], list[bytes]]:
        """`batches` requests of `rows` new people, and as many that correct every one of them."""
        registered, corrected = [], []
        for _ in range(batches):
            people = [self._person(new_id()) for _ in range(rows)]
            registered.append(body(self.REGISTER, items=people, pushId=new_id()))
            again = [person | {"givenName": "Aïssata"} for person in people]
            corrected.append(body(self.REGISTER, items=again, pushId=new_id()))
        return registered, corrected

    def small_activities(self, count: int, project: str) -> list[bytes]:
        """`count` requests of one activity each."""
        return [
            body(
                self.PUSH_ACTIVITIES,
                input={"activities": [self._activity(project)], "pushId": new_id()},
            )
            for _ in range(count)
        ]

    async def reported(self, http: aiohttp.ClientSession, project: str) -> tuple[int, int]:
        """The activities and the person-sessions that a project's report shows."""
        payload = body(self.REPORT, filter={"projectIds": [project]})
        report = (await ask(http, payload))["report"]
        return report["activitiesCounted"], report["figures"]["personSessions"]["total"]

    def _person(self, key: str) -> dict[str, Any]:
        return {
            "id": key,
            "givenName": "Awa",
            "familyName": f"Test {key[-6:]}",
            "sex": self._random.choice(["female", "male", None]),
            "birthYear": self._random.choice([None, *range(1950, 2003)]),
            "groups": [self._random.choice(GROUPS)],
            "place": "ML.SIK.YAN.KALANA",
            "consent": {"purpose": ["programme_records"], "givenOn": "2021-06-01", "by": "self"},
        }

    def _activity(self, project: str) -> dict[str, Any]:
        month = self._random.randint(1, 12)
        return {
            "id": new_id(),
            "projectId": project,
            "type": "technical_training",
            "title": {"fr": "Formation technique"},
            "status": "held",
            "startsOn": f"2021-{month:02}-10",
            "endsOn": f"2021-{month:02}-11",
            "place": "ML.SIK.YAN.KALANA",
            "ecpf": ["natural_resource_governance"],
            "announced": {"total": 30},
        }
