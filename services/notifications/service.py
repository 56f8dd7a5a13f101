"""The service class of notifications: hand on to one handler, and wake the sender."""

from __future__ import annotations

from services.notifications.handlers import endpoints, feed
from services.notifications.store.feed import NotificationStore
from services.notifications.webhooks import Webhooks
from shared.events import Event
from shared.host.on_events import on_events
from shared.host.parking import ParkingService
from shared.host.rpc import rpc
from shared.host.store import StoreProvider
from shared.subscriptions import PATTERNS
from shared.types import Answer, Request


class NotificationsService(ParkingService):
    name = "notifications"

    store = StoreProvider(NotificationStore)
    webhooks = Webhooks()

    @on_events(*PATTERNS["notifications"])
    def on_events(self, events: list[Event]) -> list[Event]:
        early = feed.record_events(events, self.store)
        self.webhooks.wake()
        return early

    @rpc
    def feed(self, request: Request) -> Answer:
        return feed.read_feed(request, self.store)

    @rpc
    def create_endpoint(self, request: Request) -> Answer:
        answer = endpoints.create_endpoint(
            request,
            self.store,
            self.webhooks.sealer,
            allow_private=self.webhooks.allow_private,
        )
        self.webhooks.wake()
        return answer

    @rpc
    def update_endpoint(self, request: Request) -> Answer:
        answer = endpoints.update_endpoint(
            request, self.store, allow_private=self.webhooks.allow_private
        )
        self.webhooks.wake()
        return answer

    @rpc
    def delete_endpoint(self, request: Request) -> Answer:
        return endpoints.delete_endpoint(request, self.store)

    @rpc
    def revoke_owners(self, request: Request) -> Answer:
        return endpoints.revoke_owners(request, self.store)

    @rpc
    def rotate_secret(self, request: Request) -> Answer:
        return endpoints.rotate_secret(request, self.store, self.webhooks.sealer)

    @rpc
    def list_endpoints(self, request: Request) -> Answer:
        return endpoints.list_endpoints(request, self.store)

    @rpc
    def attempts(self, request: Request) -> Answer:
        return endpoints.list_attempts(request, self.store)

    @rpc
    def resend(self, request: Request) -> Answer:
        answer = endpoints.resend(request, self.store)
        self.webhooks.wake()
        return answer
