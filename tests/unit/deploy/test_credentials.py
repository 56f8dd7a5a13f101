"""Credentials are generated whole, private to their owner, and never overwritten."""

import base64
import hashlib
import stat
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from deploy import credentials
from deploy.validate import ROOT
from shared import access


def test_compose_files_are_private_to_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    credentials.write_compose(credentials.generate(), folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes.keys() == credentials.compose_files().keys()
    assert {modes[name] for name in modes if name.endswith(".env")} == {0o600}
    assert not any(mode & 0o022 for mode in modes.values())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    credentials.write_compose(credentials.generate(), tmp_path / "compose")
    credentials.write_k8s(credentials.generate(), tmp_path / "k8s")
    before = (tmp_path / "k8s" / "secrets.yaml").read_bytes()
    with pytest.raises(FileExistsError):
        credentials.write_compose(credentials.generate(), tmp_path / "compose")
    with pytest.raises(FileExistsError):
        credentials.write_k8s(credentials.generate(), tmp_path / "k8s")
    assert (tmp_path / "k8s" / "secrets.yaml").read_bytes() == before


def test_the_command_says_in_one_line_what_is_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert credentials.main(["k8s", str(tmp_path)]) == 0
    assert credentials.main(["k8s", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_secrets_are_valid_manifests_with_keys_of_the_right_size(tmp_path: Path) -> None:
    made = credentials.generate()
    credentials.write_k8s(made, tmp_path)
    documents = list(yaml.safe_load_all((tmp_path / "secrets.yaml").read_text()))
    for document in documents:
        kubernetes_validate.validate(document, "1.30", strict=True)
    data = {document["metadata"]["name"]: document["stringData"] for document in documents}
    assert len(base64.b64decode(data["participants"]["master-key"])) == 96
    assert len(base64.b64decode(data["notifications"]["webhook-key"])) == 32
    digest = hashlib.sha256(made.admin_key.encode()).hexdigest()
    assert data["gateway"]["hub-admin-key-sha256"] == digest
    assert made.admin_key not in (tmp_path / "secrets.yaml").read_text()
    assert stat.S_IMODE((tmp_path / "secrets.yaml").stat().st_mode) == 0o600


def test_every_user_of_the_broker_has_a_database_of_its_own() -> None:
    assert {*access.DATABASES, access.OPERATOR} == access.PERMISSIONS.keys()
    owned = [name for names in access.DATABASES.values() for name in names]
    assert len(owned) == len(set(owned))


def test_the_compose_folder_is_ignored_by_git() -> None:
    ignored = (ROOT / "deploy" / "compose" / ".gitignore").read_text().split()
    assert "secrets/" in ignored
