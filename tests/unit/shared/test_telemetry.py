"""A log line holds what is named, and nobody's data, whoever writes it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.telemetry import set_up_logging

SECRET = "Aminata Traoré"


@pytest.fixture
def lines() -> Iterator[Any]:
    root = logging.getLogger()
    before, level, written = list(root.handlers), root.level, io.StringIO()
    set_up_logging("participants", "DEBUG")
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


def test_our_own_line_says_when_who_and_what(lines: Any) -> None:
    logging.getLogger("services.participants.watch").warning("next attempt in %.1f s", 0.2)
    [line] = lines()
    assert line.pop("time")
    assert line == {
        "level": "WARNING",
        "name": "services.participants.watch",
        "message": "next attempt in 0.2 s",
        "service": "participants",
    }


def test_what_hangs_on_a_record_is_left_out(lines: Any) -> None:
    extra = {"person": SECRET, "taskName": SECRET}
    logging.getLogger("shared.bus.relay").error("failed", extra=extra, stack_info=True)
    [line] = lines()
    assert set(line) == {"time", "level", "name", "message", "service"}
    assert SECRET not in json.dumps(line, ensure_ascii=False)


def test_a_librarys_words_are_told_without_what_fills_them_in(lines: Any) -> None:
    library = logging.getLogger("some.library")
    library.warning("cannot parse %r of %s", SECRET, "people")
    library.warning(f"cannot parse {SECRET}")
    template, filled_in = lines()
    assert template["message"] == "cannot parse %r of %s"
    assert filled_in["message"].startswith("test_telemetry, line ")
    assert SECRET not in json.dumps([template, filled_in], ensure_ascii=False)


@pytest.mark.parametrize("name", ["shared.host.runner", "asyncio"])
def test_an_error_is_told_by_its_frames_and_types(lines: Any, name: str) -> None:
    def fail() -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise Unavailable("DATABASE_UNAVAILABLE") from error

    try:
        fail()
    except Unavailable:
        logging.getLogger(name).exception("it failed: %s", "why")
    [line] = lines()
    assert "KeyError" in line["exc_info"]
    assert "DATABASE_UNAVAILABLE" in line["exc_info"]
    assert "in fail" in line["exc_info"]
    assert SECRET not in json.dumps(line, ensure_ascii=False)
