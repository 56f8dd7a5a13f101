"""Tests of the local stack start their own servers."""

import pytest


@pytest.fixture
def no_servers_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMQP_URI", raising=False)
    monkeypatch.delenv("MONGO_URI", raising=False)
