"""Re-creates gateway/web/vendor from the npm registry: `python -m deploy.graphiql`.

Owns which packages, versions and files the GraphiQL page is served from. Needs npm; `npm pack`
checks what it downloads against the registry's own integrity hashes. MANIFEST.json records each
file with its package, version, licence and SHA-256.
"""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "gateway" / "web" / "vendor"
PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "graphiql": ("3.9.0", ("graphiql.min.js", "graphiql.min.css", "LICENSE")),
    "react": ("18.3.1", ("umd/react.production.min.js", "LICENSE")),
    "react-dom": ("18.3.1", ("umd/react-dom.production.min.js", "LICENSE")),
}


def update() -> None:
    """Download the packages and write their files and MANIFEST.json.

    Raises: CalledProcessError if npm fails (retryable), KeyError if a package lacks a file.
    """
    entries: list[dict[str, str]] = []
    for package, (version, files) in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / _pack(package, version, folder)
            with tarfile.open(archive) as tar:
                licence = json.loads(_member(tar, "package.json"))["license"]
                for file in files:
                    name = f"LICENSE.{package}" if file == "LICENSE" else Path(file).name
                    content = _member(tar, file)
                    (VENDOR / name).write_bytes(content)
                    entries.append(
                        {
                            "package": package,
                            "version": version,
                            "file": name,
                            "licence": licence,
                            "sha256": hashlib.sha256(content).hexdigest(),
                        }
                    )
    manifest = json.dumps({"files": entries}, indent=2)
    (VENDOR / "MANIFEST.json").write_text(f"{manifest}\n")


def _pack(package: str, version: str, folder: str) -> str:
    done = subprocess.run(  # noqa: S603 - a fixed command with the versions above
        ["npm", "pack", "--silent", "--pack-destination", folder, f"{package}@{version}"],  # noqa: S607
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.split()[-1]


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(f"package/{name}")
    if member is None:
        raise KeyError(name)
    return member.read()


if __name__ == "__main__":
    update()
