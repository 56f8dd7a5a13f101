"""The guide for chapters, in its three languages: each box is sent as it stands, in the order of
the page, and the hub answers what the page says."""

from __future__ import annotations

import json
import re
import secrets
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.e2e.client import Client
from tests.e2e.test_pages_as_written import ROOT, typed
from tests.stack import wait_for

LANGUAGES = ("en", "fr", "pt")
_BOX = re.compile(r"^```(graphql|json)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_IDS = "0197a000-0000-7000-8000-"  # how the ids of the examples begin
# None of them is in the demo's list, whose people the same hub may hold: nobody is alike by chance.
_NAMES = {
    "en": {"Exemple": "Mensah", "Modèle": "Kpelly"},
    "fr": {"Exemple": "Sawadogo", "Modèle": "Zongo"},
    "pt": {"Exemple": "Mendonça", "Modèle": "Gbagbo"},
}


def boxes(language: str) -> list[tuple[str, Any]]:
    """What is sent, and what is answered."""
    text = (ROOT / f"docs/chapters.{language}.md").read_text(encoding="utf-8")
    found = _BOX.findall(text)
    kinds = [kind for kind, _ in found]
    assert kinds == ["graphql", "json"] * (len(kinds) // 2), "each box has its answer"
    return [
        (sent, json.loads(answer))
        for (_, sent), (_, answer) in zip(found[::2], found[1::2], strict=True)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_box_of_the_guide_is_answered_as_it_says(stack: Stack, language: str) -> None:
    key = Client(stack.hub_url, stack.admin_key).key("chapter", "ML")
    mali = Client(stack.hub_url, key, language)
    # Ids and names of its own: the hub has answered the guide in another language before.
    own = {_IDS: f"{secrets.token_hex(4)}-0000-7000-8000-", **_NAMES[language]}

    def answer(sent: str) -> Any:
        for word, instead in own.items():
            sent = sent.replace(word, instead)
        found = json.dumps(mali.answer(sent), ensure_ascii=False)
        for word, instead in own.items():
            found = found.replace(instead, word)
        return json.loads(found)

    def says(sent: str, expected: Any) -> bool:
        return bool(answer(sent) == {"data": expected})

    for sent, expected in boxes(language):
        if sent.lstrip().startswith("mutation"):
            assert answer(sent) == {"data": expected}, sent
        else:  # figures follow within a moment
            wait_for(partial(says, sent, expected))


def test_the_three_languages_send_the_same() -> None:
    sent = {language: [document for document, _ in boxes(language)] for language in LANGUAGES}
    assert sent["fr"] == sent["en"]
    assert sent["pt"] == sent["en"]


def test_new_ids_are_made_as_the_guide_says(tmp_path: Path) -> None:
    made = typed(ROOT, "./foscao id 20").split()
    assert len(set(made)) == 20
