"""Tries the bus on the brokers of other Debian suites: `make brokers`.

    python -m tests.brokers trixie sid

Makes a tree of each suite with mmdebstrap and this machine's own mirror, runs the tests of the bus
with the broker in it as the embedded one, and removes all of it again. A suite of which no tree can
be made (not root, no mmdebstrap, no Debian, no network) is skipped, with the reason. Exit status 1
if a test failed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.local.bootstrap import DEBIAN_RABBITMQ_SERVER

ROOT = Path(__file__).resolve().parents[1]
# What the broker is asked for, as the users of a deployment, and the whole hub once.
TESTS: Final = (
    "integration/shared/bus",
    "integration/shared/host/test_rpc.py",
    "integration/gateway/calls",
    "integration/deploy/test_backends.py",
    "integration/operations/archive/test_restore_broker.py",
    "integration/operations/doctor",
    "e2e/test_main_job.py",
)
# The node sees its own tree, and of this machine its processes, its devices and the tests' folder.
# All is mounted in a namespace that ends with the node.
IN_TREE: Final = """#!/bin/sh
exec unshare --mount sh -c '
set -e
tree=$1 shared=$2 program=$3
shift 3
mkdir -p "$tree$shared"
mount --rbind /proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --bind "$shared" "$tree$shared"
exec chroot "$tree" "$program" "$@"
' sh {places} "$@"
"""


class CannotMake(Exception):
    """There can be no tree of a suite here; the text says why."""


def mirror() -> str:
    """Where this machine's apt has Debian from. Raises: CannotMake."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    wanted = ["Created-By: Packages", "Label: Debian"]
    found = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    if not found.stdout:
        raise CannotMake("apt knows no Debian mirror here (apt-get update?)")
    return found.stdout.split()[0]


def make_tree(suite: str, tree: Path) -> str:
    """Make the tree of a suite; returns the version of the broker in it. Raises: CannotMake."""
    if os.geteuid() != 0:
        raise CannotMake("only root can make a tree and enter it")
    for program in ("apt-get", "mmdebstrap", "unshare", "chroot"):
        if shutil.which(program) is None:
            raise CannotMake(f"there is no {program} here")
    made = subprocess.run(
        [
            *("mmdebstrap", "--mode=root", "--variant=minbase", "--include=rabbitmq-server"),
            '--aptopt=Acquire::Check-Valid-Until "false"',  # a mirror may be of a day long gone
            *(suite, str(tree), f"deb {mirror()} {suite} main"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if made.returncode:
        reasons = [line for line in made.stderr.splitlines() if line.startswith("E: ")]
        raise CannotMake(f"mmdebstrap: {reasons[0] if reasons else 'failed'}")
    (tree / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
    query = ["chroot", str(tree), "dpkg-query", "--show", "--showformat=${Version}"]
    return subprocess.check_output([*query, "rabbitmq-server"], text=True)


def run_tests(tree: Path, folder: Path) -> bool:
    """Run the tests of the bus on the tree's broker, in `folder`; returns whether all passed."""
    programs, run = folder / "programs", folder / "run"
    programs.mkdir()
    run.mkdir()
    for name in ("rabbitmq-server", "rabbitmqctl"):
        inside = DEBIAN_RABBITMQ_SERVER.with_name(name)
        places = shlex.join(map(str, (tree, run, inside)))
        (programs / name).write_text(IN_TREE.format(places=places))
        (programs / name).chmod(0o755)
    environment = {**os.environ, "RABBITMQ_SERVER": str(programs / "rabbitmq-server")}
    environment.pop("AMQP_URI", None)  # would be tried instead
    files = [str(ROOT / "tests" / each) for each in TESTS]
    command = [sys.executable, "-m", "pytest", "-q", f"--basetemp={run / 'tests'}", *files]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def main(suites: list[str]) -> int:
    failed = []
    for suite in suites:
        with tempfile.TemporaryDirectory(prefix=f"{suite}-") as folder:
            tree = Path(folder) / "tree"
            try:
                version = make_tree(suite, tree)
            except CannotMake as why:
                print(f"{suite}: skipped: {why}", flush=True)
                continue
            print(f"{suite}: RabbitMQ {version}", flush=True)
            if not run_tests(tree, Path(folder)):
                failed.append(suite)
    if failed:
        print(f"failed on the brokers of: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
