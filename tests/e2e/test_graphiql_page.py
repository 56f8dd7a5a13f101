"""What a person sees who opens the hub's address in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Request, expect, sync_playwright

from deploy.local.stack import Stack
from gateway.schema import schema
from shared.ids import canonical
from shared.messages import message
from tests.e2e.client import Client

# Playwright adds what else keeps a browser quiet. A test may run as root, which has no sandbox.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"]
EVERYWHERE_KEPT = """async () => [
    ...Object.entries(localStorage), ...Object.entries(sessionStorage), document.cookie,
    ...(await indexedDB.databases()), ...(await caches.keys()),
].filter(Boolean)"""


@dataclass
class Visit:
    """One visit of the page, and what the browser noted meanwhile."""

    page: Page
    context: BrowserContext
    profile: Path
    complaints: list[str] = field(default_factory=list)  # a breach of the policy is one, too
    hosts: set[str] = field(default_factory=set)
    bearers: list[str | None] = field(default_factory=list)  # of each call, in order

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.context.on("request", self._requested)

    def enter(self, key: str) -> None:
        self.page.get_by_label("Clé d’accès").click()
        self.page.keyboard.type(key)
        self.page.keyboard.press("Enter")

    def run(self, query: str) -> None:
        self.page.locator(".graphiql-query-editor .CodeMirror").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(query)
        self.page.keyboard.press("Control+Enter")

    def _requested(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob"):
            self.hosts.add(address.netloc)
        if request.method == "POST":
            self.bearers.append(request.headers.get("authorization"))


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=20_000)
    with sync_playwright() as running:
        yield running


@pytest.fixture
def visit(stack: Stack, playwright: Playwright, tmp_path: Path) -> Iterator[Visit]:
    """The page, just opened by somebody who reads French."""
    browser = shutil.which("chromium")
    assert browser, "no chromium: run make setup-dev"
    context = playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=browser, args=FLAGS, locale="fr-FR"
    )
    try:
        opened = Visit(context.pages[0], context, tmp_path)
        opened.page.goto(stack.hub_url)
        yield opened
    finally:
        context.close()


@pytest.fixture(scope="module")
def key(stack: Stack) -> str:
    return Client(stack.hub_url, stack.admin_key).key("chapter", "GH")


def test_a_typed_key_opens_the_editor_and_a_typed_query_shows_its_result(
    visit: Visit, key: str
) -> None:
    visit.enter(key)
    expect(visit.page.locator("#holder")).to_have_text("chapter · Ghana")
    visit.run("{ me { role language } codeLists }")
    result = visit.page.locator(".result-window")
    expect(result).to_contain_text('"role": "chapter"')
    expect(result).to_contain_text('"language": "fr"')
    expect(result).to_contain_text('"activity_type"')
    assert len(visit.bearers) >= 3  # whose key it is, the schema, the query
    assert set(visit.bearers) == {f"Bearer {key}"}


def test_nothing_on_the_page_breaks_its_policy_or_asks_another_host(
    visit: Visit, stack: Stack, key: str
) -> None:
    visit.enter(key)
    for tool in ("Show Documentation Explorer", "Show History"):
        visit.page.get_by_label(tool).click()
    for dialog in ("Open short keys dialog", "Open settings dialog"):
        visit.page.get_by_label(dialog).click()
        visit.page.keyboard.press("Escape")
    visit.run("{ codeLists }")
    expect(visit.page.locator(".result-window")).to_contain_text('"activity_type"')
    visit.page.wait_for_load_state("networkidle")
    assert visit.complaints == []
    assert visit.hosts == {urlsplit(stack.hub_url).netloc}


def test_the_explorer_lists_every_question_and_type_with_its_help_text(
    visit: Visit, key: str
) -> None:
    visit.enter(key)
    visit.page.get_by_label("Show Documentation Explorer").click()
    explorer = visit.page.locator(".graphiql-doc-explorer")
    queries = schema().query_type
    assert queries is not None
    assert queries.description is not None
    for name in schema().type_map:
        if not name.startswith("__"):
            expect(explorer.get_by_role("link", name=name, exact=True).first).to_be_visible()
    explorer.get_by_role("link", name="Query", exact=True).first.click()
    expect(explorer).to_contain_text(queries.description)
    for name, question in queries.fields.items():
        expect(explorer.get_by_role("link", name=name, exact=True).first).to_be_visible()
        if "`" not in question.description:  # those are shown in another type
            expect(explorer).to_contain_text(" ".join(question.description.split()))


def test_a_wrong_key_is_told_in_the_readers_language_and_opens_nothing(
    visit: Visit, key: str
) -> None:
    visit.enter("fhk_0123456789ab_wrong")
    holder = visit.page.locator("#holder")
    expect(holder).to_have_text(message("UNAUTHENTICATED", "fr"))
    expect(visit.page.locator(".graphiql-container")).to_have_count(0)
    visit.page.get_by_label("Clé d’accès").clear()
    visit.enter(f"Bearer {key}")  # copied with what stands before it
    expect(holder).to_have_text("chapter · Ghana")
    assert visit.bearers[-1] == f"Bearer {key}"


def test_a_hub_that_cannot_be_reached_is_told_in_words(visit: Visit, key: str) -> None:
    visit.context.set_offline(True)
    visit.enter(key)
    expect(visit.page.locator("#holder")).to_contain_text("Le hub ne répond pas.")
    visit.context.set_offline(False)
    visit.page.get_by_role("button", name="OK").click()
    expect(visit.page.locator("#holder")).to_have_text("chapter · Ghana")


def test_a_button_makes_new_ids_selected_to_be_copied(visit: Visit) -> None:
    made = []
    for _ in range(3):
        visit.page.get_by_role("button", name="Nouvel id").click()
        made.append(visit.page.locator("#made-id").inner_text())
        assert visit.page.evaluate("getSelection().toString()") == made[-1]
    assert len(set(made)) == 3
    assert all(UUID(each).version == 7 and canonical(each) == each for each in made)
    at = datetime.fromtimestamp(int(made[0].replace("-", "")[:12], 16) / 1000, UTC)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)


def test_neither_key_nor_query_outlives_the_page(visit: Visit, key: str) -> None:
    visit.enter(key)
    expect(visit.page.locator(".graphiql-container")).to_be_visible()
    expect(visit.page.get_by_label("Clé d’accès")).to_have_value("")
    visit.run('{ places(search: "Unforgettable") { id } }')
    expect(visit.page.locator(".result-window")).to_contain_text('"places": []')
    assert visit.page.evaluate(EVERYWHERE_KEPT) == []
    assert visit.context.cookies() == []
    visit.page.reload()
    expect(visit.page.locator("#promise")).to_be_visible()
    expect(visit.page.get_by_label("Clé d’accès")).to_have_value("")
    visit.context.close()
    files = [path for path in visit.profile.rglob("*") if path.is_file()]
    assert files
    for path in files:
        kept = path.read_bytes()
        assert key.encode() not in kept, path
        assert b"Unforgettable" not in kept, path
