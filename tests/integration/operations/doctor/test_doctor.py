"""`foscao doctor` against a whole running hub: all well, then one thing broken at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from deploy.local.stack import Stack
from operations.doctor import node
from operations.doctor.examining import Room, examine
from operations.doctor.finding import Severity
from operations.settings import Settings
from tests.integration.operations.doctor.doctor_world import ALWAYS, DELAYS_S, mode, named

ROOT = Path(__file__).resolve().parents[4]


def command(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "doctor", *words],
        cwd=ROOT,
        env={**os.environ, "FOSCAO_HOME": str(stack.home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_healthy_hub_has_no_fault_and_one_warning(stack: Stack) -> None:
    done = command(stack, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["counts"]["fault"] == 0
    worse = {(e["check"], e["subject"]) for e in report["findings"] if e["severity"] != "ok"}
    assert worse == ALWAYS
    looked_for = {each["check"] for each in report["findings"]}
    assert looked_for >= {
        *("member-health", "write-concern", "version", "clock", "disk", "index"),
        *("database-user", "database-role", "lease", "outbox", "parked", "revoked", "seal"),
        *("broker-version", "exchange", "queue", "alarm", "broker-user", "policy", "binding"),
        *("broker-disk", "key", "libraries"),
    }


def test_without_the_brokers_tool_it_says_what_it_cannot_check(stack: Stack) -> None:
    settings = Settings.load({"FOSCAO_HOME": str(stack.home), "RABBITMQCTL": "no-such-program"})
    found = list(node.check(settings.rabbitmqctl, DELAYS_S))
    assert named(found, Severity.WARNING) == {("broker-tools", "rabbitmqctl")}


def test_a_fault_is_told_with_its_risk_and_its_remedy_and_ends_with_1(stack: Stack) -> None:
    with mode(stack.home / "secrets" / "master.key", 0o644):
        done = command(stack)
    assert done.returncode == 1
    assert "FAULT    key master.key" in done.stdout
    assert "every user of this machine can read the key" in done.stdout
    assert "chmod 600" in done.stdout


def test_one_side_is_looked_at_alone_and_needs_nothing_of_the_others(tmp_path: Path) -> None:
    settings = Settings.load({"FOSCAO_HOME": str(tmp_path), "RABBITMQCTL": "no-such-program"})
    assert {each.check for each in examine(settings, [Room.BROKER])} == {"broker-tools"}


def test_what_is_not_set_ends_with_2_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "doctor"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("OPERATOR_")}
        | {"FOSCAO_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
