"""The local stack: private servers, least privileges, secrets, restarts, one-line remedies."""

import os
import signal
import socket
import stat
import time
from pathlib import Path

import pytest

from deploy.local import bootstrap, ports, supervisor
from deploy.local.errors import LocalError
from deploy.local.process import alive
from deploy.local.stack import ALL, Stack
from tests.stack import wait_for

# Stands in for a service or the gateway where the subject is the stack around them.
STAND_IN = """
import http.server, os, pathlib, signal, sys, time
def stop(*_):
    with open(os.environ["STOPS"], "a") as file:
        file.write(os.environ["FOSCAO_DB"] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
port = int(os.environ.get("HTTP_PORT") or os.environ["HEALTH_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.mark.usefixtures("no_servers_given")
def test_a_taken_port_a_full_disk_and_a_missing_broker_are_one_line_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal() -> str:
        with pytest.raises(LocalError) as refused:
            Stack(tmp_path, http_port=port).up()
        return str(refused.value)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal()
        assert f"port {port} is taken" in said
        assert "FOSCAO_PORT" in said
        assert "\n" not in said
    with monkeypatch.context() as patch:
        patch.setattr("deploy.local.broker.RABBITMQ_SERVER", tmp_path / "absent")
        assert "make setup" in refusal()
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "LEAST_FREE_BYTES", 2**62)
        said = refusal()
        assert "GB free" in said
        assert "FOSCAO_HOME" in said


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the processes run: stand-ins for the services and the gateway; `stops` lists ends."""
    code = tmp_path / "code"
    for name in ALL:
        package = code / (name if name == "gateway" else f"services/{name}")
        package.mkdir(parents=True)
        (package / "__main__.py").write_text(STAND_IN)
    monkeypatch.setattr(supervisor, "ROOT", code)
    monkeypatch.setenv("STOPS", str(code / "stops"))
    return code


@pytest.mark.usefixtures("no_servers_given")
def test_a_stack_comes_up_heals_stops_in_order_and_comes_back_the_same(
    tmp_path: Path, stand_ins: Path
) -> None:
    stack = Stack(tmp_path / "home")
    steps: list[str] = []
    stack.up(lambda name, seconds: steps.append(name) if seconds else None, dies_with_parent=True)
    try:
        first = {each.name: each.pid for each in stack.processes()}
        assert first.keys() == {"epmd", "broker", "database", *ALL}
        assert len(steps) == 3 + len(ALL)
        env_file = stack.home / "hub.env"
        written = env_file.read_text()
        assert written == f"HUB_URL={stack.hub_url}\nHUB_ADMIN_KEY={stack.admin_key}\n"
        assert stat.S_IMODE(env_file.stat().st_mode) == 0o600

        Stack(tmp_path / "home").up()  # up already: nothing is started anew
        assert {each.name: each.pid for each in stack.processes()} == first

        killed = first["activities"]
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: not alive(killed) and stack.ready("activities"), 30)
    finally:
        pids = [each.pid for each in stack.processes() if each.pid]
        stack.down()
    assert not any(alive(pid) for pid in pids)
    stops = (stand_ins / "stops").read_text().split()
    assert stops[0] == "gateway"
    assert sorted(stops[1:]) == sorted(name for name in ALL if name != "gateway")

    started = time.monotonic()
    stack.up(dies_with_parent=True)
    try:
        assert time.monotonic() - started < 20
        assert env_file.read_text() == written
    finally:
        stack.down()


@pytest.mark.usefixtures("no_servers_given")
def test_a_service_that_does_not_start_is_named_with_its_last_words_and_nothing_stays_up(
    tmp_path: Path, stand_ins: Path
) -> None:
    (stand_ins / "services/reporting/__main__.py").write_text("raise SystemExit('no ledger')")
    home = tmp_path / "home"
    stack = Stack(home, services=("reporting",))
    with pytest.raises(LocalError, match=r"reporting ended: see .*reporting\.log \(no ledger\)"):
        stack.up(dies_with_parent=True)
    assert stack.processes() == []
    claimed = [
        port for file in home.glob("run/*.ports.json") for port in ports.saved(file).values()
    ]
    wait_for(lambda: not any(ports.is_open(port) for port in claimed), 30)
