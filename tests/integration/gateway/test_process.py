"""The gateway as it runs in production: `python -m gateway`, a real broker and a real database."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from deploy.local import ports
from tests.stack import ROOT, wait_for

ADMIN = "fhk_admin_0123456789"
ALL_KEYS = "{ apiKeys(first: 200) { nodes { id } } }"
Address = tuple[str, subprocess.Popen[bytes]]


def start(port: int, log: Path, **env: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "gateway"],
            cwd=ROOT,
            env={**os.environ, "HTTP_PORT": str(port), **env},
            stdout=output,
            stderr=output,
        )


def status(url: str) -> int:
    try:
        return httpx.get(url, trust_env=False).status_code
    except httpx.TransportError:
        return 0


def serve(amqp_uri: str, mongo_uri: str, log: Path) -> Iterator[Address]:
    port = next(each for each in ports.CANDIDATES if ports.is_free(each))
    database = f"test_{os.urandom(6).hex()}"
    process = start(
        port,
        log,
        AMQP_URI=amqp_uri,
        MONGO_URI=mongo_uri,
        FOSCAO_DB=database,
        HUB_ADMIN_KEY_SHA256=hashlib.sha256(ADMIN.encode()).hexdigest(),
    )
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: status(f"{url}/readyz") == 200, 20)
    yield url, process
    process.kill()
    process.wait()
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client.drop_database(database)


@pytest.fixture(scope="module")
def url(amqp_uri: str, mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway for the tests that leave it running."""
    log = tmp_path_factory.mktemp("gateway") / "gateway.log"
    yield from (url for url, _ in serve(amqp_uri, mongo_uri, log))


@pytest.fixture
def gateway(amqp_uri: str, mongo_uri: str, tmp_path: Path) -> Iterator[Address]:
    """A gateway to end."""
    yield from serve(amqp_uri, mongo_uri, tmp_path / "gateway.log")


def ask(url: str, query: str, key: str = ADMIN, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{url}/graphql",
        json={"query": query},
        headers={"authorization": f"Bearer {key}", **headers},
        trust_env=False,
    )


def test_an_operator_makes_a_key_that_works_and_revokes_it(url: str) -> None:
    mutation = """mutation { createApiKey(role: chapter, chapter: "ML", label: "test") {
        key apiKey { id chapter { code label } } } }"""
    made = ask(url, mutation, **{"accept-language": "fr"}).json()["data"]["createApiKey"]
    assert made["apiKey"]["chapter"] == {"code": "ML", "label": "Mali"}
    me = ask(url, "{ me { role chapter { code } language keyId } }", made["key"]).json()
    assert me["data"]["me"] == {
        "role": "chapter",
        "chapter": {"code": "ML"},
        "language": "fr",
        "keyId": made["apiKey"]["id"],
    }
    revoked = ask(url, f'mutation {{ revokeApiKey(id: "{me["data"]["me"]["keyId"]}") {{ id }} }}')
    assert revoked.json()["data"]["revokeApiKey"] == {"id": made["apiKey"]["id"]}
    assert ask(url, "{ me { role } }", made["key"]).status_code == 401


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('role: king, label: "x"', "GRAPHQL_INVALID"),
        ('role: chapter, label: "x"', "CHAPTER_WITH_ROLE"),
        ('role: partner, chapter: "ML", label: "x"', "CHAPTER_WITH_ROLE"),
        ('role: chapter, chapter: "XX", label: "x"', "UNKNOWN_CODE"),
        ('role: partner, label: " "', "LABEL_LENGTH"),
    ],
)
def test_a_key_that_would_stand_for_nothing_is_not_made(
    url: str, arguments: str, code: str
) -> None:
    before = ask(url, ALL_KEYS).json()
    answer = ask(url, f"mutation {{ createApiKey({arguments}) {{ key }} }}").json()
    assert [each["extensions"]["code"] for each in answer["errors"]] == [code]
    assert ask(url, ALL_KEYS).json() == before


def test_a_service_that_never_ran_is_503_at_once(url: str) -> None:
    answer = ask(url, "{ webhooks { nodes { id } } }")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.elapsed.total_seconds() < 2


def test_health_metrics_and_page_are_served_from_here(url: str) -> None:
    ask(url, "{ me { role } }")
    assert status(f"{url}/healthz") == 200
    metrics = httpx.get(f"{url}/metrics", trust_env=False).text
    assert 'foscao_http_requests_total{route="graphql",status="200"}' in metrics
    assert "process_resident_memory_bytes" in metrics
    page = httpx.get(
        f"{url}/", headers={"accept": "text/html"}, follow_redirects=True, trust_env=False
    )
    assert page.url.path == "/graphql"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for line in page.text.splitlines():
        for quoted in line.split('"'):
            if quoted.startswith("/static/"):
                asset = httpx.get(f"{url}{quoted}", trust_env=False)
                assert asset.status_code == 200, quoted
                assert asset.headers["x-content-type-options"] == "nosniff"
    assert status(f"{url}/static/../app.py") == 404


def test_it_ends_gracefully_and_logs_no_query(gateway: Address, tmp_path: Path) -> None:
    url, process = gateway
    httpx.get(
        f"{url}/graphql",
        params={"query": '{ places(search: "Secretville") { id } }'},
        headers={"authorization": f"Bearer {ADMIN}"},
        trust_env=False,
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    log = (tmp_path / "gateway.log").read_text()
    assert "Secretville" not in log
    assert ADMIN not in log


def test_it_starts_before_its_broker_and_database_and_says_that_it_is_not_ready(
    tmp_path: Path,
) -> None:
    port = next(each for each in reversed(list(ports.CANDIDATES)) if ports.is_free(each))
    process = start(
        port,
        tmp_path / "early.log",
        AMQP_URI="amqp://127.0.0.1:1/",
        MONGO_URI="mongodb://127.0.0.1:1/",
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: status(f"{url}/healthz") == 200, 20)
        ready = httpx.get(f"{url}/readyz", trust_env=False, timeout=10)
        assert (ready.status_code, ready.json()) == (503, {"broker": False, "database": False})
        assert ask(url, "{ me { role } }", "fhk_a_b").status_code == 503
    finally:
        process.kill()
        process.wait()


def test_a_faulty_environment_is_one_line(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k not in ("AMQP_URI", "MONGO_URI")}
    ended = subprocess.run(
        [sys.executable, "-m", "gateway"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert ended.stderr.strip() == "gateway: AMQP_URI is missing: set it in the environment"
