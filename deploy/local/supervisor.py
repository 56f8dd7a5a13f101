"""Owns the supervision of a stack's programs: supervisord's configuration, and talking to it."""

import hashlib
import http.client
import os
import shlex
import subprocess
import sys
import tempfile
import xmlrpc.client
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from deploy.local import process
from deploy.local.bootstrap import ROOT
from deploy.local.credentials import write_private
from deploy.local.errors import LocalError

MAX_SOCKET_PATH = 90  # sun_path holds 107 bytes (unix(7)), and supervisord appends its pid


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process. Groups stop from the highest `priority` down, one after the other."""

    name: str
    group: str
    priority: int
    command: Sequence[str]
    env: Mapping[str, str]
    autostart: bool
    stop_timeout_s: int


@dataclass(frozen=True, slots=True)
class ProcessState:
    """A program as it is now; `pid` and `since` (UTC) are None where it does not run."""

    name: str
    state: str
    pid: int | None
    since: datetime | None

    @property
    def gave_up(self) -> bool:
        """Whether it ended and nobody will start it again."""
        return self.state in ("FATAL", "EXITED", "STOPPED")


class Supervisor:
    """The supervisord of one stack, reached through a socket that only its owner may use."""

    def __init__(self, run: Path, log_dir: Path) -> None:
        self.log = log_dir / "supervisor.log"
        self._log_dir = log_dir
        self._config = run / "supervisord.conf"
        self._pid_file = run / "supervisord.pid"
        self._socket = run / "supervisor.sock"
        if len(os.fsencode(self._socket)) > MAX_SOCKET_PATH:
            mark = hashlib.sha256(os.fsencode(self._socket)).hexdigest()[:16]
            self._socket = Path(tempfile.gettempdir()) / f"foscao-{mark}.sock"
        self._child: subprocess.Popen[bytes] | None = None

    def launch(self, programs: Iterable[Program], *, dies_with_parent: bool) -> None:
        """Start supervisord with these programs; return once it answers, autostarts under way."""
        write_private(self._config, self._configuration(list(programs)))
        self._child = child = process.spawn(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self._config)],
            self._log_dir / "supervisor.out",
            {},
            dies_with_parent=dies_with_parent,
        )
        process.wait_until(
            self.running, "supervisord", self.log, failed=lambda: child.poll() is not None
        )

    def running(self) -> bool:
        """Return whether this stack's supervisord answers."""
        try:
            self._rpc().getState()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False
        return True

    def start(self, group: str) -> None:
        """Ask for every program of the group to run; those that do are left alone."""
        self._rpc().startProcessGroup(group, False)

    def processes(self) -> list[ProcessState]:
        """Return every program's state, in starting order; none if supervisord does not run."""
        if not self.running():
            return []
        infos: list[dict[str, Any]] = self._rpc().getAllProcessInfo()
        return [
            ProcessState(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"] or None,
                since=datetime.fromtimestamp(info["start"], UTC) if info["pid"] else None,
            )
            for info in infos
        ]

    def gave_up(self, name: str) -> bool:
        """Return whether the named program (or supervisord itself) ended for good."""
        states = {each.name: each for each in self.processes()}
        return name not in states or states[name].gave_up

    def shutdown(self, timeout_s: float = 120) -> None:
        """Stop all programs in order, then supervisord; return when they are gone.

        Raises: LocalError: something still runs after `timeout_s`.
        """
        if not self.running():
            return
        pid: int = self._rpc().getPID()
        self._rpc().shutdown()
        process.wait_until(
            lambda: not process.alive(pid), "stopping", self.log, timeout_s=timeout_s
        )
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        # The address is a formality: the transport goes to the socket.
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def _configuration(self, programs: list[Program]) -> str:
        sections = [
            f"[unix_http_server]\nfile = {self._socket}\nchmod = 0700",
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = "
            "supervisor.rpcinterface:make_main_rpcinterface",
            f"[supervisord]\nlogfile = {self.log}\nlogfile_maxbytes = 5MB\nlogfile_backups = 2\n"
            f"pidfile = {self._pid_file}\numask = 077\nsilent = true",
        ]
        groups: dict[str, list[Program]] = {}
        for program in programs:
            groups.setdefault(program.group, []).append(program)
            sections.append(self._program(program))
        sections += [
            f"[group:{name}]\nprograms = {','.join(each.name for each in members)}\n"
            f"priority = {members[0].priority}"
            for name, members in groups.items()
        ]
        return "\n\n".join(sections) + "\n"

    def _program(self, program: Program) -> str:
        # With supervisord killed outright, its programs end too and free their ports and locks.
        command = shlex.join([*process.DIES_WITH_PARENT, *program.command]).replace("%", "%%")
        environment = ",".join(f"{key}={_quoted(value)}" for key, value in program.env.items())
        return (
            f"[program:{program.name}]\ncommand = {command}\ndirectory = {ROOT}\n"
            f"environment = {environment}\n"
            f"priority = {program.priority}\nautostart = {str(program.autostart).lower()}\n"
            "autorestart = true\nstartsecs = 1\nstartretries = 3\n"
            f"stopwaitsecs = {program.stop_timeout_s}\nkillasgroup = true\n"
            f"redirect_stderr = true\nstdout_logfile = {self._log_dir / program.name}.log\n"
            "stdout_logfile_maxbytes = 10MB\nstdout_logfile_backups = 3"
        )


def _quoted(value: str) -> str:
    if "\n" in value:
        raise LocalError("a setting of the environment has a line break in it: take it out")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
