"""People with names and phones that stand nowhere else are pushed through the whole hub; then
everything that it keeps, publishes, logs or answers to others is searched for them."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import amqp
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from deploy.local.stack import Stack
from shared.access import SERVICES
from shared.bus.connection import connect
from shared.topology import EXCHANGE
from tests.e2e.client import COUNTS, PUSH_PROJECTS, REPORT, Client
from tests.stack import wait_for
from tests.world import graphql
from tests.world.graphql import activity, person, session, sheet

REGISTER = (
    "mutation($items: [ParticipantInput!]!) {"
    f" registerParticipants(items: $items) {{ {COUNTS} }} }}"
)
NOMINATE = (
    "mutation($items: [NominationInput!]!) {"
    f" nominateParticipants(items: $items) {{ {COUNTS} }} }}"
)
WITHDRAW = (
    f"mutation($items: [TombstoneInput!]!) {{ withdrawParticipants(items: $items) {{ {COUNTS} }} }}"
)
FIND = """query($filter: ParticipantFilter) { participants(filter: $filter, first: 100) {
  edges { node { id givenName familyName phone email externalRef } } } }"""


@dataclass
class Secret:
    """A word and phone numbers of this run, and people who bear them."""

    word: str = field(
        default_factory=lambda: "".join(random.choices(string.ascii_lowercase[7:], k=12))
    )
    # 15 digits, the longest there are, so that no hexadecimal text holds them by chance; German
    # numbers may be as long.
    phones: list[str] = field(
        default_factory=lambda: [f"+49{random.randrange(10**12, 10**13)}" for _ in range(5)]
    )
    ids: list[str] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"{self.word}@example.org"

    def people(self) -> list[dict[str, Any]]:
        people = [
            person(
                givenName=f"É{self.word}",
                familyName=f"{self.word.upper()}-Traoré {number}",
                phone=phone,
                email=self.email,
                externalRef=f"REF/{self.word}",
                washingtonGroup={"seeing": 3},
            )
            for number, phone in enumerate(self.phones)
        ]
        self.ids = [each["id"] for each in people]
        return people

    def needles(self) -> Iterator[bytes]:
        """The secret in every form that gives it away, lower-cased."""
        for text in (self.word, *(phone[1:] for phone in self.phones)):
            yield text.encode()
            yield text.encode("utf-16-le")
            yield text.encode().hex().encode()
            for lead in range(3):  # base64 has three alignments; its first and last signs vary
                yield base64.b64encode(b"\0" * lead + text.encode())[4:-4].lower()
        # A hash without a key is no secret: there are few enough phone numbers to try them all.
        for text in (self.phones[0], self.phones[0][1:], self.email, self.word):
            for make in (hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.blake2b):
                yield make(text.encode()).hexdigest()[:32].encode()
                yield make(text.encode()).digest()[:16].lower()

    def found_in(self, held: bytes) -> list[bytes]:
        low = held.lower()
        return [needle for needle in self.needles() if needle in low]


@dataclass
class Hub:
    """The hub after the secret went through it."""

    stack: Stack
    chapter: Client
    partner: Client
    secret: Secret
    project: str
    heard: bytes  # every message of the bus meanwhile


@pytest.fixture(scope="module")
def hub(stack: Stack) -> Iterator[Hub]:
    admin = Client(stack.hub_url, stack.admin_key)
    chapter = Client(stack.hub_url, admin.key("chapter", "GH"))
    partner = Client(stack.hub_url, admin.key("partner"))
    secret = Secret()
    with Tap(stack) as tap:
        project = went_through(chapter, secret)
        wait_for(lambda: chapter.figures(projectIds=[project])["personSessions"] == {(): 5}, 30)
        wait_for(lambda: secret.ids[4].encode() in tap.heard(), 30)
        wait_for(lambda: project in str(everything_fed(partner)), 30)
        yield Hub(stack, chapter, partner, secret, project, tap.heard())


def went_through(chapter: Client, secret: Secret) -> str:
    """Everything that a chapter does with people, mistakes included; returns the project's id."""
    project = graphql.project()
    assert chapter.ask(PUSH_PROJECTS, items=[project])["created"] == 1
    people = secret.people()
    training = activity(project["id"], sessions=[session()], announced={"total": 6})
    pushed = chapter.push(
        participants=people,
        activities=[training],
        attendance=[sheet(training["sessions"][0]["id"], secret.ids)],
    )
    assert [pushed[part]["created"] for part in ("participants", "activities", "attendance")] == [
        5, 1, 5,
    ]  # fmt: skip
    corrected = {"id": secret.ids[0], "familyName": f"{secret.word}-Keïta"}
    assert chapter.ask(REGISTER, items=[corrected])["updated"] == 1
    proposal = graphql.nomination(
        secret.ids[1],
        activityId=training["id"],
        status="selected",
        reason=f"{secret.word} speaks for all",
    )
    assert chapter.ask(NOMINATE, items=[proposal])["created"] == 1
    withdrawn = person(familyName=secret.word, phone=secret.phones[2])
    assert chapter.ask(REGISTER, items=[withdrawn])["created"] == 1
    tombstone = {"id": withdrawn["id"], "reason": f"{secret.word} asked for it"}
    assert chapter.ask(WITHDRAW, items=[tombstone])["updated"] == 1
    for asked in (
        {"text": secret.word},
        {"phone": secret.phones[0]},
        {"email": secret.email.upper()},
    ):
        assert chapter.ask(FIND, filter=asked)["edges"]
    # What is refused has passed through as many hands as what is taken.
    wrong = [
        person(phone=secret.word, sex=secret.word, email=secret.phones[0], place=secret.word),
        person(consent=None, familyName=secret.word),
        {"id": secret.word, "givenName": secret.word},
    ]
    assert chapter.ask(REGISTER, items=wrong)["rejected"] == 3
    chapter.answer(REGISTER, items=[person(familyName=secret.word)] * 501)
    chapter.answer(FIND, filter={"phone": secret.word})
    chapter.answer(f'{{ participants(filter: {{text: "{secret.word}"}}) {{ nothing }} }}')
    chapter.answer(f'{{ participant(id: "{secret.word}") {{ id }} }}')
    chapter.http.post("/graphql", content=f'{{"query": "{secret.word}'.encode())
    return str(project["id"])


class Tap:
    """A queue of our own that hears every event of the bus."""

    def __init__(self, stack: Stack) -> None:
        self._connection: amqp.Connection = connect(stack.amqp_admin_uri, "tap")
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare("", exclusive=True).queue
        self._heard: list[bytes] = []

    def __enter__(self) -> Tap:
        self._channel.queue_bind(self._queue, EXCHANGE, "#")
        return self

    def heard(self) -> bytes:
        while message := self._channel.basic_get(self._queue, no_ack=True):
            body = message.body
            self._heard.append(body if isinstance(body, bytes) else body.encode())
            self._heard.append(json.dumps(message.properties, default=str).encode())
        return b"\n".join(self._heard)

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def everything_fed(partner: Client) -> list[dict[str, Any]]:
    return partner.feed()[0]


def raw(client: MongoClient[dict[str, Any]], name: str) -> bytes:
    """The bytes of every document of a database."""
    options = client.codec_options.with_options(document_class=RawBSONDocument)
    database = client.get_database(name, codec_options=options)
    return b"".join(
        bytes(document.raw)  # type: ignore[attr-defined]  # as RawBSONDocument has it
        for collection in database.list_collection_names()
        if not collection.startswith(("system.", "replset."))  # the server's own: nobody may read
        for document in database[collection].find()
    )


def files(*folders: Path) -> Iterable[Path]:
    return (path for folder in folders for path in folder.rglob("*") if path.is_file())


def test_the_search_recognises_the_secret_in_every_form() -> None:
    secret = Secret()
    phone = secret.phones[0]
    for form in (
        f"…{secret.word.upper()}…".encode(),
        phone.encode(),
        base64.b64encode(f"a name: {secret.word}, {phone}".encode()),
        hashlib.sha256(phone.encode()).hexdigest().encode(),
        hashlib.sha1(secret.email.encode()).digest(),
        secret.word.encode().hex().encode(),
    ):
        assert secret.found_in(b"before" + form + b"after"), form
    assert not secret.found_in(b"Awa Mensah +233201234567")


def test_the_chapter_itself_reads_its_people(hub: Hub) -> None:
    answer = hub.chapter.ask(FIND, filter={"text": hub.secret.word})
    assert {edge["node"]["id"] for edge in answer["edges"]} == set(hub.secret.ids)
    assert hub.secret.found_in(json.dumps(answer).encode())


def test_no_database_and_not_its_log_hold_anybody(hub: Hub) -> None:
    with MongoClient[dict[str, Any]](hub.stack.mongo_root_uri) as client:
        names = set(client.list_database_names())
        assert {*SERVICES, "gateway", "participants_keys", "local"} <= names
        knowing = set()
        for name in sorted(names):  # `local` holds the oplog: every write there ever was
            held = raw(client, name)
            assert hub.secret.found_in(held) == [], name
            if hub.secret.ids[0].encode() in held:
                knowing.add(name)
    assert {"participants", "activities", "reporting", "local"} <= knowing


def test_no_message_carried_anybody(hub: Hub) -> None:
    assert hub.secret.ids[0].encode() in hub.heard
    assert hub.secret.found_in(hub.heard) == []


def test_no_log_and_no_file_of_the_broker_holds_anybody(hub: Hub) -> None:
    home = hub.stack.home
    held = {path: path.read_bytes() for path in files(home / "logs", home / "data" / "broker")}
    assert [path for path in held if path.stat().st_size and path.parent == home / "logs"]
    if hub.stack.broker:
        assert any(hub.secret.ids[0].encode() in content for content in held.values())
    assert {str(path): hub.secret.found_in(content) for path, content in held.items()} == {
        str(path): [] for path in held
    }


def test_no_metric_names_anybody(hub: Hub) -> None:
    for service in SERVICES:
        port = hub.stack.env(service)["HEALTH_PORT"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            held = answer.read()
        assert b"# HELP" in held
        assert hub.secret.found_in(held) == []
    assert hub.secret.found_in(hub.chapter.http.get("/metrics").content) == []


def test_neither_feed_nor_reports_nor_a_partner_tell_of_anybody(hub: Hub) -> None:
    fed = json.dumps(everything_fed(hub.partner))
    assert hub.project in fed
    report = json.dumps(hub.chapter.answer(REPORT, filter={}, by=["SEX", "AGE_BAND", "GROUP"]))
    assert '"personSessions"' in report
    refused = [
        hub.partner.answer(FIND, filter={"text": hub.secret.word}),
        hub.partner.answer(
            "query($id: ID!) { participant(id: $id) { familyName } }", id=hub.secret.ids[0]
        ),
    ]
    for held in (fed, report, json.dumps(refused)):
        assert hub.secret.found_in(held.encode()) == []
    for person_id in hub.secret.ids:
        assert person_id not in fed
