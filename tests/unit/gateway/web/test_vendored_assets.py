"""The page loads what is vendored, as it was taken, and keeps the key in memory alone."""

import hashlib
import json
import re

from deploy.validate import ROOT

VENDOR = ROOT / "gateway" / "web" / "vendor"


def test_the_manifest_tells_each_file_and_its_hash() -> None:
    manifest = json.loads((VENDOR / "MANIFEST.json").read_text())
    files = {entry["file"]: entry for entry in manifest["files"]}
    present = {path.name for path in VENDOR.iterdir() if path.is_file()}
    assert present - {"MANIFEST.json", "update.py"} == files.keys()
    for name, entry in files.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["licence"] == "MIT"
        assert entry["package"]
        assert entry["version"]


def test_the_page_loads_only_vendored_files_and_no_inline_script() -> None:
    page = (ROOT / "gateway" / "web" / "graphiql.html").read_text()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    for reference in loaded:
        assert reference.startswith("/static/")
        assert (ROOT / "gateway" / "web" / reference.removeprefix("/static/")).is_file()
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|<style|\sstyle=", page)


def test_the_key_is_kept_in_memory_alone() -> None:
    script = (ROOT / "gateway" / "web" / "graphiql.js").read_text()
    assert "localStorage" not in script
    assert "sessionStorage" not in script
    assert "document.cookie" not in script
