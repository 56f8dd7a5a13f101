"""Keys and passwords that others can read, or that are spoilt, are found."""

from __future__ import annotations

from pathlib import Path

from deploy.local.stack import Stack
from operations.doctor import machine
from operations.doctor.finding import Severity
from tests.integration.operations.doctor.doctor_world import faults, mode


def test_a_key_others_can_read_is_found(stack: Stack) -> None:
    with mode(stack.home / "secrets" / "webhook.key", 0o644):
        assert faults(stack) == {("key", "webhook.key")}


def test_a_password_others_can_read_is_found(stack: Stack) -> None:
    with mode(stack.home / "operator.env", 0o640):
        assert faults(stack) == {("secret", "operator.env")}


def test_a_key_cut_short_is_found(stack: Stack) -> None:
    path = stack.home / "secrets" / "master.key"
    whole = path.read_text()
    path.write_text(whole[:64])
    try:
        assert faults(stack) == {("key", "master.key")}
    finally:
        path.write_text(whole)


def test_a_key_mounted_readable_in_a_private_folder_is_well(tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir(mode=0o700)
    (folder / "key").write_text("x" * 128)
    (folder / "key").chmod(0o444)
    found = machine.check(tmp_path, {"FOSCAO_MASTER_KEY_FILE": str(folder / "key")})
    assert ("key", "master.key") in {
        (each.check, each.subject) for each in found if each.severity is Severity.OK
    }
