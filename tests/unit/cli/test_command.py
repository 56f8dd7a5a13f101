"""What every command of `foscao` stands on: its exit codes, what it prints."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import typer

from cli import __main__ as command
from cli.outcome import Display, print_json
from operations.failure import CannotRun


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
    with Display() as display:
        display.watch("counting", 1, 2)
        assert display.aside(lambda: "yes") == "yes"
    assert capsys.readouterr() == ("", "")


def test_the_script_runs_from_anywhere_and_through_a_link(tmp_path: Path) -> None:
    script = Path(__file__).parents[3] / "foscao"
    assert os.access(script, os.X_OK)
    link = tmp_path / "foscao"
    link.symlink_to(script)
    assert os.popen(f"cd / && {link} --help").read().count("parked") >= 1


def test_new_ids_are_different_and_in_the_order_in_which_they_were_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["foscao", "id", "500"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 0
    made = capsys.readouterr().out.splitlines()
    assert len(set(made)) == 500
    assert {UUID(each).version for each in made} == {7}
    made_at = [each[:13] for each in made]  # the 48 bits of the time
    assert made_at == sorted(made_at)
