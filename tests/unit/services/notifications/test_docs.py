"""What docs/partners.md tells partners is so."""

from __future__ import annotations

import base64
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook

from services.notifications.rules import partner_view
from shared import contracts

PAGE = (Path(__file__).parents[4] / "docs" / "partners.md").read_text(encoding="utf-8")


def test_the_shells_way_to_sign_gives_the_librarys_signature(tmp_path: Path) -> None:
    (snippet,) = re.findall(r"```sh\n(key=.*?echo \"\$signature\"\n)", PAGE, re.DOTALL)
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    body = '{"id":"1","data":{"title":{"fr":"Réunion"}}}'
    (tmp_path / "body").write_text(body, encoding="utf-8")
    now = datetime.now(UTC)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", snippet],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "SECRET": secret,
            "ID": "evt-1",
            "TIMESTAMP": str(int(now.timestamp())),
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == Webhook(secret).sign("evt-1", now, body)


def test_the_pages_python_receives_what_is_genuine_and_refuses_the_rest() -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    stored: list[object] = []
    names: dict[str, object] = {"SECRET": secret, "store_once": stored.append}
    exec(snippet, names)
    receive = names["receive"]
    assert callable(receive)
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "evt-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("evt-1", now, '{"id":"evt-1"}'),
    }

    assert receive(headers, b'{"id":"evt-1"}') == 204
    assert receive(headers, b'{"id":"evt-2"}') == 401
    assert stored == [{"id": "evt-1"}]


def test_the_catalogue_names_every_type_and_field() -> None:
    catalogue = PAGE.split("## What you receive")[1]
    named = set(re.findall(r"`\.?([a-z_.]+)`", catalogue))

    for kind in partner_view.TYPES:
        record_type, _, step = kind.partition(".")
        assert f"{record_type}.recorded" in named
        assert step in named or kind in named
        assert set(contracts.of("notifications")[f"feed.{kind}"]["properties"]) <= named


def test_every_error_of_an_attempt_is_explained() -> None:
    source = Path(__file__).parents[4] / "services" / "notifications" / "transports"
    code = (source / "posting.py").read_text() + (source / "sender.py").read_text()
    raised = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+|STATUS|REDIRECT|TIMEOUT)"', code))
    explained = set(re.findall(r"`([A-Z_]+)`", PAGE.split("| error |")[1]))

    assert "TLS_FAILED" in raised
    assert raised - {"ADDRESS_NOT_PUBLIC"} <= explained  # that one is refused before any attempt
