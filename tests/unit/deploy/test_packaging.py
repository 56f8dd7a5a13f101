"""The packaging is valid, and each rule it is held to finds what breaks it."""

import json
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deploy.checks import compose, dockerfile, kubernetes, kustomize
from deploy.validate import ROOT, validate
from shared import access

PACKAGING = ("Dockerfile", "docker-compose.yml", "deploy/k8s", "deploy/compose")
Check = Callable[[Path], list[str]]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packaging to break."""
    for name in PACKAGING:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("secrets"))
        else:
            shutil.copy(source, target)
    return tmp_path


def mutate(root: Path, file: str, pattern: str, replacement: str) -> None:
    path = root / file
    text, changed = re.subn(pattern, replacement, path.read_text(), flags=re.MULTILINE)
    assert changed, f"{pattern!r} does not occur in {file}: the test mutates nothing"
    path.write_text(text)


def test_what_is_checked_in_is_valid() -> None:
    assert validate(ROOT) == []


def test_a_valid_copy_stays_valid(copy: Path) -> None:
    assert validate(copy) == []


DOCKERFILE = [
    (r"^USER .*\n", "", "must run as a user other than root"),
    (r"^USER .*", "USER root", "must run as a user other than root"),
    (r"--require-hashes ", "", "must install with --require-hashes"),
    (r"^HEALTHCHECK [\s\S]*?\]\n", "", "must have a HEALTHCHECK"),
    (r"^ENTRYPOINT .*", 'ENTRYPOINT python -m "$SERVICE"', "entry must be in exec form"),
    (r"org.opencontainers.image.revision", "revision", "must state its OCI labels"),
    (r"^ARG PYTHON=.*", "ARG PYTHON=slim", "must pin its base by a full version"),
    (r"^WORKDIR /app", "WORKDIR app", "DL3000"),
]


@pytest.mark.parametrize(("pattern", "replacement", "finding"), DOCKERFILE)
def test_a_broken_dockerfile_is_found(
    copy: Path, pattern: str, replacement: str, finding: str
) -> None:
    mutate(copy, "Dockerfile", pattern, replacement)
    assert any(finding in line for line in dockerfile.check(copy)), dockerfile.check(copy)


COMPOSE = [
    (r"image: rabbitmq:.*", "image: rabbitmq:latest", "rabbitmq: image needs a tag"),
    (r"image: mongo:.*", "image: mongo", "mongodb: image needs a tag"),
    (r"^  read_only: true\n", "", "gateway: must have a read-only root file system"),
    (r"^  cap_drop: .*\n", "", "must drop all capabilities"),
    (r"^  security_opt: .*\n", "", "must set no-new-privileges"),
    (r'cpus: "2", memory: 768M, pids', "cpus: 2, pids", "gateway: must limit memory"),
    (r"127\.0\.0\.1:(\$\{HUB_PORT)", r"\1", "gateway: publishes"),
    (r"^    hostname: rabbitmq.*", '    ports: ["5672:5672"]', "rabbitmq: publishes 5672:5672"),
    (r'    user: "999:999"\n', "", "must name the user it runs as"),
    (r'user: "999:999"', 'user: "0"', "must not run as root"),
    (r"^      FOSCAO_DB: activities", "      AMQP_URI: x", "AMQP_URI must come from a file"),
    (r"MONGO_INITDB_ROOT_PASSWORD_FILE: .*", "MONGO_INITDB_ROOT_PASSWORD: x", "_PASSWORD must"),
    (r"networks: \[backend, edge\]", "networks: [back]", "back is not declared under networks"),
    (r"secrets: \[mongo_users\]", "secrets: [users]", "users is not declared under secrets"),
    (r"volumes: \[mongodb:", "volumes: [mongo:", "mongo is not declared under volumes"),
    (r"source: rabbitmq_conf", "source: conf", "conf is not declared under configs"),
    (r"rabbitmq_definitions\.json", "defs.json", "defs.json: no such file"),
    (r"secrets/gateway\.env", "secrets/gate.env", "gate.env: no such file"),
    (r"    mongodb-init: \{condition", "    mongo-init: {condition", "depends on mongo-init"),
    (r"test: \[CMD, rabbitmq-diag.*", "disable: true", "rabbitmq: must have a health check"),
    (r"stop_grace_period: 60s", "stop_grace_periods: 60s", "stop_grace_periods"),
]


@pytest.mark.parametrize(("pattern", "replacement", "finding"), COMPOSE)
def test_a_broken_compose_file_is_found(
    copy: Path, pattern: str, replacement: str, finding: str
) -> None:
    mutate(copy, "docker-compose.yml", pattern, replacement)
    assert any(finding in line for line in compose.check(copy)), compose.check(copy)


BASE, SMALL = "deploy/k8s/base/", "deploy/k8s/overlays/small/"
KUBERNETES = [
    (BASE + "workload.yaml", "runAsNonRoot: true", "runAsNonRoot: false", "other than root"),
    (BASE + "workload.yaml", "    runAsUser: .*\n", "", "other than root"),
    (BASE + "workload.yaml", "RuntimeDefault", "Unconfined", "seccomp"),
    (BASE + "workload.yaml", "/livenessProbe", "/lifecycle", "must have a livenessProbe"),
    (BASE + "workload.yaml", "readOnlyRootFilesystem: true", "privileged: true", "read-only"),
    (BASE + "workload.yaml", r"drop: \[ALL\]", "drop: [NET_RAW]", "drop all capabilities"),
    (BASE + "workload.yaml", "Escalation: false", "Escalation: true", "privilege escalation"),
    (BASE + "workload.yaml", "value: 40", "value: 5", "must be given 40 s to end"),
    (BASE + "workload.yaml", "periodSeconds: 5", "periodSecond: 5", "periodSecond"),
    (BASE + "workload.yaml", "value: 2$", "value: two", "spec.replicas"),
    (BASE + "workload.yaml", "^- op: add", "- op: replace", "does not apply to Deployment"),
    (BASE + "workload.yaml", r"name: hub\}", "name: hob}", "must refer to a ConfigMap"),
    (BASE + "workload.yaml", "Token\n  value: false", "Token\n  value: true", "account's token"),
    (BASE + "activities.yaml", "            limits: .*\n", "", "must state limits of cpu"),
    (BASE + "activities.yaml", "key: amqp-uri", "key: amqp", "Secret activities has no key amqp"),
    (BASE + "activities.yaml", "{name: activities, key", "{name: acts, key", "no Secret acts"),
    (BASE + "activities.yaml", "AccountName: .*", "AccountName: nobody", "no ServiceAccount"),
    (
        BASE + "activities.yaml",
        r"name: MONGO_URI\n +valueFrom:\n.*",
        "name: MONGO_URI\n              value: mongodb://a:b@c/d",
        "MONGO_URI must come from a Secret",
    ),
    (
        BASE + "common.yaml",
        "kind: ConfigMap",
        "kind: Secret",
        "does not belong into the repository",
    ),
    (BASE + "kustomization.yaml", ", newTag: 0.1.0", ", newTag: latest", "not latest"),
    (BASE + "kustomization.yaml", "  - reporting.yaml\n", "", "not referenced: reporting.yaml"),
    (BASE + "kustomization.yaml", "  - reporting.yaml", "  - repor.yaml", "not referenced"),
    (BASE + "kustomization.yaml", "kind: Deployment", "kind: DaemonSet", "no resource matches"),
    (BASE + "kustomization.yaml", "^namespace:", "nameSuffix:", "unknown field nameSuffix"),
    (SMALL + "kustomization.yaml", "name: backends", "name: backend", "no resource matches"),
    (SMALL + "mongodb.yaml", "mongo:8.*", "mongo", "needs a tag that is not latest"),
    (SMALL + "rabbitmq.yaml", r"configMap: \{name: .*\}", "configMap: {name: x}", "no ConfigMap x"),
    (SMALL + "rabbitmq.yaml", "name: tmp, mountPath", "name: temp, mountPath", "no volume temp"),
]


@pytest.mark.parametrize(("file", "pattern", "replacement", "finding"), KUBERNETES)
def test_a_broken_manifest_is_found(
    copy: Path, file: str, pattern: str, replacement: str, finding: str
) -> None:
    mutate(copy, file, pattern, replacement)
    assert any(finding in line for line in kubernetes.check(copy)), kubernetes.check(copy)


@pytest.mark.skipif(
    not (shutil.which("kubectl") or shutil.which("kustomize")), reason="no kustomize installed"
)
def test_rendering_otherwise_than_kustomize_is_found() -> None:
    manifests = kustomize.render(ROOT / SMALL)
    assert kustomize.differences(ROOT / SMALL, manifests) == []
    manifests[-1]["metadata"]["namespace"] = "elsewhere"
    assert len(kustomize.differences(ROOT / SMALL, manifests)) == 1


def test_untidy_yaml_is_found(copy: Path) -> None:
    mutate(copy, BASE + "common.yaml", "^  name: hub", "  name:  hub")
    assert [line for line in validate(copy) if "common.yaml:15: too many spaces" in line]


def test_the_overlay_runs_one_replica_and_reaches_only_its_own_backends() -> None:
    manifests = {kustomize.identity(m): m for m in kustomize.render(ROOT / SMALL)}
    for name in access.DATABASES:
        assert manifests[f"Deployment/{name}"]["spec"]["replicas"] == 1
    rules = manifests["NetworkPolicy/backends"]["spec"]["egress"]
    assert [rule["to"][0]["podSelector"]["matchLabels"] for rule in rules] == [
        {"app.kubernetes.io/name": "rabbitmq"},
        {"app.kubernetes.io/name": "mongodb"},
    ]


def test_only_participants_is_given_the_master_key() -> None:
    compose_file = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    holders = {
        name
        for name, service in compose_file["services"].items()
        if "participants_master_key" in service.get("secrets", [])
    }
    assert holders == {"participants"}
    mounts = {
        manifest["metadata"]["name"]
        for manifest in kustomize.render(ROOT / SMALL)
        if '"master-key"' in json.dumps(manifest)
    }
    assert mounts == {"participants"}


def test_compose_and_kubernetes_start_the_same_deployables() -> None:
    compose_file = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    built = {
        name: service["build"]["args"]["SERVICE"]
        for name, service in compose_file["services"].items()
        if "build" in service and "entrypoint" not in service
    }
    assert built == {
        **{name: f"services.{name}" for name in access.SERVICES},
        "gateway": "gateway",
    }
    deployed = {
        manifest["metadata"]["name"]
        for manifest in kustomize.render(ROOT / BASE)
        if manifest["kind"] == "Deployment"
    }
    assert deployed == built.keys()


def test_images_are_built_and_deployed_as_the_projects_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"ARG VERSION={version}\n" in (ROOT / "Dockerfile").read_text()
    defaults = re.findall(r"HUB_VERSION:-(.*)}", (ROOT / "docker-compose.yml").read_text())
    assert {*defaults} == {version}
    own = [
        container["image"]
        for manifest in kustomize.render(ROOT / SMALL)
        for container in kustomize.containers(manifest)
        if container["image"].startswith("foscao-hub/")
    ]
    assert {image.partition(":")[2] for image in own} == {version}


def test_compose_and_kubernetes_run_the_same_broker_and_database() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    deployed = {
        container["name"]: container["image"]
        for manifest in kustomize.render(ROOT / SMALL)
        for container in kustomize.containers(manifest)
    }
    for name in ("rabbitmq", "mongodb"):
        assert deployed[name] == services[name]["image"]
