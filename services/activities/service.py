"""The service class of activities: hand each call on to one handler."""

from __future__ import annotations

from typing import Any

from services.activities.handlers import attendance, changes, records
from services.activities.kinds import ACTIVITY, CONCERN, ORGANISATION, PROJECT
from services.activities.store import ActivityStore
from shared.host.rpc import rpc
from shared.host.store import StoreProvider

Request = dict[str, Any]
Answer = dict[str, Any]


class ActivitiesService:
    name = "activities"

    store = StoreProvider(ActivityStore)

    @rpc
    def push_many(self, request: Request) -> Answer:
        return records.push(ACTIVITY, request, self.store)

    @rpc
    def withdraw_many(self, request: Request) -> Answer:
        return records.withdraw(ACTIVITY, request, self.store)

    @rpc
    def reinstate_many(self, request: Request) -> Answer:
        return records.reinstate(ACTIVITY, request, self.store)

    @rpc
    def push_projects(self, request: Request) -> Answer:
        return records.push(PROJECT, request, self.store)

    @rpc
    def withdraw_projects(self, request: Request) -> Answer:
        return records.withdraw(PROJECT, request, self.store)

    @rpc
    def reinstate_projects(self, request: Request) -> Answer:
        return records.reinstate(PROJECT, request, self.store)

    @rpc
    def push_organisations(self, request: Request) -> Answer:
        return records.push(ORGANISATION, request, self.store)

    @rpc
    def withdraw_organisations(self, request: Request) -> Answer:
        return records.withdraw(ORGANISATION, request, self.store)

    @rpc
    def reinstate_organisations(self, request: Request) -> Answer:
        return records.reinstate(ORGANISATION, request, self.store)

    @rpc
    def push_concerns(self, request: Request) -> Answer:
        return records.push(CONCERN, request, self.store)

    @rpc
    def withdraw_concerns(self, request: Request) -> Answer:
        return records.withdraw(CONCERN, request, self.store)

    @rpc
    def reinstate_concerns(self, request: Request) -> Answer:
        return records.reinstate(CONCERN, request, self.store)

    @rpc
    def record_attendance(self, request: Request) -> Answer:
        return attendance.record(request, self.store)

    @rpc
    def move_attendance(self, request: Request) -> Answer:
        return attendance.move(request, self.store)

    @rpc
    def get_many(self, request: Request) -> Answer:
        return records.get_many(request, self.store)

    @rpc
    def list(self, request: Request) -> Answer:
        return records.list_page(request, self.store)

    @rpc
    def attendance(self, request: Request) -> Answer:
        return attendance.page(request, self.store)

    @rpc
    def sheets(self, request: Request) -> Answer:
        return attendance.sheets_of(request, self.store)

    @rpc
    def sessions_of(self, request: Request) -> Answer:
        return attendance.sessions_of(request, self.store)

    @rpc
    def changes(self, request: Request) -> Answer:
        return changes.changes(request, self.store)
