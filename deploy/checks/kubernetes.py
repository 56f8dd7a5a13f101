"""Checks deploy/k8s: schemas, and the policies this project holds every workload to.

Owns the rules: what a pod must declare before it may be deployed, that every reference inside a
rendering leads somewhere, and that no secret stands in a manifest.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import kubernetes_validate

from deploy.checks.kustomize import (
    KustomizationError,
    Manifest,
    containers,
    differences,
    identity,
    render,
)
from deploy.checks.names import looks_secret
from deploy.credentials import Credentials, k8s_secrets

OLDEST_KUBERNETES = "1.30"
FOLDERS = ("deploy/k8s/base", "deploy/k8s/overlays/small")


def check(root: Path) -> list[str]:
    """One line for each finding in the kustomizations below `root`; empty if all is well."""
    return [finding for folder in FOLDERS for finding in _check_folder(root / folder)]


def _check_folder(folder: Path) -> list[str]:
    try:
        manifests = render(folder)
    except KustomizationError as error:
        return [str(error)]
    findings = differences(folder, manifests)
    for manifest in manifests:
        for problem in [*_schema(manifest), *_policy(manifest), *_references(manifest, manifests)]:
            findings.append(f"{folder}: {identity(manifest)}: {problem}")
    return findings


def _schema(manifest: Manifest) -> Iterator[str]:
    for version in (OLDEST_KUBERNETES, kubernetes_validate.latest_version()):
        yield from _schema_problems(json.dumps(manifest, sort_keys=True), version)


@lru_cache(maxsize=512)  # the package reads its schemas anew for each manifest: a tenth of a second
def _schema_problems(manifest: str, version: str) -> tuple[str, ...]:
    try:
        kubernetes_validate.validate(json.loads(manifest), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        place = ".".join(str(step) for step in error.path) or "(top)"
        return (f"{place}: {error.message} (Kubernetes {version})",)
    except kubernetes_validate.SchemaNotFoundError as error:
        return (error.message,)
    return ()


def _policy(manifest: Manifest) -> Iterator[str]:
    if manifest["kind"] == "Secret":
        yield "a Secret does not belong into the repository"
    pod = manifest.get("spec", {}).get("template", {}).get("spec")
    if pod is None:
        return
    security = pod.get("securityContext", {})
    if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
        yield "must run as a user other than root, by number"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "must use the seccomp profile RuntimeDefault"
    if pod.get("automountServiceAccountToken") is not False:
        yield "must not mount a service account's token"
    if any(pod.get(shared) for shared in ("hostNetwork", "hostPID", "hostIPC")):
        yield "must not share the host's namespaces"
    if manifest["kind"] == "Deployment" and pod.get("terminationGracePeriodSeconds", 0) < 40:
        yield "must be given 40 s to end"
    for container in containers(manifest):
        serves = manifest["kind"] != "Job"
        for problem in _container(container, serves=serves):
            yield f"container {container['name']}: {problem}"


def _container(container: Manifest, *, serves: bool) -> Iterator[str]:
    security = container.get("securityContext", {})
    if security.get("allowPrivilegeEscalation") is not False:
        yield "must not allow privilege escalation"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "must have a read-only root file system"
    if security.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "must drop all capabilities"
    tag = container["image"].rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        yield f"image {container['image']} needs a tag that is not latest"
    for kind in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            if resource not in container.get("resources", {}).get(kind, {}):
                yield f"must state {kind} of {resource}"
    if serves:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe not in container:
                yield f"must have a {probe}"
    for variable in container.get("env", []):
        if looks_secret(variable["name"]) and "value" in variable:
            yield f"{variable['name']} must come from a Secret, not stand here"


def _references(manifest: Manifest, manifests: list[Manifest]) -> Iterator[str]:
    """ConfigMaps must be rendered too; Secrets must be ones that deploy.credentials makes."""
    pod = manifest.get("spec", {}).get("template", {}).get("spec")
    if pod is None:
        return
    maps = {m["metadata"]["name"]: m for m in manifests if m["kind"] == "ConfigMap"}
    accounts = {m["metadata"]["name"] for m in manifests if m["kind"] == "ServiceAccount"}
    if pod.get("serviceAccountName", "default") not in accounts | {"default"}:
        yield f"no ServiceAccount {pod['serviceAccountName']}"
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    claims = {c["metadata"]["name"] for c in manifest["spec"].get("volumeClaimTemplates", [])}
    for volume in volumes.values():
        name = volume.get("configMap", {}).get("name")
        if name is not None and name not in maps:
            yield f"no ConfigMap {name}"
        if "secret" in volume:
            yield from _secret_exists(volume["secret"]["secretName"], _item_keys(volume["secret"]))
    for container in containers(manifest):
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes.keys() | claims:
                yield f"no volume {mount['name']}"
        for source in container.get("envFrom", []):
            if source.get("configMapRef", {}).get("name") not in maps:
                yield f"envFrom must refer to a ConfigMap of this rendering: {source}"
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                yield from _secret_exists(reference["name"], [reference["key"]])


def _item_keys(secret: dict[str, Any]) -> list[str]:
    return [item["key"] for item in secret.get("items", [])]


def _secret_exists(name: str, keys: list[str]) -> Iterator[str]:
    made = _MADE.get(name)
    if made is None:
        yield f"no Secret {name} is made by deploy.credentials"
        return
    for key in keys:
        if key not in made:
            yield f"Secret {name} has no key {key}"


# The names and keys of what an operator generates; the values here are empty.
_MADE = {name: frozenset(data) for name, data in k8s_secrets(Credentials.empty()).items()}
