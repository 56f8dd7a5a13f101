"""The packaging is valid, and each rule it is held to finds what breaks it."""

import base64
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import kubernetes_validate
import pytest
import yaml

from deploy import credentials, permissions
from deploy.checks import compose, dockerfile, kubernetes, kustomize
from deploy.validate import ROOT, validate
from shared import access

PACKAGING = ("Dockerfile", "docker-compose.yml", "deploy/k8s", "deploy/compose")
VENDOR = ROOT / "gateway" / "web" / "vendor"
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


class TestCredentials:
    def test_compose_files_are_private_to_their_owner(self, tmp_path: Path) -> None:
        folder = tmp_path / "secrets"
        credentials.write_compose(credentials.generate(), folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert modes.keys() == credentials.compose_files().keys()
        assert {modes[name] for name in modes if name.endswith(".env")} == {0o600}
        assert not any(mode & 0o022 for mode in modes.values())

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        credentials.write_compose(credentials.generate(), tmp_path / "compose")
        credentials.write_k8s(credentials.generate(), tmp_path / "k8s")
        before = (tmp_path / "k8s" / "secrets.yaml").read_bytes()
        with pytest.raises(FileExistsError):
            credentials.write_compose(credentials.generate(), tmp_path / "compose")
        with pytest.raises(FileExistsError):
            credentials.write_k8s(credentials.generate(), tmp_path / "k8s")
        assert (tmp_path / "k8s" / "secrets.yaml").read_bytes() == before

    def test_the_command_says_in_one_line_what_is_in_the_way(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert credentials.main(["k8s", str(tmp_path)]) == 0
        assert credentials.main(["k8s", str(tmp_path)]) == 1
        assert capsys.readouterr().err.count("\n") == 1

    def test_secrets_are_valid_manifests_with_keys_of_the_right_size(self, tmp_path: Path) -> None:
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

    def test_every_user_of_the_broker_has_a_database_of_its_own(self) -> None:
        assert {*access.DATABASES, access.OPERATOR} == access.PERMISSIONS.keys()
        owned = [name for names in access.DATABASES.values() for name in names]
        assert len(owned) == len(set(owned))

    def test_the_compose_folder_is_ignored_by_git(self) -> None:
        ignored = (ROOT / "deploy" / "compose" / ".gitignore").read_text().split()
        assert "secrets/" in ignored


class TestPermissions:
    @pytest.mark.parametrize("service", access.SERVICES)
    def test_a_service_reaches_its_own_queues_and_no_other(self, service: str) -> None:
        own = access.PERMISSIONS[service]
        for name in (f"{service}.events", f"{service}.retry.1", f"rpc-{service}"):
            assert all(re.search(regex, name) for regex in (own.configure, own.write, own.read))
        for other in {*access.SERVICES} - {service}:
            for name in (f"{other}.events", f"rpc-{other}", "rpc.reply-gateway-1", "amq.topic"):
                assert not re.search(own.read, name)
                assert not re.search(own.configure, name)

    def test_the_gateway_alone_may_call_and_hear_answers(self) -> None:
        for user, granted in access.PERMISSIONS.items():
            may_call = bool(re.search(granted.write, "nameko-rpc"))
            may_hear = bool(re.search(granted.read, "rpc.replies"))
            assert (may_call, may_hear) == ((user == "gateway"),) * 2, user

    def test_only_producers_send_events_and_only_consumers_hear_them(self) -> None:
        senders = {u for u, p in access.PERMISSIONS.items() if re.search(p.write, "foscao.events")}
        hearers = {u for u, p in access.PERMISSIONS.items() if re.search(p.read, "foscao.events")}
        assert senders == {"participants", "activities"}
        assert hearers == {"reporting", "notifications"}

    def test_the_gateway_reaches_rpc_alone(self) -> None:
        gateway = access.PERMISSIONS["gateway"]
        assert re.search(gateway.write, "nameko-rpc")
        assert re.search(gateway.read, "rpc.reply-gateway-1")
        for name in ("foscao.events", "participants.events", "rpc-participants", ""):
            assert not re.search(gateway.read, name)

    def test_the_operator_can_name_every_queue_and_reach_no_message(self) -> None:
        operator = access.PERMISSIONS["operator"]
        for name in ("reporting.events", "reporting.retry.1000", "rpc-participants"):
            assert re.search(operator.configure, name)
        for name in ("rpc.reply-gateway-1", "amq.topic", "gateway.events", ""):
            assert not re.search(operator.configure, name)
        for name in ("foscao.events", "reporting.events", "rpc.reply-gateway-1"):
            assert not re.search(operator.read, name)
            assert not re.search(operator.write, name)

    def test_definitions_hold_a_verifiable_hash_and_no_password(self) -> None:
        definitions = permissions.broker_definitions({"gateway": "s3cret", "reporting": "0ther"})
        assert "s3cret" not in json.dumps(definitions)
        raw = base64.b64decode(definitions["users"][0]["password_hash"])
        assert raw[4:] == hashlib.sha256(raw[:4] + b"s3cret").digest()

    def test_definitions_hold_every_exchange_that_a_permission_by_topic_names(self) -> None:
        """Newer brokers (4.3.2) refuse to start with a permission on what does not exist."""
        definitions = permissions.broker_definitions(dict.fromkeys(access.USERS, "x"))
        defined = {each["name"]: each for each in definitions["exchanges"]}
        named = {each["exchange"] for each in definitions["topic_permissions"]}
        assert named == defined.keys() == {"foscao.events", "nameko-rpc"}
        for name, each in defined.items():
            # What a service declares when it starts; the broker refuses it where one differs.
            assert each == {
                "name": name,
                "vhost": "foscao",
                "type": "topic",
                "durable": True,
                "auto_delete": False,
                "internal": False,
                "arguments": {},
            }


class TestContainer:
    """The entry and the health check of the image, run as the image runs them."""

    def entry(self) -> list[str]:
        found = re.search(r"^ENTRYPOINT (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        assert found
        command: list[str] = json.loads(found.group(1))
        return command

    def test_the_entry_becomes_the_service_itself(self, tmp_path: Path) -> None:
        (tmp_path / "probe.py").write_text("import os, sys; print(os.getpid(), __name__)")
        environment = {
            "SERVICE": "probe",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        with subprocess.Popen(
            self.entry(), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            output, _ = process.communicate(timeout=30)
        assert output.split() == [str(process.pid), "__main__"]

    @pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (503, 1), (None, 1)])
    @pytest.mark.parametrize("service", ["gateway", "services.reporting"])
    def test_the_health_check_tells_what_healthz_answers(
        self, status: int | None, exit_code: int, service: str
    ) -> None:
        class Health(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status if status and self.path == "/healthz" else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        with HTTPServer(("127.0.0.1", 0), Health) as server:
            port = str(server.server_port)
            Thread(target=server.serve_forever, daemon=True).start()
            if status is None:
                server.shutdown()
                server.server_close()
            ports = (
                ("HTTP_PORT", "HEALTH_PORT")
                if service == "gateway"
                else (
                    "HEALTH_PORT",
                    "HTTP_PORT",
                )
            )
            done = subprocess.run(
                [sys.executable, "-m", "deploy.healthcheck"],
                cwd=ROOT,
                env={"SERVICE": service, ports[0]: port, ports[1]: "1"},
                capture_output=True,
                timeout=30,
                check=False,
            )
            server.shutdown()
        assert done.returncode == exit_code

    def test_what_the_image_copies_is_let_into_the_build(self) -> None:
        allowed = {
            line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"
        }
        copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
        assert {name for line in copied for name in line.split()} == allowed


class TestVendoredAssets:
    def test_the_manifest_tells_each_file_and_its_hash(self) -> None:
        manifest = json.loads((VENDOR / "MANIFEST.json").read_text())
        files = {entry["file"]: entry for entry in manifest["files"]}
        present = {path.name for path in VENDOR.iterdir() if path.is_file()}
        assert present - {"MANIFEST.json", "update.py"} == files.keys()
        for name, entry in files.items():
            assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == entry["sha256"]
            assert entry["licence"] == "MIT"
            assert entry["package"]
            assert entry["version"]

    def test_the_page_loads_only_vendored_files_and_no_inline_script(self) -> None:
        page = (ROOT / "gateway" / "web" / "graphiql.html").read_text()
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert loaded
        for reference in loaded:
            assert reference.startswith("/static/")
            assert (ROOT / "gateway" / "web" / reference.removeprefix("/static/")).is_file()
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|<style|\sstyle=", page)

    def test_the_key_is_kept_in_memory_alone(self) -> None:
        script = (ROOT / "gateway" / "web" / "graphiql.js").read_text()
        assert "localStorage" not in script
        assert "sessionStorage" not in script
        assert "document.cookie" not in script
