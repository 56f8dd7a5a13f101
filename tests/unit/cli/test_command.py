"""What every command of `foscao` stands on: its settings, its exit codes, what it prints."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from cli import __main__ as command
from cli import parked
from cli.outcome import print_json, progress
from cli.parked import Row
from cli.settings import Settings
from operations.failure import CannotRun


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


class Failing:
    def register(self, app: typer.Typer) -> None:
        @app.command()
        def fail() -> None:
            raise CannotRun("the moon [is] in the way")


def test_what_cannot_run_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "COMMANDS", (Failing(),))
    monkeypatch.setattr("sys.argv", ["foscao", "fail"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "foscao: the moon [is] in the way\n")


def test_every_command_has_a_name_of_its_own_and_a_help_text() -> None:
    group = typer.main.get_group(command.application())
    assert "parked" in group.commands
    assert len(group.commands) >= len(command.COMMANDS)
    assert all(each.get_short_help_str() for each in group.commands.values())


def test_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"at": datetime(2026, 11, 23, 7, 0, tzinfo=UTC), "n": 1})
    assert json.loads(capsys.readouterr().out) == {"at": "2026-11-23T07:00:00Z", "n": 1}


def test_progress_says_nothing_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as shown:
        shown.advance(shown.add_task("counting", total=2))
    assert capsys.readouterr() == ("", "")


def test_the_script_runs_from_anywhere_and_through_a_link(tmp_path: Path) -> None:
    script = Path(__file__).parents[3] / "foscao"
    assert os.access(script, os.X_OK)
    link = tmp_path / "foscao"
    link.symlink_to(script)
    assert os.popen(f"cd / && {link} --help").read().count("parked") >= 1


def test_what_goes_along_with_another_is_not_sent_twice() -> None:
    def row(id: str, waits_for: str | None, state: str = "parked", service: str = "s") -> Row:
        return {"id": id, "waitsFor": waits_for, "state": state, "service": service}

    alone, other = row("4", "0"), row("2", "1", service="t")
    given_up = row("3", "1", state="discarded")  # only what is parked goes along by itself
    rows = [row("1", None), row("2", "1"), given_up, alone, other]
    assert parked.leading(rows) == [rows[0], given_up, alone, other]
