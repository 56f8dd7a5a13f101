"""A restore drill: a hub is backed up while chapters push, lost, and comes back on new servers."""

from __future__ import annotations

import base64
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from deploy.local.stack import ALL, Stack
from operations.archive.format import ArchiveBatch, Begin, read_archive
from shared.access import ALL_DATABASES
from shared.ids import new_id
from shared.record_types import CONSUMERS
from shared.types import Document
from tests.e2e.client import Client
from tests.integration.operations.archive.drill_world import (
    PEOPLE,
    PRIVATE,
    Chapter,
    Mirror,
    documents,
    done,
    foscao,
    person_sessions,
    refused,
    sessions_of,
)
from tests.receiver import Receiver
from tests.stack import wait_for

CREATE_WEBHOOK = """mutation($id: ID!, $url: String!) {
  createWebhook(id: $id, url: $url, from: "beginning") { secret } }"""
WEBHOOKS = "{ webhooks { nodes { state behind cursor } } }"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drill")


@pytest.mark.skipif(
    bool(os.environ.get("MONGO_URI") or os.environ.get("AMQP_URI")),
    reason="the drill needs servers of its own, to lose them",
)
def test_a_hub_backed_up_while_it_is_pushed_to_comes_back_on_new_servers(
    home: Path, receiver: Receiver
) -> None:
    folder = home / "backup"
    source = Stack(home / "source")
    source.up(dies_with_parent=True)
    try:
        admin = Client(source.hub_url, source.admin_key)
        keys = {"chapter": admin.key("chapter", "GH"), "partner": admin.key("partner")}
        partner = Client(source.hub_url, keys["partner"])
        hook = {"id": new_id(), "url": receiver.url}
        # While the feed is empty: nothing is posted before the receiver knows the secret.
        receiver.secrets.append(partner.ask(CREATE_WEBHOOK, **hook)["secret"])
        chapter = Chapter(Client(source.hub_url, keys["chapter"]))
        for _ in range(10):
            chapter.push()
        before = list(chapter.pushed)

        while_it_runs = threading.Event()
        pusher = threading.Thread(target=lambda: _push_until(chapter, while_it_runs))
        pusher.start()
        try:
            wait_for(lambda: len(chapter.pushed) > len(before) + 3)
            manifest = done(foscao(source, "backup", str(folder), "--json"))
            at_its_end = list(chapter.pushed)
            wait_for(lambda: len(chapter.pushed) > len(at_its_end) + 5)
        finally:
            while_it_runs.set()
            pusher.join()
        everything = len(chapter.pushed) * PEOPLE
        wait_for(lambda: person_sessions(chapter.client) == everything, 30)
        mirror = Mirror()
        entries = 1 + 2 * len(chapter.pushed)  # the project; each activity and its sheet
        wait_for(lambda: mirror.pull(partner) is not None and len(mirror.rows) == entries, 30)

        _one_moment(folder, manifest, before, chapter.pushed)
        _nothing_in_clear(folder, source)
        assert "exists" in refused(foscao(source, "backup", str(folder)))
        assert "not empty" in refused(foscao(source, "restore", str(folder)))
        running = refused(foscao(source, "restore", str(folder), "--replace", "--yes"))
        assert "still running" in running
        assert person_sessions(chapter.client) == everything
    finally:
        source.down()

    target = _new_servers(home / "target", source)
    try:
        _damaged_files_are_refused(home, folder, target)
        restored = done(foscao(target, "restore", str(folder), "--json"))
        assert restored["documents"] == manifest_documents(manifest)
        sheets = _count_restored(target, folder)
        assert len(before) <= len(sheets) <= len(at_its_end) + 1
        assert {sessions_of(push) for push in before} <= sheets
        assert len(sheets) < len(chapter.pushed)
        assert "not empty" in refused(foscao(target, "restore", str(folder)))

        # Once more, over what is there: positions given out meanwhile are not given out again.
        unanswered = foscao(target, "restore", str(folder), "--replace")
        assert unanswered.returncode == 2
        assert "nothing was touched" in unanswered.stderr
        over = done(foscao(target, "restore", str(folder), "--replace", "--yes", "--json"))
        assert over["feed"] == restored["feed"]
        less = ("--replace", "--yes", "--feed-gap", "5", "--json")
        assert done(foscao(target, "restore", str(folder), *less))["feed"] == restored["feed"]
        assert _count_restored(target, folder) == sheets
    finally:
        target.down()

    target = Stack(home / "target")
    target.up(dies_with_parent=True)
    try:
        ghana = Client(target.hub_url, keys["chapter"])  # keys come back too
        partner = Client(target.hub_url, keys["partner"])
        wait_for(lambda: person_sessions(ghana) == len(sheets) * PEOPLE, 30)
        _people_can_be_read(ghana, chapter)

        # What is lost is pushed again, and the hub goes on.
        chapter.client = ghana
        chapter.push_again(ghana)
        chapter.push()
        everything = len(chapter.pushed) * PEOPLE
        wait_for(lambda: person_sessions(ghana) == everything, 30)

        # The partner goes on from a cursor of the time after the backup.
        whole = Mirror()
        entries += 2
        wait_for(lambda: whole.pull(partner) is not None and len(whole.rows) == entries, 30)
        wait_for(lambda: mirror.pull(partner) is not None and mirror.data() == whole.data(), 30)
        assert int(mirror.cursor or 0) > restored["feed"]["goes_on_after"]
        told = Mirror()
        wait_for(lambda: partner.ask(WEBHOOKS)["nodes"][0]["behind"] == 0, 60)
        told.take(_told(receiver))
        assert told.data() == whole.data()
        forged = [post.event["cursor"] for post in receiver.received if not post.genuine]
        assert forged == []
        _audit_is_clean(target)
    finally:
        target.down()


@pytest.mark.skipif(
    bool(os.environ.get("MONGO_URI") or os.environ.get("AMQP_URI")),
    reason="the drill needs servers of its own, to lose them",
)
def test_what_a_lost_broker_held_is_published_again(home: Path) -> None:
    """Goes on with the hub of the drill above."""
    without = tuple(name for name in ALL if name not in ("reporting", "notifications"))
    stack = Stack(home / "target", services=without)
    stack.up(dies_with_parent=True)
    try:
        admin = Client(stack.hub_url, stack.admin_key)
        chapter = Chapter(Client(stack.hub_url, admin.key("chapter", "SN")))
        for _ in range(3):
            chapter.push()
        with MongoClient[Document](stack.mongo_root_uri) as client:
            wait_for(lambda: _unpublished(client) == 0)
    finally:
        stack.down()

    shutil.rmtree(stack.home / "data" / "broker")
    stack = Stack(home / "target")
    stack.up(dies_with_parent=True)
    try:
        senegal = Client(stack.hub_url, Client(stack.hub_url, stack.admin_key).key("chapter", "SN"))
        assert person_sessions(senegal) == 0
        counted = done(foscao(stack, "republish", "--dry-run", "--json"))
        lacking = {"reporting": 1 + PEOPLE + 6, "activities": 0, "notifications": 1 + 6}
        assert counted["lacking"] == lacking
        # Each of the three sheets in two versions: for reporting and for notifications.
        assert counted["events"] == 1 + PEOPLE + 6 + 3
        assert person_sessions(senegal) == 0
        assert done(foscao(stack, "republish", "--json"))["events"] == counted["events"]
        wait_for(lambda: person_sessions(senegal) == 3 * PEOPLE, 30)
        wait_for(lambda: done(foscao(stack, "republish", "--json"))["events"] == 0, 30)
        _audit_is_clean(stack)
    finally:
        stack.down()


def _push_until(chapter: Chapter, enough: threading.Event) -> None:
    while not enough.is_set():
        chapter.push()


def _new_servers(home: Path, lost: Stack) -> Stack:
    """A database and a broker with nothing in them, and the keys that were kept apart."""
    (home / "secrets").mkdir(parents=True, mode=0o700)
    for name in ("master.key", "webhook.key", "admin.key"):
        shutil.copy(lost.home / "secrets" / name, home / "secrets" / name)
    stack = Stack(home, services=())
    stack.up(dies_with_parent=True)
    return stack


def manifest_documents(manifest: Document) -> int:
    return sum(sum(file["collections"].values()) for file in manifest["files"])


def _one_moment(
    folder: Path, manifest: Document, before: list[Document], pushed: list[Document]
) -> None:
    """What a consumer applied is in the log it comes from; what was pushed is there whole."""
    assert {file["database"] for file in manifest["files"]} == set(ALL_DATABASES)
    held: dict[str, dict[str, list[Document]]] = {}
    for database in ALL_DATABASES:
        held[database] = {}
        for name, document in documents(folder, database):
            held[database].setdefault(name, []).append(document)
    logged = {row["_id"] for name in ("participants", "activities") for row in held[name]["outbox"]}
    for consumer in CONSUMERS:
        assert {row["_id"] for row in held[consumer].get("inbox", ())} <= logged
    lines: dict[str, int] = {}
    for line in held["activities"]["attendance"]:
        session_id = line["_id"].partition(":")[0]
        lines[session_id] = lines.get(session_id, 0) + 1
    assert {sessions_of(push) for push in before} <= lines.keys()
    assert lines.keys() < {sessions_of(push) for push in pushed}
    assert set(lines.values()) == {PEOPLE}
    assert (folder.stat().st_mode & 0o777) == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def _nothing_in_clear(folder: Path, source: Stack) -> None:
    """Neither people's data nor the keys that open them; their wrapped keys are there."""
    secrets = source.home / "secrets"
    keys = [(secrets / name).read_bytes() for name in ("master.key", "webhook.key", "admin.key")]
    keys += [base64.b64decode(key) for key in keys[:2]]
    clear = [value.encode() for value in PRIVATE.values()] + keys
    for database in ALL_DATABASES:
        raw = b"".join(
            part.raw
            for part in read_archive(folder / f"{database}.bson.gz", database)
            if isinstance(part, ArchiveBatch)
        )
        assert not [value for value in clear if value in raw], database
    held = list(documents(folder, "participants_keys"))
    assert [name for name, _ in held].count("keyVault") == 1
    assert {each["_id"] for name, each in held if name == "personKeys"} == {
        each["_id"] for name, each in documents(folder, "participants") if name == "people"
    }
    assert all(each["keyMaterial"] for _, each in held)


def _damaged_files_are_refused(home: Path, folder: Path, target: Stack) -> None:
    name = "activities.bson.gz"
    whole = (folder / name).read_bytes()
    turned = bytearray(whole)
    turned[len(whole) // 2] ^= 1
    manifest = (folder / "manifest.json").read_bytes()
    for number, (victim, content, reason) in enumerate(
        (
            (name, whole[: len(whole) // 2], f"{name}: it was cut off or altered"),
            (name, bytes(turned), f"{name}: it was cut off or altered"),
            (name, None, f"{name}: No such file"),
            ("manifest.json", manifest[: len(manifest) // 2], "manifest.json: it is no backup's"),
            ("manifest.json", None, "manifest.json: No such file"),
            (
                "manifest.json",
                manifest.replace(b'"attendance": ', b'"attendance": 1'),
                f"{name}: it does not hold what the manifest says",
            ),
        )
    ):
        copy = home / f"damaged-{number}"
        shutil.copytree(folder, copy)
        if content is None:
            (copy / victim).unlink()
        else:
            (copy / victim).write_bytes(content)
        assert reason in refused(foscao(target, "restore", str(copy)))
    with MongoClient[Document](target.mongo_root_uri) as client:
        assert not set(client.list_database_names()) & set(ALL_DATABASES)


def _count_restored(target: Stack, folder: Path) -> set[str]:
    """The sessions whose sheets are restored, whole; documents and indexes equal the backup's."""
    with MongoClient[Document](target.mongo_root_uri) as client:
        for database in ALL_DATABASES:
            for part in read_archive(folder / f"{database}.bson.gz", database):
                if isinstance(part, Begin):
                    there = client[database][part.collection].index_information()
                    assert there.keys() == {"_id_"} | {index["name"] for index in part.indexes}
        rows = client["activities"]["attendance"].aggregate(
            [{"$group": {"_id": {"$substrBytes": ["$_id", 0, 36]}, "n": {"$sum": 1}}}]
        )
        lines = {row["_id"]: row["n"] for row in rows}
    assert set(lines.values()) == {PEOPLE}
    return set(lines)


def _people_can_be_read(client: Client, chapter: Chapter) -> None:
    found = client.ask(
        "query($id: ID!) { participant(id: $id) { givenName familyName phone email } }",
        id=chapter.people[0]["id"],
    )
    assert found == PRIVATE


def _audit_is_clean(stack: Stack) -> None:
    told = foscao(stack, "audit", "--all")
    assert told.returncode == 0, told.stdout + told.stderr


def _told(receiver: Receiver) -> Iterator[tuple[int, Document]]:
    for post in receiver.received:
        event = post.event
        kind = event["type"].removeprefix("org.foscao.feed.").removesuffix(".v1")
        yield int(event["cursor"]), {**event, "type": kind}


def _unpublished(client: MongoClient[Document]) -> int:
    return sum(
        client[name]["outbox"].count_documents({"published_at": None})
        for name in ("participants", "activities")
    )
