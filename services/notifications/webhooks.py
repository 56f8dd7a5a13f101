"""Ties the sender to the life of the process, and hands the service what endpoints need."""

from __future__ import annotations

from services.notifications.sealing import Sealer
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.posting import Poster
from services.notifications.transports.sender import Sender
from shared.codes.pcodes import pcodes
from shared.config import Environment
from shared.host.component import Component
from shared.host.store import store_of


class Webhooks(Component):
    """Hands over itself: `sealer`, `allow_private` and `wake()`.

    Reads FOSCAO_WEBHOOK_KEY_FILE (32 bytes in base64) and WEBHOOK_ALLOW_PRIVATE (1: also http and
    addresses that are not public, for one machine and for tests).
    """

    sealer: Sealer
    allow_private: bool
    _sender: Sender

    def setup(self) -> None:
        """Raises: ConfigError: the key is missing or no key; there is no file of P-codes where one
        is named."""
        pcodes()
        environment = Environment()
        self.sealer = Sealer.from_file(environment.path("FOSCAO_WEBHOOK_KEY_FILE"))
        self.allow_private = environment.flag("WEBHOOK_ALLOW_PRIVATE")

    def start(self) -> None:
        store = store_of(self.container, NotificationStore)
        self._sender = Sender(store, Poster(allow_private=self.allow_private), self.sealer)
        self._sender.start()

    def stop(self) -> None:
        self._sender.stop()

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._sender.wake()

    def ready(self) -> bool:
        """Whether the sender's loop runs."""
        return self._sender.alive()
