"""Owns what a bare machine needs before anything else runs: virtual environment, Debian packages.

Run by the system's Python before the virtual environment exists, so: standard library only.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells people with an older Python
    sys.exit(
        f"Python {sys.version.split()[0]} is too old: install Python 3.11 or newer, then run make "
        "with PYTHON=python3.11"
    )

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path

from deploy.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
DEBIAN_RABBITMQ_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
# Another one may be named, e.g. that of a version to be tried; its rabbitmqctl lies beside it.
RABBITMQ_SERVER = Path(os.environ.get("RABBITMQ_SERVER") or DEBIAN_RABBITMQ_SERVER)
LEAST_FREE_BYTES = 2 * 1024**3
INSTEAD = " (or set AMQP_URI and MONGO_URI to servers of yours)"

# Debian starts a service as soon as its package is there. policy-rc.d is Debian's own switch
# against it; without one of the administrator's, ours stands for the length of the installation.
# The service is disabled too, since it would take the standard port at the next boot; so is the
# name server of Erlang, which would listen on all addresses, if Erlang came with it.
INSTALL = """
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\\nexit 101\\n' > "$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
erlang=$(dpkg-query --show erlang-base 2>/dev/null || true)
apt-get -q update
apt-get -q install --yes --no-install-recommends "$@"
case " $* " in *" rabbitmq-server "*)
    update-rc.d rabbitmq-server disable
    if [ -z "$erlang" ] && command -v systemctl; then
        systemctl disable epmd.socket epmd.service || true  # no reason to refuse the rest
    fi ;;
esac
"""


def require_disk(folder: Path) -> None:
    """Raise LocalError unless 2 GB are free where `folder` is or will be."""
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free_bytes = shutil.disk_usage(existing).free
    if free_bytes < LEAST_FREE_BYTES:
        raise LocalError(
            f"only {free_bytes / 1024**3:.1f} GB free at {existing}, 2 GB are needed: free some, "
            "or set FOSCAO_HOME to a folder on another disk"
        )


def install_debian(packages: list[str], log: Path) -> None:
    """Install Debian packages as root or through sudo; their output goes to `log`.

    Raises LocalError, naming the command to run by hand, where there is no apt or no way to root.
    """
    by_hand = f"as root: apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        servers = {"rabbitmq-server", "libcurl4"} & set(packages)
        raise LocalError(
            f"missing: {', '.join(packages)}; there is no apt-get here: install with this system's "
            f"package manager{INSTEAD if servers else ''}"
        )
    command = ["sh", "-c", INSTALL, "install", *packages]
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise LocalError(f"missing: {', '.join(packages)}; not root and no sudo: run {by_hand}")
        command = ["sudo", *command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        done = subprocess.run(command, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise LocalError(f"installing {', '.join(packages)} failed (see {log}): run {by_hand}")


def missing_packages(lock: str) -> list[str]:
    """Return the Debian packages still needed, in order: the embedded broker's and database's,
    and for `dev` the browser the page is tested in."""
    missing = []
    if "AMQP_URI" not in os.environ and not RABBITMQ_SERVER.exists():
        missing.append("rabbitmq-server")
    mongod = next(VENV.glob("lib/python3*/site-packages/fiftyone/db/bin/mongod"), None)
    if "MONGO_URI" not in os.environ and mongod is not None:
        libraries = subprocess.run(["ldd", mongod], capture_output=True, text=True, check=False)
        if "libcurl.so.4 => not found" in libraries.stdout:
            missing.append("libcurl4")
    if lock == "dev" and shutil.which("chromium") is None:
        missing.append("chromium")
    return missing


def make_venv(lock: Path, log: Path) -> None:
    """Bring `.venv` to what `lock` says, hashes checked; one that is not whole is made anew."""
    python = VENV / "bin" / "python"
    whole = python.exists() and (VENV / "bin" / "pip").exists()
    if not whole:
        if importlib.util.find_spec("ensurepip") is None:
            version = "{}.{}".format(*sys.version_info[:2])
            install_debian([f"python{version}-venv"], log)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    # --no-deps: the lock is complete, and resolving it again would only cost time.
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    install = subprocess.run(
        [python, "-m", "pip", "install", *options, "--requirement", lock], check=False
    )
    if install.returncode:
        raise LocalError(
            f"installing {lock.name} failed (above): check the network to the package registry "
            "(pip's own settings apply: PIP_INDEX_URL, PIP_PROXY) and run make again"
        )


def satisfied(names: tuple[str, ...]) -> bool:
    """Return whether the venv was last built from the present text of one of these locks."""
    return any(
        stamp.exists() and stamp.read_text() == fingerprint(ROOT / f"requirements-{name}.lock")
        for name in names
        for stamp in [VENV / f".lock-{name}"]
    )


def fingerprint(lock: Path) -> str:
    """Return the lock's SHA-256, hex."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def main() -> int:
    """Set the machine up for a lock; return 0, or 1 with one line that says the remedy."""
    parser = argparse.ArgumentParser(description="Virtual environment and Debian packages.")
    parser.add_argument("lock", choices=["local", "dev"], help="dev is a superset of local")
    name = parser.parse_args().lock
    log = Path(os.environ.get("FOSCAO_HOME", ROOT / ".local")) / "logs" / "setup.log"
    try:
        if not satisfied(("dev",) if name == "dev" else ("dev", "local")):
            require_disk(ROOT)
            lock = ROOT / f"requirements-{name}.lock"
            started = time.monotonic()
            print(f"Python packages of {lock.name} ...", flush=True)
            make_venv(lock, log)
            (VENV / f".lock-{name}").write_text(fingerprint(lock))
            print(f"  ready in {time.monotonic() - started:.1f} s", flush=True)
        if packages := missing_packages(name):
            started = time.monotonic()
            print(f"Debian packages: {', '.join(packages)} ...", flush=True)
            install_debian(packages, log)
            print(f"  ready in {time.monotonic() - started:.1f} s", flush=True)
    except (LocalError, OSError, subprocess.CalledProcessError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
