"""The walls of pyproject.toml: they stand as the code is, and each breaks when it is torn down."""

from __future__ import annotations

import ast
import sys
from copy import deepcopy
from typing import Any, Final

import grimp
import pytest
from importlinter.application.use_cases import read_user_options
from importlinter.configuration import configure
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

from services.activities.service import ActivitiesService
from shared.host.runner import run
from tests.stack import ROOT

configure()

_OPTIONS: Final = read_user_options(str(ROOT / "pyproject.toml"))
SESSION: Final = _OPTIONS.session_options
CONTRACTS: Final = {each["id"]: each for each in _OPTIONS.contracts_options}
KINDS: Final[dict[str, type[Contract]]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}
# The wall, and an import that it is there to stop.
STOPPED: Final = [
    ("house", "shared.errors", "services.activities.service"),
    ("house", "gateway.calls.client", "services.participants.store.people"),
    ("house", "services.reporting.store.live", "operations.failure"),
    ("house", "operations.audit.run", "cli.outcome"),
    ("house", "operations.doctor.machine", "deploy.local.stack"),
    ("house", "cli.rebuild", "bench.load"),
    ("shared", "shared.store.mongo", "shared.host.component"),
    ("shared", "shared.store.outbox", "shared.bus.relay"),
    ("shared", "shared.bus.relay", "shared.records.collection"),
    ("shared", "shared.errors", "shared.store.failures"),
    ("shared", "shared.contracts.activities", "shared.records.fields"),
    ("store", "shared.store.outbox", "shared.store.inbox"),
    ("services", "services.activities.handlers.records", "services.participants.handlers.people"),
    ("service", "services.reporting.store.live", "services.reporting.handlers.reports"),
    ("service", "services.reporting.rules.figures", "services.reporting.store.live"),
    ("service", "services.activities.handlers.records", "services.activities.service"),
    ("service", "services.activities.layout", "services.activities.rules.sheets"),
    ("gateway", "gateway.schema.access.keys", "gateway.http.app"),
    ("gateway", "gateway.calls.client", "gateway.identity.keys"),
    ("operations", "operations.audit.run", "operations.archive.catalogue"),
    ("operations", "operations.settings", "operations.hub"),
    ("cli", "cli.audit", "cli.doctor"),
    ("deploy", "deploy.permissions", "deploy.local.stack"),
    ("demo", "demo.hub", "demo.sikasso.report"),
    ("bench", "bench.load", "bench.audit"),
    ("circles", "shared.ids", "shared.events"),
    ("gateway-alone", "gateway.calls.client", "shared.bus.connection"),
    ("gateway-alone", "gateway.identity.keys", "shared.store.pages"),
    ("gateway-alone", "gateway.schema.parking.queries", "shared.store.parking"),
    ("operators-alone", "operations.audit.log", "services.activities.store"),
    ("operators-alone", "operations.doctor.flow", "gateway.identity.store"),
    ("operators-alone", "cli.audit", "services.notifications.layout"),
    ("deploy-alone", "deploy.databases", "services.participants.store.people"),
    ("demo-alone", "demo.hub", "gateway.schema"),
    ("rules", "services.reporting.rules.figures", "pymongo"),
    ("rules", "services.participants.rules.person", "marshmallow"),
    ("rules", "services.activities.rules.sheets", "shared.records.engine"),
    ("rules", "shared.records.pushes", "pymongo"),  # by way of rules.sheets
    ("pure", "services.reporting.answers", "bson"),
    ("pure", "services.notifications.layout", "pymongo"),
    ("pure", "shared.records.fields", "starlette"),
    ("pure", "shared.telemetry", "amqp"),
    ("host", "services.participants.handlers.people", "nameko"),
    ("host", "services.notifications.transports.sender", "eventlet"),
    ("host", "services.activities.__main__", "eventlet"),
    ("process", "services.reporting.handlers.reports", "shared.host.rpc"),
    ("database", "services.reporting.handlers.rebuild", "pymongo"),
    ("database", "gateway.identity.keys", "pymongo"),
    ("database", "cli.audit", "bson"),
    ("broker", "shared.host.rpc", "amqp"),
    ("broker", "services.notifications.webhooks", "kombu"),
    ("web", "gateway.schema", "starlette"),
    ("graphql", "gateway.calls.client", "graphql"),
    ("outside", "services.notifications.handlers.endpoints", "httpcore"),
    ("outside", "cli.parked", "httpx"),
]
# In each of these a new module must be given its place.
PLACED: Final = [
    ("shared", "shared.loft"),
    ("store", "shared.store.loft"),
    ("service", "services.reporting.loft"),
    ("gateway", "gateway.loft"),
    ("operations", "operations.loft"),
    ("cli", "cli.loft"),
    ("deploy", "deploy.loft"),
    ("demo", "demo.loft"),
    ("bench", "bench.loft"),
]
# Libraries that say nothing to the outside, and may be used wherever no wall forbids them.
OPEN_TO_ALL: Final = {
    "cryptography",
    "marshmallow",
    "orjson",
    "phonenumbers",
    "prometheus_client",
    "pyroaring",
    "pythonjsonlogger",
    "rich",
    "standardwebhooks",
    "typer",
    "yaml",
    "supervisor",  # of the local stack
    "jsonschema",  # of the checks of what is deployed
    "kubernetes_validate",
    "yamllint",
    "aiohttp",  # the benches' client
}


@pytest.fixture(scope="module")
def built() -> grimp.ImportGraph:
    return grimp.build_graph(
        *SESSION["root_packages"], include_external_packages=True, cache_dir=None
    )


@pytest.fixture
def graph(built: grimp.ImportGraph) -> grimp.ImportGraph:
    return deepcopy(built)


def holds(wall: str, graph: grimp.ImportGraph) -> bool:
    options: dict[str, Any] = CONTRACTS[wall]
    contract = KINDS[options["type"]](options["name"], SESSION, options)
    return contract.check(graph, verbose=False).kept


@pytest.mark.parametrize("wall", CONTRACTS)
def test_the_wall_stands(wall: str, graph: grimp.ImportGraph) -> None:
    assert holds(wall, graph)


@pytest.mark.parametrize(("wall", "importer", "imported"), STOPPED)
def test_an_import_through_a_wall_is_seen(
    wall: str, importer: str, imported: str, graph: grimp.ImportGraph
) -> None:
    assert {importer, imported} <= graph.modules
    graph.add_import(importer=importer, imported=imported)
    assert not holds(wall, graph)


@pytest.mark.parametrize(("wall", "module"), PLACED)
def test_a_module_without_a_place_is_seen(wall: str, module: str, graph: grimp.ImportGraph) -> None:
    graph.add_module(module)
    assert not holds(wall, graph)


def test_no_wall_is_untried() -> None:
    assert set(CONTRACTS) == {wall for wall, *_ in STOPPED}


def test_every_source_file_is_within_the_walls(built: grimp.ImportGraph) -> None:
    sources = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in ROOT.glob("[a-z]*/**/*.py")
        if path.relative_to(ROOT).parts[0] != "tests"
    }
    assert sources <= built.modules


def test_every_name_in_a_wall_is_one_of_the_house(built: grimp.ImportGraph) -> None:
    named = {
        name
        for contract in CONTRACTS.values()
        for key in ("allowed_importers", "protected_modules", "source_modules")
        for name in contract.get(key, ())
    }
    assert all(built.find_matching_modules(name) for name in named)


def test_every_library_has_its_rooms_or_is_open_to_all(built: grimp.ImportGraph) -> None:
    outside = {name for name in built.modules if built.is_module_squashed(name)}
    walled = {name for each in CONTRACTS.values() for name in each.get("protected_modules", ())}
    libraries = outside - set(sys.stdlib_module_names)
    assert libraries <= walled | OPEN_TO_ALL, libraries - walled - OPEN_TO_ALL
    assert not walled & OPEN_TO_ALL


@pytest.mark.parametrize(
    "main", sorted(ROOT.glob("services/*/__main__.py")), ids=lambda path: str(path.parent.name)
)
def test_a_services_process_is_green_before_anything_else_is_imported(main: Any) -> None:
    first = next(each for each in ast.parse(main.read_text()).body if not _is_text(each))
    assert ast.unparse(first) == "import shared.host.green"


def test_a_service_refuses_to_run_in_a_process_that_is_not_green() -> None:
    with pytest.raises(RuntimeError, match="green"):
        run(ActivitiesService)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
