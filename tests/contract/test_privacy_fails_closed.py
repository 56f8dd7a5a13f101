"""Whatever leaves a service is named: a field that nobody decided about stops the service, and what
no contract names goes into no event, whoever puts it there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.database import Database

from services.activities import definitions, schemas
from services.activities.definitions import CONCERN, DEFINITIONS
from services.participants.schemas import NOMINATION, PERSON
from shared import contracts
from shared.contracts import HOUSE, Undeclared
from shared.contracts.allow_list import ContractBroken, Contracts
from shared.contracts.parts import TITLE, whole
from shared.events import Event
from shared.record_types import RECORD_TYPES
from shared.records import fields as f
from shared.records import known_by
from shared.store.mongo import Store

ROOT = Path(__file__).parents[2]
SECRET = "Aminata Traoré"

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@pytest.fixture
def store(mongo_client: MongoClient[dict[str, Any]], db: Database[dict[str, Any]]) -> Store:
    store = Store(db)
    store.ensure_indexes()
    return store


class ActivityWithContact(schemas.Activity):
    contact_person = f.Text(100)


class ConcernWithName(schemas.Concern):
    raised_by_name = f.Text(100)


class SessionWithTrainer(schemas.Session):
    trainer = f.Text(100)


class ActivityWithTrainer(schemas.Activity):
    sessions = f.Section(SessionWithTrainer, many=True)


@pytest.mark.parametrize(
    ("record_type", "schema", "undecided"),
    [
        ("activity", ActivityWithContact, "contact_person"),
        ("concern", ConcernWithName, "raised_by_name"),
        ("activity", ActivityWithTrainer, "sessions.trainer"),
    ],
)
def test_a_field_that_is_neither_private_nor_in_a_contract_is_refused_by_name(
    record_type: str, schema: type[schemas.Activity], undecided: str
) -> None:
    private = DEFINITIONS[record_type].private | known_by.PRIVATE
    with pytest.raises(
        Undeclared, match=f"{record_type}: {undecided} is in no contract and not private"
    ):
        contracts.declare(record_type, f.paths(schema()), private)
    contracts.declare(record_type, f.paths(schema()), private | {undecided})


@pytest.mark.parametrize(
    ("private", "fault"),
    [
        (CONCERN.private | {"severity"}, "severity is private and in a contract"),
        (CONCERN.private | {"nickname"}, "nickname is private and no field"),
        (frozenset(), "text is in no contract and not private"),
    ],
)
def test_what_is_said_of_a_field_must_be_true(private: frozenset[str], fault: str) -> None:
    with pytest.raises(Undeclared, match=fault):
        contracts.declare("concern", f.paths(CONCERN.schema), private)


def test_a_property_that_no_push_can_fill_is_refused() -> None:
    without = [path for path in f.paths(CONCERN.schema) if path != "raised_on"]
    with pytest.raises(Undeclared, match="raised_on is in a contract and no field"):
        contracts.declare("concern", without, CONCERN.private)


@pytest.mark.parametrize("service", ["activities", "participants"])
def test_a_service_with_an_undecided_field_does_not_start(tmp_path: Path, service: str) -> None:
    schema = "Concern" if service == "activities" else "Nomination"
    spoilt = (
        f"from services.{service} import schemas\n"
        "from shared.records import fields as f\n"
        f"schemas.{schema}._declared_fields['raised_by_name'] = f.Text(100)\n"
        f"schemas.{schema.upper()} = schemas.{schema}()\n"
        f"import services.{service}.__main__\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", spoilt], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode
    assert "raised_by_name is in no contract and not private" in ended.stderr


def test_the_check_of_what_is_deployed_names_the_service_and_the_field(tmp_path: Path) -> None:
    spoilt = (
        "from services.activities import schemas\n"
        "from shared.records import fields as f\n"
        "schemas.Concern._declared_fields['raised_by_name'] = f.Text(100)\n"
        "from deploy.validate import main\n"
        "raise SystemExit(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", spoilt], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 1
    assert "services/activities: concern: raised_by_name is in no contract" in ended.stderr


@pytest.mark.parametrize(
    "kind", [kind for record_type in RECORD_TYPES.values() for kind in record_type.types]
)
def test_an_event_is_stored_without_what_its_contract_does_not_name(
    store: Store, kind: str
) -> None:
    event = Event.new(kind, "/test", "subject", 1, {"chapter": "ML", "contact_person": SECRET})

    store.transact(lambda tx: tx.emit([event]))

    row = store.outbox.collection.find_one({"_id": event.id})
    assert row is not None
    assert orjson.loads(row["body"])["data"] == {"chapter": "ML"}
    assert SECRET.encode() not in orjson.dumps(row["body"].hex()) + bytes(row["body"])


def test_an_event_without_a_contract_is_not_stored_and_takes_its_transaction_with_it(
    store: Store,
) -> None:
    store.create_collections("things")

    def work(tx: Any) -> None:
        store.db["things"].insert_one({"_id": 1}, session=tx.session)
        tx.emit([Event.new("rumour.heard", "/test", "subject", 1, {"text": SECRET})])

    with pytest.raises(ContractBroken) as broken:
        store.transact(work)
    assert SECRET not in str(broken.value)
    assert store.db["things"].count_documents({}) == 0
    assert store.outbox.collection.count_documents({}) == 0


@pytest.mark.parametrize(
    "value",
    [{"name": SECRET}, [SECRET], {"fr": {"deeper": SECRET}}],
    ids=["object", "list", "deep"],
)
def test_a_value_of_another_shape_is_refused_without_being_quoted(value: Any) -> None:
    for data in ({"status": value}, {"title": value}):
        if data == {"title": {"name": SECRET}}:
            assert list(HOUSE.allowed("activity.recorded", data).values()) == [{"title": {}}]
            continue
        with pytest.raises(ContractBroken) as broken:
            HOUSE.allowed("activity.recorded", data)
        assert SECRET not in str(broken.value)


def _named(schema: Any, value: Any) -> bool:
    """Whether the value holds nothing that the schema does not name; an oracle of its own."""
    if "anyOf" in schema:
        return value is None or _named(schema["anyOf"][0], value)
    if schema["type"] == "object":
        return isinstance(value, dict) and all(
            name in schema["properties"] and _named(schema["properties"][name], part)
            for name, part in value.items()
        )
    if schema["type"] == "array":
        return isinstance(value, list) and all(_named(schema["items"], part) for part in value)
    return not isinstance(value, dict | list)


@pytest.mark.parametrize("kind", sorted(contracts.of()))
def test_nothing_unnamed_passes_at_any_depth(kind: str) -> None:
    schema = contracts.of()[kind]
    names = st.sampled_from([*schema["properties"], "contact_person"])

    @given(st.dictionaries(names, _JSON))
    def passes(data: dict[str, Any]) -> None:
        try:
            allowed = HOUSE.allowed(kind, data)[HOUSE.versions(kind)[-1]]
        except ContractBroken:
            return
        assert _named(schema, allowed)
        assert allowed.items() <= {**data, **allowed}.items()

    passes()


def test_a_row_that_holds_more_is_cut_and_one_that_holds_no_more_is_not_copied() -> None:
    allowed: Callable[[Any], Any] = lambda rows: HOUSE.allowed(  # noqa: E731
        "attendance.recorded", {"rows": rows}
    )[1]["rows"]
    row = {"participant_id": "p", "present": True}
    assert allowed([row])[0] is row
    assert allowed([{**row, "name": SECRET}]) == [row]


def test_every_version_of_a_type_carries_what_it_names() -> None:
    text = {"type": "string"}
    schema = {"type": "object", "properties": {"a": text}}
    later = {"type": "object", "properties": {"a": text, "b": text}}
    both = Contracts({"thing.noted": {1: schema, 2: later}})
    assert both.allowed("thing.noted", {"a": "1", "b": "2", "c": "3"}) == {
        1: {"a": "1"},
        2: {"a": "1", "b": "2"},
    }


def test_a_text_leaves_in_every_language_and_nothing_else_leaves_beside_it() -> None:
    both = Contracts({"thing.noted": {1: whole("A thing", {"title": TITLE}, ())}})
    told = both.allowed("thing.noted", {"title": {"fr": "Or", "bm": "Sanu", "note": SECRET}})
    assert told == {1: {"title": {"fr": "Or", "bm": "Sanu"}}}


def test_definitions_and_record_types_name_the_same_things() -> None:
    owned = {
        record_type.name
        for record_type in RECORD_TYPES.values()
        if record_type.owner == "activities"
    }
    assert {*definitions.DEFINITIONS, "attendance"} == owned
    assert {"participant", "standing", "nomination"} == {
        record_type.name
        for record_type in RECORD_TYPES.values()
        if record_type.owner == "participants"
    }
    assert {*PERSON.fields} & {*NOMINATION.fields} == {"external_refs", "identifiers"}
