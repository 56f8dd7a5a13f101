"""Chapters and a partner at a hub: who works while faults happen, and whose books are compared."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from pymongo import MongoClient

from shared.ids import new_id
from tests.e2e.client import Client
from tests.faults.accounting import Account, account, settled
from tests.faults.chapters import Answers, Chapter
from tests.faults.cluster import Hub
from tests.receiver import Received, Receiver, Reply

CREATE_WEBHOOK = """mutation($id: ID!, $url: String!) {
  createWebhook(id: $id, url: $url, from: "beginning") { secret } }"""


class World:
    """Opened on a ready hub: a partner who takes webhooks, and the chapters that join."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.answers = Answers()
        self.parked = 0  # what the tests themselves have put into the parking lots
        self.receiver = Receiver()
        # A partner turns away what it cannot verify, as one whose sender's clock is wrong.
        self.receiver.answer = self._take
        self.arrived: dict[str, float] = {}  # when a partner first heard of it, by subject
        self.chapters: list[Chapter] = []
        self._readers: list[Client] = []
        self._admin = Client(hub.url, hub.admin_key)
        partner = Client(hub.url, self._admin.key("partner"))
        made = partner.ask(CREATE_WEBHOOK, id=new_id(), url=self.receiver.url)
        self.receiver.secrets = [made["secret"]]

    def join(self, country: str, seed: int, **habits: Any) -> Chapter:
        """A chapter that has begun: one for each country."""
        key = self._admin.key("chapter", country)
        chapter = Chapter(self.hub.url, key, seed, self.answers, **habits)
        self.chapters.append(chapter)
        self._readers.append(Client(self.hub.url, key))
        chapter.begin()
        return chapter

    def __enter__(self) -> Self:
        self.receiver.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.receiver.__exit__(kind, error, trace)

    def reader(self, chapter: Chapter) -> Client:
        """A client that reads with the chapter's key."""
        return self._readers[self.chapters.index(chapter)]

    def _take(self, taken: Received) -> Reply:
        if taken.genuine:
            self.arrived.setdefault(taken.event["subject"], time.monotonic())
        return Reply(204 if taken.genuine else 401)

    @property
    def rows(self) -> int:
        """Attendance rows accepted so far."""
        return sum(chapter.ledger.rows for chapter in self.chapters)

    def account(self, *, deadline_s: float = 120.0) -> Account:
        """Wait until everything has arrived, and compare the books."""
        with self.hub.client() as client:
            took_s = settled(client, self.receiver, deadline_s)
            found = self.compare(client)
        found.counted["settled after ms"] = round(took_s * 1000)
        return found

    def compare(self, client: MongoClient[dict[str, Any]]) -> Account:
        """Compare the books as they are now."""
        pairs = list(zip(self.chapters, self._readers, strict=True))
        return account(
            client, self.hub.url, self.hub.admin_key, pairs, self.receiver, parked=self.parked
        )
