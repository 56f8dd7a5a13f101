"""Documents: remembered by their text, and priced before they can do harm."""

from __future__ import annotations

import pytest

from gateway.engine import documents, price
from gateway.engine.documents import Documents, Invalid
from gateway.schema import schema
from shared.errors import Refused


def known() -> Documents:
    return Documents(schema())


def test_the_same_text_is_parsed_once_and_others_are_forgotten_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "REMEMBERED", 2)
    cache = known()
    first = cache.get("{ me { role } }")
    assert cache.get("{ me { role } }") is first
    cache.get("{ me { keyId } }")
    cache.get("{ me { role } }")
    cache.get("{ me { language } }")
    assert cache.get("{ me { role } }") is first, "used last, so kept longest"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ me { role }", "GRAPHQL_SYNTAX"),
        ("", "GRAPHQL_SYNTAX"),
        ("{ me { shoeSize } }", "GRAPHQL_INVALID"),
        ("query A { me { role } } query A { me { role } }", "GRAPHQL_INVALID"),
        ("{ me { ...a } } fragment a on Me { ...b } fragment b on Me { ...a }", "GRAPHQL_INVALID"),
        ("{ codeLists " + "x " * 30_000 + "}", "GRAPHQL_SYNTAX"),
    ],
)
def test_what_is_not_graphql_or_does_not_fit_is_told_apart(text: str, code: str) -> None:
    with pytest.raises(Invalid) as invalid:
        known().get(text)
    assert invalid.value.code == code


def test_operations_are_chosen_by_name() -> None:
    document = known().get("query A { me { role } } query B { codeLists }")
    operation = document.operation("B")
    assert operation.name is not None
    assert operation.name.value == "B"
    for name in (None, "C"):
        with pytest.raises(Refused, match="UNKNOWN_OPERATION"):
            document.operation(name)


def nested(levels: int) -> str:
    return "{ place(id: 1) { " + "parent { " * levels + "id" + " }" * levels + " } }"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (nested(20).replace("1", '"ML"'), "QUERY_TOO_DEEP"),
        ("{ me {" + " ".join(f"a{n}: role" for n in range(60)) + "} }", "TOO_MANY_ALIASES"),
        ("{" + "codeLists " * 25 + "}", "TOO_MANY_ROOT_FIELDS"),
        ("{ activities(first: " + "9" * 5000 + ") { nodes { id } } }", "QUERY_TOO_COSTLY"),
    ],
)
def test_oversized_documents_are_refused(text: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        known().get(text)


def test_a_tree_of_fragments_that_doubles_at_each_step_is_measured_without_walking_it() -> None:
    steps = "".join(
        f"fragment f{n} on Place {{ a: parent {{ ...f{n + 1} }} b: parent {{ ...f{n + 1} }} }} "
        for n in range(40)
    )
    text = '{ place(id: "ML") { ...f0 } }' + steps + "fragment f40 on Place { id }"
    with pytest.raises(Refused):
        known().get(text)


PAGED = """query($n: Int) { activities(first: $n) { nodes { id
  sessions { id } organisations { id name } } } }"""


def test_cost_counts_full_pages_with_the_variables_of_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(price, "MAX_COST", 11_000)
    cache = known()
    document = cache.get(PAGED)
    operation = document.operation(None)
    cache.check_price(document, operation, {"n": 50})
    with pytest.raises(Refused, match="QUERY_TOO_COSTLY"):
        cache.check_price(document, operation, {"n": 200})
    monkeypatch.setattr(price, "MAX_COST", 9_000)
    with pytest.raises(Refused, match="QUERY_TOO_COSTLY"):
        cache.check_price(document, operation, {})  # a page of the usual size


@pytest.mark.parametrize("pages", ["", "(first: 200)"])
def test_a_document_that_always_costs_too_much_is_refused_as_such(
    monkeypatch: pytest.MonkeyPatch, pages: str
) -> None:
    monkeypatch.setattr(price, "MAX_COST", 300)
    with pytest.raises(Refused, match="QUERY_TOO_COSTLY"):
        known().get(
            "{ activities" + pages + " { nodes { id version project { id title { fr } } } } }"
        )
