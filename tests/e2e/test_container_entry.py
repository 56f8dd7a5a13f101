"""The image's own entry command and health check start, prove and end each real service."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.stack import ALL, Stack
from tests.stack import wait_for

ROOT = Path(__file__).parents[2]
# What the image sets: PATH leads to its virtual environment.
IMAGE_ENV = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}


def instruction(name: str) -> list[str]:
    """The JSON form of a Dockerfile instruction."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    [found] = re.findall(rf"^{name}[^\[\n]*(?:\\\n[^\[\n]*)*(\[.*\])$", text, re.MULTILINE)
    command: list[str] = json.loads(found)
    return command


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def container(
    stack: Stack, name: str, log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    port = str(free_port())
    env = IMAGE_ENV | stack.env(name) | {"HTTP_PORT": port, "HEALTH_PORT": port}
    env["SERVICE"] = name if name == "gateway" else f"services.{name}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            instruction("ENTRYPOINT"), cwd=ROOT, env=env, stdout=output, stderr=output
        )
    try:
        yield process, env
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", ALL)
def test_a_service_starts_is_healthy_and_ends_in_order(
    stack: Stack, name: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with container(stack, name, log) as (process, env):

        def healthy() -> bool:
            assert process.poll() is None, log.read_text()
            check = subprocess.run(
                instruction("HEALTHCHECK"), cwd=ROOT, env=env, capture_output=True, timeout=10
            )
            return check.returncode == 0

        wait_for(healthy, 30)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=35) == 0, log.read_text()
