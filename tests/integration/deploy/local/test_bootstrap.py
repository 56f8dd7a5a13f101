"""Whatever the machine lacks is named in one line, with the remedy."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import bootstrap
from deploy.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[4]


def test_without_apt_or_root_the_missing_package_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(LocalError, match=r"rabbitmq-server.*no apt-get.*AMQP_URI"):
        bootstrap.install_debian(["rabbitmq-server"], tmp_path / "log")
    monkeypatch.setattr("shutil.which", lambda name: name if name == "apt-get" else None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LocalError, match="no sudo: run as root: apt-get install rabbitmq-server"):
        bootstrap.install_debian(["rabbitmq-server"], tmp_path / "log")


def test_only_developers_are_given_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert "chromium" in bootstrap.missing_packages("dev")
    assert "chromium" not in bootstrap.missing_packages("local")
    with pytest.raises(LocalError, match=r"^missing: chromium; .* package manager$"):
        bootstrap.install_debian(["chromium"], tmp_path / "log")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert "chromium" not in bootstrap.missing_packages("dev")


def test_a_python_that_is_too_old_is_told_so_in_one_line() -> None:
    source = (ROOT / "deploy" / "local" / "bootstrap.py").read_text()
    code = f"import sys; sys.version_info = (3, 9, 2); exec({source!r})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "install Python 3.11" in run.stderr
