"""Fresh secrets for one installation, written where its tools look for them.

    python -m deploy.credentials compose       deploy/compose/secrets/  (for docker compose)
    python -m deploy.credentials k8s DIR       DIR/secrets.yaml         (for kubectl apply -f)

Owns the forms in which each deployable takes its secrets. Refuses to overwrite: the master key is
the only way to read the people stored so far.
"""

import argparse
import base64
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.databases import mongo_uri
from deploy.permissions import broker_definitions
from shared.access import GATEWAY, OPERATOR, SERVICES, USERS, VHOST

COMPOSE_DIR = Path(__file__).parent / "compose" / "secrets"
NAMESPACE = "foscao"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everything secret about one installation; passwords by user."""

    admin_key: str
    master_key: str  # base64 of 96 bytes: PyMongo's local key provider
    webhook_key: str  # base64 of 32 bytes
    mongo_keyfile: str
    mongo_root: str
    mongo: Mapping[str, str]
    rabbit: Mapping[str, str]

    @classmethod
    def empty(cls) -> "Credentials":
        """The shape without a secret in it, for checks of names."""
        return cls(
            admin_key="",
            master_key="",
            webhook_key="",
            mongo_keyfile="",
            mongo_root="",
            mongo=dict.fromkeys(USERS, ""),
            rabbit=dict.fromkeys(USERS, ""),
        )


def generate() -> Credentials:
    """New random credentials, 256 bits each and URL-safe where they stand in a URI."""
    return Credentials(
        admin_key=secrets.token_urlsafe(32),
        master_key=_random_base64(96),
        webhook_key=_random_base64(32),
        mongo_keyfile=_random_base64(756),
        mongo_root=secrets.token_urlsafe(32),
        mongo={user: secrets.token_urlsafe(32) for user in USERS},
        rabbit={user: secrets.token_urlsafe(32) for user in USERS},
    )


def compose_files(credentials: Credentials | None = None) -> dict[str, tuple[int, str]]:
    """The files docker-compose.yml refers to: by name, their mode and text.

    Files that a container reads under its own user are 0444, for compose mounts them as they are:
    the folder around them (0700) keeps others on the host out. What only the operator and the
    compose command read is 0600.
    """
    known = credentials or Credentials.empty()
    root = f"mongodb://root:{known.mongo_root}@mongodb:27017/?directConnection=true"
    hub = {"HUB_URL": "http://127.0.0.1:8000", "HUB_ADMIN_KEY": known.admin_key}
    operators = {
        "mongodb-init.env": _env_file({"MONGO_ADMIN_URI": root}),
        "hub.env": _env_file(hub),
        "operator.env": _env_file(
            _operator_environment(known, "rabbitmq", "mongodb:27017")
            | {"HUB_URL": "http://gateway:8000", "HUB_ADMIN_KEY": known.admin_key}
        ),
    } | {
        f"{user}.env": _env_file(_environment(known, user, "rabbitmq", "mongodb:27017"))
        for user in (*SERVICES, GATEWAY)
    }
    mounted = {
        "participants_master_key": known.master_key,
        "notifications_webhook_key": known.webhook_key,
        "mongo_keyfile": known.mongo_keyfile,
        "mongo_root_password": known.mongo_root,
        "mongo_users.json": json.dumps(dict(known.mongo)),
        "rabbitmq_definitions.json": json.dumps(broker_definitions(known.rabbit), indent=2),
    }
    return {name: (0o600, text) for name, text in operators.items()} | {
        name: (0o444, text) for name, text in mounted.items()
    }


def write_compose(credentials: Credentials, folder: Path) -> None:
    """Write `compose_files` into a new folder of mode 0700.

    Raises: FileExistsError if the folder exists; nothing was written.
    """
    folder.mkdir(mode=0o700, parents=True)
    for name, (mode, text) in compose_files(credentials).items():
        _write(folder / name, text, mode)


def k8s_secrets(credentials: Credentials) -> dict[str, dict[str, str]]:
    """The Secrets the manifests refer to: by name, their keys and values."""
    data = {
        user: {
            key.lower().replace("_", "-"): value
            for key, value in _environment(
                credentials, user, "rabbitmq", "mongodb-0.mongodb:27017"
            ).items()
        }
        for user in (*SERVICES, GATEWAY)
    }
    # Without the administrator's key, which stays outside the cluster.
    operator = _operator_environment(credentials, "rabbitmq", "mongodb-0.mongodb:27017")
    data[OPERATOR] = {key.lower().replace("_", "-"): value for key, value in operator.items()}
    root = f"mongodb://root:{credentials.mongo_root}@mongodb-0.mongodb:27017/?directConnection=true"
    data["participants"]["master-key"] = credentials.master_key
    data["notifications"]["webhook-key"] = credentials.webhook_key
    return data | {
        "rabbitmq": {"definitions.json": json.dumps(broker_definitions(credentials.rabbit))},
        "mongodb": {
            "keyfile": credentials.mongo_keyfile,
            "root-password": credentials.mongo_root,
        },
        "mongodb-init": {"admin-uri": root, "users.json": json.dumps(dict(credentials.mongo))},
    }


def write_k8s(credentials: Credentials, folder: Path) -> None:
    """Write `secrets.yaml` (the Secrets the manifests refer to) and `hub.env`, both 0600.

    Raises: FileExistsError if either exists; that file was not touched.
    """
    # JSON is YAML: no writer of YAML is needed where this runs.
    documents = [
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "type": "Opaque",
                "stringData": data,
            },
            indent=2,
        )
        for name, data in k8s_secrets(credentials).items()
    ]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(folder / "secrets.yaml", "\n---\n".join(documents) + "\n", 0o600)
    _write(folder / "hub.env", _env_file({"HUB_ADMIN_KEY": credentials.admin_key}), 0o600)


def _environment(credentials: Credentials, user: str, broker: str, database: str) -> dict[str, str]:
    environment = {
        "AMQP_URI": _amqp_uri(credentials, user, broker),
        "MONGO_URI": mongo_uri(user, credentials.mongo[user], database),
    }
    if user == GATEWAY:
        digest = hashlib.sha256(credentials.admin_key.encode()).hexdigest()
        environment["HUB_ADMIN_KEY_SHA256"] = digest
    return environment


def _operator_environment(credentials: Credentials, broker: str, database: str) -> dict[str, str]:
    """Where the operators' command `foscao` reaches the servers."""
    return {
        "OPERATOR_AMQP_URI": _amqp_uri(credentials, OPERATOR, broker),
        "OPERATOR_MONGO_URI": mongo_uri(OPERATOR, credentials.mongo[OPERATOR], database),
    }


def _amqp_uri(credentials: Credentials, user: str, broker: str) -> str:
    return f"amqp://{user}:{credentials.rabbit[user]}@{broker}:5672/{VHOST}"


def _env_file(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _random_base64(size_bytes: int) -> str:
    return base64.b64encode(secrets.token_bytes(size_bytes)).decode()


def _write(path: Path, text: str, mode: int) -> None:
    """Create the file with its mode from the first byte on; never replace one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, mode)  # whatever the umask says
        file.write(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.credentials", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("compose")
    kinds.add_parser("k8s").add_argument("folder", type=Path)
    chosen = parser.parse_args(arguments)
    folder: Path = COMPOSE_DIR if chosen.kind == "compose" else chosen.folder
    try:
        (write_compose if chosen.kind == "compose" else write_k8s)(generate(), folder)
    except FileExistsError as error:
        print(f"{error.filename} exists and is kept: move it away first", file=sys.stderr)
        return 1
    print(f"secrets written to {folder}; the administrator's key is in {folder / 'hub.env'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
