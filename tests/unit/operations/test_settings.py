"""Where the hub is and how an operator reaches it: told by the environment, else by a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.failure import CannotRun
from operations.settings import Settings


def test_the_environment_wins_over_the_file_and_blanks_count_as_absent(tmp_path: Path) -> None:
    (tmp_path / "operator.env").write_text(
        "# by hand\nHUB_URL=http://file\nHUB_ADMIN_KEY = k=y==\nOPERATOR_AMQP_URI=amqp://file\n"
    )
    settings = Settings.load(
        {"FOSCAO_HOME": str(tmp_path), "HUB_URL": "http://given", "OPERATOR_AMQP_URI": ""}
    )
    assert settings.hub_url == "http://given"
    assert settings.hub_admin_key == "k=y=="
    assert settings.amqp_uri == "amqp://file"


def test_what_is_missing_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"OPERATOR_MONGO_URI is missing: .*operator\.env"):
        _ = Settings.load({"FOSCAO_HOME": str(tmp_path)}).mongo_uri


def test_a_file_that_cannot_be_read_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "operator.env").write_bytes(b"HUB_URL=\xff\xfe")
    with pytest.raises(CannotRun, match="cannot be read: UnicodeDecodeError"):
        Settings.load({"FOSCAO_HOME": str(tmp_path)})


def test_settings_show_no_secret(tmp_path: Path) -> None:
    settings = Settings.load({"FOSCAO_HOME": str(tmp_path), "HUB_ADMIN_KEY": "hush"})
    assert "hush" not in repr(settings)


def test_the_ladder_is_the_services_own_unless_the_operator_says_otherwise(tmp_path: Path) -> None:
    home = {"FOSCAO_HOME": str(tmp_path)}
    assert Settings.load(home).retry_delays_s == (1, 5, 60, 600)
    assert Settings.load({**home, "RETRY_DELAYS_S": "0.5, 2"}).retry_delays_s == (0.5, 2)
    with pytest.raises(CannotRun, match="RETRY_DELAYS_S must be numbers"):
        _ = Settings.load({**home, "RETRY_DELAYS_S": "soon"}).retry_delays_s
