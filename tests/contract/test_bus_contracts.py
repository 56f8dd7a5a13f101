"""Contracts of events: well-formed, generated files fresh, and every event has a listener."""

from fnmatch import fnmatchcase

import pytest
import yaml
from jsonschema import Draft202012Validator
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from services.activities.service import ActivitiesService
from services.notifications.service import NotificationsService
from services.reporting.service import ReportingService
from shared import contracts
from shared.config import Config
from shared.contracts import generate
from shared.topology import event_key, event_keys

CONTRACTS = {
    (kind, version): schema
    for types in contracts.by_producer().values()
    for kind, versions in types.items()
    for version, schema in versions.items()
}
INSIDE = sorted({kind for kind, _ in CONTRACTS if not kind.startswith(contracts.FEED)})
CONSUMERS = (ReportingService, ActivitiesService, NotificationsService)


def patterns_of(service: type) -> list[str]:
    entrypoints = getattr(service.on_events, ENTRYPOINT_EXTENSIONS_ATTR)  # type: ignore[attr-defined]
    return [pattern for each in entrypoints for pattern in each.patterns]


@pytest.mark.parametrize("kind", sorted(CONTRACTS))
def test_a_contract_is_a_valid_json_schema(kind: tuple[str, int]) -> None:
    Draft202012Validator.check_schema(CONTRACTS[kind])


def test_generated_contracts_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_the_asyncapi_document_resolves_within_itself() -> None:
    document = yaml.safe_load(generate.files()[generate.FOLDER / "asyncapi.yaml"])

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [each for value in node.values() for each in references(value)]
        if isinstance(node, list):
            return [each for value in node for each in references(value)]
        return []

    files = {f"./{path.name}" for path in generate.files()}
    for reference in references(document):
        if reference in files:
            continue
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


@pytest.mark.parametrize("kind", INSIDE)
def test_somebody_listens_to_every_event_or_it_would_never_be_published(kind: str) -> None:
    bound = [
        key
        for service in CONSUMERS
        for pattern in patterns_of(service)
        for key in event_keys(pattern)[0]
    ]
    recorded = contracts.HOUSE.versions(kind)
    assert recorded
    for version in recorded:
        key = event_key(kind, version, older=version != max(recorded))
        assert any(fnmatchcase(key, pattern) for pattern in bound), key


def test_relays_wait_for_exactly_the_services_that_consume() -> None:
    expected = {service.name for service in CONSUMERS}
    assert set(Config("any", "", "", "").event_consumers) == expected
