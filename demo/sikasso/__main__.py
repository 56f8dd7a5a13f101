"""Push the programme over HTTP with a chapter's key, wait for the report, show it and the feed.

Needs HUB_URL and HUB_ADMIN_KEY. A second run pushes the same again and changes nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from demo.hub import Hub, HubRefused
from demo.sikasso import documents, programme
from demo.sikasso.receiver import Receiver
from demo.sikasso.report import Printed
from shared.ids import new_id

T = TypeVar("T")
DEADLINE_S = 60.0
FILTER = {"chapters": [programme.CHAPTER]}


def main() -> int:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=110)  # a log has no width of its own
    home = Path(os.environ.get("FOSCAO_HOME", ".local"))
    try:
        url, admin_key = os.environ["HUB_URL"], os.environ["HUB_ADMIN_KEY"]
    except KeyError as missing:
        console.print(f"{missing} is not set; `make demo` sets it, or read it from .local/hub.env")
        return 2
    try:
        return Demo(
            url, Hub(url, admin_key), Keys(home / "secrets" / "demo.json"), Printed(console)
        ).run()
    except HubRefused as refused:
        console.print(f"[red]The hub refused: {refused}[/red]")
        return 1


class Keys:
    """The keys that the first run made, kept for the next ones in a file only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._kept:
            self._kept[name] = make()
            self._path.touch(mode=0o600)
            self._path.write_text(json.dumps(self._kept))
        return self._kept[name]


class Demo:
    """One run; `run` returns the exit code."""

    def __init__(self, url: str, admin: Hub, keys: Keys, printed: Printed) -> None:
        self._url, self._admin, self._keys, self._printed = url, admin, keys, printed
        self._say = printed.console.print
        self._counts: dict[str, Counter[str]] = {}
        self._problems: dict[str, list[str]] = {}

    def run(self) -> int:
        chapter = Hub(self._url, self._key("chapter", programme.CHAPTER))
        partner = Hub(self._url, self._key("partner", None))
        receiver = Receiver()
        receiver.start()
        webhook = self._keys.get("webhook", lambda: self._subscribe(partner, receiver))
        receiver.trust(webhook["secret"])
        delivered = self._cursor(partner, webhook["id"])
        self._point(partner, webhook["id"], receiver.url, paused=False)
        try:
            self._say("\n[bold]1. La section du Mali envoie son programme[/bold] (GraphQL, HTTP)")
            wanted = programme.read()
            self._push(chapter, wanted)
            self._say("\n[bold]2. Le rapport suit, par les événements[/bold]")
            self._show_report(chapter, wanted)
            self._say("\n[bold]3. Ce que le partenaire a reçu[/bold] (webhooks signés)")
            self._show_feed(partner, receiver, delivered)
        finally:
            self._point(partner, webhook["id"], receiver.url, paused=True)
            receiver.stop()
        rejected = self._total("rejected")
        if not rejected and not self._total("created", "updated"):
            self._say("\nTout était déjà enregistré : rien n’a changé. (Nothing changed.)")
        return 1 if rejected else 0

    def _key(self, role: str, chapter: str | None) -> str:
        def make() -> str:
            made = self._admin.ask(
                documents.CREATE_KEY, role=role, chapter=chapter, label=f"demo {role}"
            )
            key: str = made["createApiKey"]["key"]
            return key

        key: str = self._keys.get(role, make)
        return key

    def _subscribe(self, partner: Hub, receiver: Receiver) -> dict[str, str]:
        made = partner.ask(documents.CREATE_WEBHOOK, id=new_id(), url=receiver.url)["createWebhook"]
        return {"id": made["webhook"]["id"], "secret": made["secret"]}

    def _cursor(self, partner: Hub, webhook: str) -> str | None:
        """The feed position up to which earlier runs were delivered."""
        known = partner.ask(documents.WEBHOOKS)["webhooks"]["nodes"]
        cursors: list[str | None] = [each["cursor"] for each in known if each["id"] == webhook]
        return cursors[0]

    def _point(self, partner: Hub, webhook: str, url: str, *, paused: bool) -> None:
        partner.ask(documents.UPDATE_WEBHOOK, id=webhook, url=url, paused=paused)

    def _push(self, chapter: Hub, wanted: programme.Programme) -> None:
        def one(name: str, document: str, rows: list[Any]) -> None:
            for batch in programme.batches(rows):
                pushed = chapter.ask(document, items=batch, pushId=_push_id(name, batch))
                self._tally(name, pushed["result"])

        def part(name: str, field: str, rows: list[Any]) -> None:
            for batch in programme.batches(rows):
                given = {field: batch, "pushId": _push_id(name, batch)}
                pushed = chapter.ask(documents.PUSH_PROGRAMME, input=given)
                self._tally(name, pushed["pushActivities"][field])

        one("organisations", documents.PUSH_ORGANISATIONS, wanted.organisations)
        one("projets", documents.PUSH_PROJECTS, wanted.projects)
        part("personnes", "participants", wanted.participants)
        part("activités", "activities", wanted.activities)
        one("propositions", documents.NOMINATE, wanted.proposals)
        one("décisions", documents.NOMINATE, wanted.decisions)
        one("préoccupations", documents.PUSH_CONCERNS, wanted.concerns)
        part("présences", "attendance", wanted.attendance)
        for name, counts in self._counts.items():
            self._printed.pushed(name, counts, self._problems[name])

    def _tally(self, name: str, result: Mapping[str, Any]) -> None:
        for status in ("created", "updated", "unchanged", "rejected"):
            self._counts.setdefault(name, Counter())[status] += result[status]
        self._problems.setdefault(name, []).extend(_told(r) for r in result["receipts"])

    def _total(self, *statuses: str) -> int:
        return sum(counts[status] for counts in self._counts.values() for status in statuses)

    def _show_report(self, chapter: Hub, wanted: programme.Programme) -> None:
        expected = sum(
            row["status"] == "present" for sheet in wanted.attendance for row in sheet["rows"]
        )

        def caught_up() -> Mapping[str, Any] | None:
            answer = chapter.ask(documents.REPORT, filter=FILTER, by=["GROUP", "SEX"])
            known = answer["report"]["figures"]["personSessions"]["total"]
            return answer if known >= expected else None

        started = time.monotonic()
        answer = _wait(caught_up, "the report")
        report = answer["report"]
        self._printed.figures("Mali, l’ensemble du programme", report)
        as_of = report["asOf"]
        self._say(
            f"  à jour {time.monotonic() - started:.2f} s après le dernier envoi,"
            f" événement {as_of['eventId']} ({as_of['eventsApplied']} appliqués)"
        )
        self._say("\n  Composantes du Cadre de prévention des conflits de la CEDEAO :")
        self._printed.coverage(answer["coverage"])

    def _show_feed(self, partner: Hub, receiver: Receiver, delivered: str | None) -> None:
        feed = _feed(partner)
        awaited = {item["id"] for item in _feed(partner, delivered)}
        if awaited:
            _wait(lambda: awaited <= set(receiver.items) or None, "the partner's webhooks")
            self._printed.received(receiver.items.values())
        else:
            self._say("  rien de neuf à recevoir ; le fil contient :")
            self._printed.received(feed)
        self._say(f"  {len(feed)} éléments dans le fil, sans nom ni lieu précis")


def _feed(partner: Hub, after: str | None = None) -> list[dict[str, Any]]:
    """All items behind a cursor, page by page."""
    items: list[dict[str, Any]] = []
    while True:
        page = partner.ask(documents.FEED, after=after)["feed"]
        items += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return items
        after = page["pageInfo"]["endCursor"]


def _push_id(name: str, batch: list[Any]) -> str:
    """The same for the same push, whenever it is sent. A client that lives makes an id when it
    composes a push, and keeps it with it; this one composes the same pushes at each run."""
    said = json.dumps([name, batch], sort_keys=True, default=str)
    return str(uuid.uuid5(uuid.NAMESPACE_OID, said))


def _told(receipt: Mapping[str, Any]) -> str:
    why = "; ".join(f"{p['field']}: {p['message']} ({p['code']})" for p in receipt["problems"])
    return f"ligne {receipt['row']} : {why}"


def _wait(condition: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if (result := condition()) is not None:
            return result
        time.sleep(0.1)
    raise HubRefused(f"{what} did not catch up within {DEADLINE_S:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
