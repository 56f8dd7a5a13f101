"""Owns the commands for people: `python -m deploy.local up|down|reset|status|logs|demo`."""

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.bootstrap import ROOT
from deploy.local.errors import LocalError
from deploy.local.stack import Stack


def main() -> int:
    """Run one command; return its exit code, 1 with one line on standard error for a LocalError."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local", description="The hub on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start database, broker, services and gateway")
    up.add_argument(
        "--servers", action="store_true", help="only database and broker, to restore a backup"
    )
    commands.add_parser("down", help="stop them; the data stays")
    reset = commands.add_parser("reset", help="stop them and delete the data")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    commands.add_parser("status", help="show each process and whether it is ready")
    logs = commands.add_parser("logs", help="follow the logs; Ctrl-C ends")
    logs.add_argument("name", nargs="?", default="*", help="of one process only")
    commands.add_parser("demo", help="up, then push the Sikasso programme and show its figures")
    args = parser.parse_args()
    try:
        stack = Stack(_home(), http_port=_http_port())
        match args.command:
            case "up" if args.servers:
                _up_servers(_home())
            case "up":
                _up(stack)
            case "down":
                stack.down()
                print(f"Stopped. The data stays in {stack.home}; `make up` continues with it.")
            case "reset":
                return _reset(stack, sure=args.yes)
            case "status":
                return _status(stack)
            case "logs":
                _logs(stack, args.name)
            case "demo":
                _up(stack)
                return _demo(stack)
    except LocalError as error:
        print(f"{args.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{args.command}: interrupted", file=sys.stderr)
        return 130
    return 0


def _home() -> Path:
    return Path(os.environ.get("FOSCAO_HOME", ROOT / ".local"))


def _http_port() -> int | None:
    text = os.environ.get("FOSCAO_PORT")
    if text is None:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LocalError(f"FOSCAO_PORT is {text!r}: set it to a port from 1 to 65535, or unset it")
    return int(text)


def _up(stack: Stack) -> None:
    if any(each.state == "RUNNING" for each in stack.processes()):
        print("Already up; checking each part.")
    started = datetime.now(UTC)
    try:
        stack.up(_show)
    except BaseException:  # whatever it is, what is said next begins on a line of its own
        print()
        raise
    took_s = (datetime.now(UTC) - started).total_seconds()
    print(
        f"Up in {took_s:.1f} s.\n\n"
        f"  GraphQL, for programs and people   {stack.hub_url}/graphql\n"
        f"  Metrics                            {stack.hub_url}/metrics\n"
        f"  Address and administrator's key    {stack.home / 'hub.env'}\n"
        f"  Logs                               {stack.log_dir}  (make logs)\n",
        flush=True,
    )


def _up_servers(home: Path) -> None:
    """Raises LocalError if anything runs: services may not work while a backup is put back."""
    stack = Stack(home, services=())
    if stack.processes():
        raise LocalError("it is up: run `make down` first")
    stack.up(_show)
    print("Database and broker are up; `make down` before `make up`.")


def _show(step: str, seconds: float | None) -> None:
    if seconds is None:
        print(f"  {step:<34}", end="", flush=True)
    else:
        print(f"{seconds:6.1f} s", flush=True)


def _reset(stack: Stack, *, sure: bool) -> int:
    if not sure:
        if not sys.stdin.isatty():
            raise LocalError("nobody is there to ask: add --yes to delete the data")
        print(f"This deletes all data, logs and keys in {stack.home}, for good.")
        if input("Type yes to go on: ").strip().lower() != "yes":
            print("Nothing was deleted.")
            return 1
    stack.reset()
    print("Deleted.")
    return 0


def _status(stack: Stack) -> int:
    processes = stack.processes()
    if not processes:
        print("Down. `make up` starts it.")
        return 1
    print(f"{'process':<15}{'state':<11}{'pid':>8}  {'since (UTC)':<21}ready")
    all_ready = True
    for each in processes:
        ready = each.pid is not None and stack.ready(each.name)
        all_ready &= ready
        since = f"{each.since:%Y-%m-%d %H:%M:%S}" if each.since else "-"
        pid = each.pid or "-"
        print(f"{each.name:<15}{each.state:<11}{pid:>8}  {since:<21}{'yes' if ready else 'NO'}")
    print(f"\n{stack.hub_url}")
    return 0 if all_ready else 1


def _logs(stack: Stack, name: str) -> None:
    files = sorted(stack.log_dir.glob(f"{name}.log"))
    if not files:
        raise LocalError(f"no log {name}.log in {stack.log_dir}: `make status` shows the names")
    os.execvp("tail", ["tail", "-n", "50", "-F", *map(str, files)])  # noqa: S606 - follow them


def _demo(stack: Stack) -> int:
    env = {**os.environ, "HUB_URL": stack.hub_url, "HUB_ADMIN_KEY": stack.admin_key}
    command = [sys.executable, "-m", "demo.sikasso"]
    return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
