"""The entry and the health check of the image, run as the image runs them."""

import json
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.validate import ROOT
from shared.access import SERVICES


def entry() -> list[str]:
    found = re.search(r"^ENTRYPOINT (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    command: list[str] = json.loads(found.group(1))
    return command


def test_the_entry_becomes_the_service_itself(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text("import os, sys; print(os.getpid(), __name__)")
    environment = {
        "SERVICE": "probe",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with subprocess.Popen(
        entry(), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        output, _ = process.communicate(timeout=30)
    assert output.split() == [str(process.pid), "__main__"]


@pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (503, 1), (None, 1)])
@pytest.mark.parametrize("service", ["gateway", "services.reporting"])
def test_the_health_check_tells_what_healthz_answers(
    status: int | None, exit_code: int, service: str
) -> None:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if status and self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        port = str(server.server_port)
        Thread(target=server.serve_forever, daemon=True).start()
        if status is None:
            server.shutdown()
            server.server_close()
        ports = (
            ("HTTP_PORT", "HEALTH_PORT")
            if service == "gateway"
            else (
                "HEALTH_PORT",
                "HTTP_PORT",
            )
        )
        done = subprocess.run(
            [sys.executable, "-m", "deploy.healthcheck"],
            cwd=ROOT,
            env={"SERVICE": service, ports[0]: port, ports[1]: "1"},
            capture_output=True,
            timeout=30,
            check=False,
        )
        server.shutdown()
    assert done.returncode == exit_code


@pytest.mark.parametrize(
    ("image", "module"),
    [
        ("cli", "cli.__main__"),
        ("gateway", "gateway.__main__"),
        *((f"services.{each}", f"services.{each}.service") for each in SERVICES),
    ],
)
def test_an_image_carries_all_that_its_process_imports(
    image: str, module: str, tmp_path: Path
) -> None:
    text = (ROOT / "Dockerfile").read_text()
    [step] = re.findall(r"^RUN (room=.*?[^\\])$", text, re.MULTILINE | re.DOTALL)
    script = step.replace("\\\n", "").replace("/app", str(tmp_path / "app"))
    script = script[: script.rindex("/venv/bin/python -m compileall")] + "true"
    subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={"SERVICE": image, "PATH": os.environ["PATH"]},
        check=True,
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=tmp_path / "app",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_the_image_copies_is_let_into_the_build() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
    assert {name for line in copied for name in line.split()} == allowed
