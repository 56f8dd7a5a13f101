"""Checks docker-compose.yml: the Compose Specification's schema, and this project's policies.

Owns the rules for a container on one machine: contained (read-only, no capabilities, limits),
watched (health check), nothing published but the gateway on the loopback address, no secret in the
file, and every name it refers to declared.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from deploy.checks.names import looks_secret
from deploy.credentials import compose_files

FILE = "docker-compose.yml"
_SCHEMA = json.loads((Path(__file__).parent / "compose-spec" / "compose-spec.json").read_text())
_SECRETS_DIR = "deploy/compose/secrets/"
_DECLARED = ("networks", "secrets", "configs")
_GATEWAY_PORT = re.compile(r"127\.0\.0\.1:(\d+|\$\{[A-Z_]+:-\d+\}):8000")


def check(root: Path) -> list[str]:
    """One line for each finding in docker-compose.yml; empty if all is well."""
    try:
        compose = yaml.safe_load((root / FILE).read_text())
    except (OSError, yaml.YAMLError) as error:
        return [f"{FILE}: {error}"]
    findings = [*_schema(compose)]
    if findings:  # the rules below rely on its shape
        return findings
    findings = [f"{FILE}: {problem}" for problem in _files(root, compose)]
    for name, service in compose["services"].items():
        problems = [*_policy(name, service), *_references(service, compose)]
        findings += [f"{FILE}: {name}: {problem}" for problem in problems]
    return findings


def _schema(compose: Any) -> Iterator[str]:
    for error in jsonschema.Draft7Validator(_SCHEMA).iter_errors(compose):
        place = ".".join(str(step) for step in error.absolute_path) or "(top)"
        yield f"{FILE}: {place}: {error.message}"


def _files(root: Path, compose: dict[str, Any]) -> Iterator[str]:
    """Files that are mounted must exist, or be made by deploy.credentials."""
    made = {_SECRETS_DIR + name for name in compose_files()}
    named = [c["file"] for kind in ("configs", "secrets") for c in compose.get(kind, {}).values()]
    for service in compose["services"].values():
        named += service.get("env_file", [])
    for file in named:
        if file not in made and not (root / file).is_file():
            yield f"{file}: no such file, and deploy.credentials does not make it"


def _policy(name: str, service: dict[str, Any]) -> Iterator[str]:
    tag = service.get("image", "").rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        yield "image needs a tag that is not latest"
    if service.get("read_only") is not True:
        yield "must have a read-only root file system"
    if service.get("cap_drop") != ["ALL"]:
        yield "must drop all capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "must set no-new-privileges"
    if service.get("privileged") or service.get("network_mode") == "host":
        yield "must not share the host's privileges or network"
    if "build" not in service and service.get("user", "root").partition(":")[0] in ("root", "0"):
        yield "must name the user it runs as"
    if service.get("user", "").partition(":")[0] in ("root", "0"):
        yield "must not run as root"
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    for limit in ("cpus", "memory", "pids"):
        if limit not in limits:
            yield f"must limit {limit}"
    one_shot = str(service.get("restart", "")).startswith("on-failure")
    if not one_shot and "test" not in service.get("healthcheck", {}):
        yield "must have a health check"
    for port in service.get("ports", []):
        if name != "gateway" or not _GATEWAY_PORT.fullmatch(str(port)):
            yield f"publishes {port}: only the gateway may, on 127.0.0.1"
    for variable, value in service.get("environment", {}).items():
        if looks_secret(variable) and value is not None:
            yield f"{variable} must come from a file of secrets, not stand here"


def _references(service: dict[str, Any], compose: dict[str, Any]) -> Iterator[str]:
    for kind in _DECLARED:
        for entry in service.get(kind, []):
            source = entry["source"] if isinstance(entry, dict) else entry
            if source not in compose.get(kind, {}):
                yield f"{source} is not declared under {kind}"
    for volume in service.get("volumes", []):
        source = volume.partition(":")[0]
        if not source.startswith((".", "/")) and source not in compose.get("volumes", {}):
            yield f"{source} is not declared under volumes"
    for other, wish in service.get("depends_on", {}).items():
        target = compose["services"].get(other)
        if target is None:
            yield f"depends on {other}, which does not exist"
        elif wish["condition"] == "service_healthy" and "test" not in target.get("healthcheck", {}):
            yield f"waits for the health of {other}, which has no health check"
