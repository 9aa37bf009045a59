"""The JSON Schema that editors use accepts what loading accepts."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from compiler.language.documents import DOCUMENT_MODELS
from compiler.language.json_schema import json_schema, schema_kinds
from compiler.language.subschemas import subschemas
from compiler.source.document import Document
from compiler.source.files import read_folder
from compiler.source.yaml_reader import read_documents
from tests.support.paths import ROOT

DEFINITIONS = ROOT / "definitions"
SHIPPED = read_folder(DEFINITIONS).documents
VALIDATORS = {kind: jsonschema.Draft202012Validator(json_schema(kind)) for kind in DOCUMENT_MODELS}
ANY = jsonschema.Draft202012Validator(json_schema())

SHORT = """
kind: commercial_product
id: offer
no_work_for: delete
steps:
  go: {milestone: true, when: true, actions: add, after: hub.reserve, on_failure: continue}
  wait: {event: {name: done}, after: {step: go, across: order}, retry: {give_up_on: 404}}
  call: {call: {system: s, get: /}, on_failure: {code: gone, do: fallout}, timeout: 10s, undo: {activity: a}}
dependencies: {offer.go: hub.reserve}
"""


def is_accepted(text: str) -> bool:
    data: Any = read_documents(text, "file.yaml").documents[0].data
    return bool(VALIDATORS[data["kind"]].is_valid(data) and ANY.is_valid(data))


@pytest.mark.parametrize("kind", schema_kinds())
def test_every_kind_has_a_valid_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(kind))


@pytest.mark.parametrize("document", SHIPPED, ids=lambda document: f"{document.data['kind']}-{document.data['id']}")
def test_shipped_definitions_fit_their_schema(document: Document) -> None:
    VALIDATORS[document.data["kind"]].validate(document.data)
    ANY.validate(document.data)


def test_schema_accepts_a_single_value_instead_of_a_list() -> None:
    assert is_accepted(SHORT)


def test_schema_accepts_a_workstream_for_one_product() -> None:
    assert is_accepted("{kind: workstream, id: w, for: hub, per: order, steps: {go: {milestone: true}}}")
    assert is_accepted("{kind: workstream, id: w, for: {class: c}, steps: {go: {milestone: true}}}")


def test_schema_accepts_numbers_and_booleans_as_expressions() -> None:
    assert is_accepted("{kind: commercial_product, id: p, decomposes_to: [{product: hub, when: false, quantity: 2}]}")


@pytest.mark.parametrize(
    "text",
    [
        "{kind: retry, id: slow, max_attemps: 3}",
        "{kind: retry, id: Slow}",
        "{kind: workstream, id: w, steps: {go: {milestone: true}}}",
        "{kind: commercial_product, id: p, steps: {Go: {milestone: true}}}",
        "{kind: commercial_product, id: p, attributes: {a: {type: strin}}}",
    ],
)
def test_schema_refuses_what_loading_refuses(text: str) -> None:
    assert not is_accepted(text)


@pytest.mark.parametrize("kind", [None, *schema_kinds()])
def test_every_key_has_a_description(kind: str | None) -> None:
    conditions = [part["if"] for part in subschemas(json_schema(kind)) if "if" in part]
    described = [part for part in subschemas(json_schema(kind)) if "properties" in part and part not in conditions]
    without = {
        f"{part.get('title')}.{name}"
        for part in described
        for name, key in part["properties"].items()
        if not key.get("description")
    }
    assert described
    assert without == set()


@pytest.mark.parametrize("text", ["30s", "1.5h", "P3D", "PT30S", "P1DT2H", "${attributes.hours}h"])
def test_schema_accepts_durations(text: str) -> None:
    assert is_accepted(f"{{kind: commercial_product, id: p, steps: {{go: {{wait: {{for: '{text}'}}}}}}}}")


@pytest.mark.parametrize("text", ["30", "10 sec", "P", "PT", "-3d", "2h 3d"])
def test_schema_refuses_what_is_no_duration(text: str) -> None:
    assert not is_accepted(f"{{kind: commercial_product, id: p, steps: {{go: {{wait: {{for: '{text}'}}}}}}}}")


def test_an_environment_may_override_single_keys() -> None:
    validator = jsonschema.Draft202012Validator(json_schema("environment"))
    assert validator.is_valid({"kind": "system", "id": "inventory", "base_url": "https://test.example"})
    assert validator.is_valid({"kind": "receiver", "id": "crm", "timeout": "5s"})
    assert not validator.is_valid({"kind": "system", "id": "inventory", "base_uri": "https://test.example"})
    assert not validator.is_valid({"kind": "retry", "id": "standard"})
