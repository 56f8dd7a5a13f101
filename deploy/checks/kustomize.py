"""Renders the kustomizations of this repository, offline, with nothing but PyYAML.

Owns the part of kustomize's dialect that deploy/k8s uses (resources, namespace, JSON patches with a
target, images); any other field is an error, so that nothing is silently left out. Where a real
kustomize is installed (`kubectl` or `kustomize` on the PATH), `differences` compares both.
"""

import shutil
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

_FIELDS = {"apiVersion", "kind", "namespace", "resources", "patches", "images"}
_CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "StorageClass"}
_RENDER_TIMEOUT_S = 60


class KustomizationError(Exception):
    """A kustomization that cannot be rendered; the text names the file and what is wrong."""


def render(folder: Path) -> list[Manifest]:
    """The manifests of a kustomization, in the order of its resources.

    Raises: KustomizationError for a missing or unreferenced file, an unknown field, a patch without
        a target or one that does not apply, two resources of one name.
    """
    path = folder / "kustomization.yaml"
    if not path.is_file():
        raise KustomizationError(f"{path}: no such file")
    kustomization = yaml.safe_load(path.read_text())
    unknown = set(kustomization) - _FIELDS
    if unknown:
        raise KustomizationError(f"{path}: unknown field {', '.join(sorted(unknown))}")
    patches = kustomization.get("patches", [])
    _refuse_unreferenced(folder, [*kustomization["resources"], *(p["path"] for p in patches)])

    manifests = [m for entry in kustomization["resources"] for m in _load(folder, entry)]
    for patch in patches:
        _patch(manifests, folder / patch["path"], patch["target"])
    for image in kustomization.get("images", []):
        _retag(manifests, image)
    for manifest in manifests:
        if "namespace" in kustomization and manifest["kind"] not in _CLUSTER_WIDE:
            manifest["metadata"]["namespace"] = kustomization["namespace"]
    names = [identity(manifest) for manifest in manifests]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise KustomizationError(f"{path}: defined twice: {', '.join(twice)}")
    return manifests


def differences(folder: Path, rendered: list[Manifest]) -> list[str]:
    """Where an installed kustomize renders the folder otherwise; empty if none is installed."""
    kubectl, kustomize = shutil.which("kubectl"), shutil.which("kustomize")
    if kustomize:
        command = [kustomize, "build", str(folder)]
    elif kubectl:
        command = [kubectl, "kustomize", str(folder)]
    else:
        return []
    done = subprocess.run(  # noqa: S603 - a fixed command, a path of this repository
        command, capture_output=True, text=True, timeout=_RENDER_TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        return [f"{folder}: {command[0]}: {done.stderr.strip()}"]
    real = {identity(m): m for m in yaml.safe_load_all(done.stdout)}
    own = {identity(m): m for m in rendered}
    return [
        f"{folder}: {name}: rendered otherwise by {command[0]}"
        for name in sorted(real.keys() | own.keys())
        if real.get(name) != own.get(name)
    ]


def identity(manifest: Manifest) -> str:
    """`Kind/name`, unique within one rendering."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def containers(manifest: Manifest) -> Iterator[Manifest]:
    """Every container of a workload; none for other kinds."""
    pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
    yield from pod.get("initContainers", [])
    yield from pod.get("containers", [])


def _load(folder: Path, entry: str) -> list[Manifest]:
    path = folder / entry
    if path.is_dir():
        return render(path.resolve())
    if not path.is_file():
        raise KustomizationError(f"{folder / 'kustomization.yaml'}: {entry}: no such file")
    # Through a copy: a YAML anchor would make two places of a document one object.
    return [_plain(document) for document in yaml.safe_load_all(path.read_text())]


def _plain(value: Any) -> Any:
    """A copy of a YAML value in which no two places share an object."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def _refuse_unreferenced(folder: Path, referenced: list[str]) -> None:
    present = {p.name for p in folder.glob("*.yaml")} - {"kustomization.yaml"}
    stray = present - set(referenced)
    if stray:
        path = folder / "kustomization.yaml"
        raise KustomizationError(f"{path}: not referenced: {', '.join(sorted(stray))}")


def _patch(manifests: list[Manifest], path: Path, target: dict[str, str]) -> None:
    if not path.is_file():
        raise KustomizationError(f"{path}: no such file")
    matching = [
        manifest
        for manifest in manifests
        if manifest["kind"] == target["kind"]
        and target.get("name", manifest["metadata"]["name"]) == manifest["metadata"]["name"]
    ]
    if not matching:
        raise KustomizationError(f"{path}: no resource matches its target {target}")
    for operation in yaml.safe_load(path.read_text()):
        for manifest in matching:
            try:
                _apply(manifest, operation)
            except (KeyError, IndexError, TypeError, ValueError) as error:
                where = f"{operation.get('op')} {operation.get('path')}"
                raise KustomizationError(
                    f"{path}: {where} does not apply to {identity(manifest)}"
                ) from error


def _apply(manifest: Manifest, operation: dict[str, Any]) -> None:
    """One operation of RFC 6902 (add, replace, remove); paths here hold no escaped characters."""
    *parents, last = operation["path"].strip("/").split("/")
    place: Any = manifest
    for step in parents:
        place = place[int(step)] if isinstance(place, list) else place[step]
    key: Any = int(last) if isinstance(place, list) and last != "-" else last
    match operation["op"]:
        case "add" if last == "-":
            place.append(deepcopy(operation["value"]))
        case "add" if isinstance(place, list):
            place.insert(key, deepcopy(operation["value"]))
        case "add":
            place[key] = deepcopy(operation["value"])
        case "replace":
            place[key]  # must be there
            place[key] = deepcopy(operation["value"])
        case "remove":
            del place[key]
        case other:
            raise ValueError(other)


def _retag(manifests: list[Manifest], image: dict[str, str]) -> None:
    for manifest in manifests:
        for container in containers(manifest):
            if container["image"].rsplit(":", 1)[0] == image["name"]:
                name = image.get("newName", image["name"])
                container["image"] = f"{name}:{image['newTag']}"
