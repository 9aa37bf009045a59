"""The schema of a catalogue accepts what the catalogue accepts, and refuses names that it does not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from compiler.editing.catalogue_schema import catalogue_schema
from compiler.incremental_loader import IncrementalLoader
from compiler.language.json_schema import schema_kinds
from compiler.language.references import REFERENCE_MARK
from compiler.language.subschemas import subschemas
from compiler.source.document import Document
from compiler.source.files import read_file, read_folder
from compiler.source.yaml_reader import read_documents
from tests.support.paths import ROOT

SHIPPED = read_folder(ROOT / "definitions").documents
INDEX = IncrementalLoader([ROOT / "definitions"]).load().index
DEFINITION = jsonschema.Draft202012Validator(catalogue_schema(INDEX))
ORDER = jsonschema.Draft202012Validator(catalogue_schema(INDEX, "order"))
ORDER_FILES = sorted(file for file in (ROOT / "orders").iterdir() if file.suffix in (".yaml", ".json"))


def data(text: str) -> Any:
    return read_documents(text, "file.yaml").documents[0].data


@pytest.mark.parametrize("kind", [None, *schema_kinds()])
def test_every_schema_is_valid_and_has_no_marks(kind: str | None) -> None:
    schema = catalogue_schema(INDEX, kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert not [part for part in subschemas(schema) if REFERENCE_MARK in part]
    json.dumps(schema)


@pytest.mark.parametrize("document", SHIPPED, ids=lambda document: f"{document.data['kind']}-{document.data['id']}")
def test_shipped_definitions_fit(document: Document) -> None:
    DEFINITION.validate(document.data)


@pytest.mark.parametrize("file", ORDER_FILES, ids=lambda file: file.name)
def test_shipped_orders_fit(file: Path) -> None:
    for document in read_file(file).documents:
        ORDER.validate(document.data)


@pytest.mark.parametrize(
    "text",
    [
        "{kind: commercial_product, id: p, decomposes_to: [{product: alarm_hob}]}",
        "{kind: commercial_product, id: p, decomposes_to: [{product: security_audit}]}",
        "{kind: commercial_product, id: p, components: [{product: alarm_hub}]}",
        "{kind: commercial_product, id: p, class: recuring}",
        "{kind: commercial_product, id: p, dependencies: {alarm_hub.reserv: [security_camera.reserve]}}",
        "{kind: commercial_product, id: p, dependencies: {alarm_hub.reserve: [security_camera.reserv]}}",
        "{kind: commercial_product, id: p, steps: {go: {milestone: true, after: [alarm_hub.reserv]}}}",
        "{kind: commercial_product, id: p, steps: {go: {call: {system: inventori, get: /}}}}",
        "{kind: commercial_product, id: p, steps: {go: {call: {system: inventory, get: /}, retry: standart}}}",
        "{kind: commercial_product, id: p, steps: {go: {call: {system: inventory, get: /}, timeout: 10}}}",
        "{kind: commercial_product, id: p, steps: {go: {call: {system: inventory, get: /}, timeout: 10 sec}}}",
        "{kind: commercial_product, id: p, decomposes_to: [{product: security_camera, attributes: {modl: indoor}}]}",
        "{kind: workstream, id: w, for: alarm_hob, steps: {go: {milestone: true}}}",
        "{kind: receiver, id: r, url: http://localhost, events: [order.complete]}",
    ],
)
def test_unknown_names_are_refused(text: str) -> None:
    assert not DEFINITION.is_valid(data(text))


NEW_STEP = "brand_new"


@pytest.mark.parametrize(
    "step",
    [
        f"milestone: true, after: [{NEW_STEP}]",
        f"call: {{system: inventory, get: /}}, on_failure: [{{redo_from: {NEW_STEP}}}]",
        "milestone: true, after: [alarm_hub, alarm_hub.reserve]",
    ],
)
def test_steps_of_the_same_document_may_be_new(step: str) -> None:
    steps = f"{NEW_STEP}: {{milestone: true}}, go: {{{step}}}"
    assert DEFINITION.is_valid(data(f"{{kind: commercial_product, id: p, steps: {{{steps}}}}}"))


def test_step_to_redo_from_does_not_list_the_steps_of_other_documents() -> None:
    schema = json.dumps(catalogue_schema(INDEX)["$defs"]["Names_own_step"])
    assert "reserve" not in schema


def test_names_that_nothing_declares_are_only_suggested() -> None:
    assert DEFINITION.is_valid(data("{kind: commercial_product, id: p, steps: {go: {manual: {queue: new_desk}}}}"))
    suggested = catalogue_schema(INDEX)["$defs"]["ManualDefinition"]["properties"]["queue"]["examples"]
    assert "field_force" in suggested


@pytest.mark.parametrize(
    ("line", "is_valid"),
    [
        ("product: HS-PKG, attributes: {cameras: 4}", True),
        ("product: home_security, attributes: {cameras: 4, camera_model: outdoor}", True),
        ("product: home_security, action: modify, attributes: {cameras: null}", True),
        ("product: home_security, attributes: {camras: 4}", False),
        ("product: home_security, attributes: {cameras: 17}", False),
        ("product: home_security, attributes: {cameras: four}", False),
        ("product: home_security, attributes: {camera_model: both}", False),
        ("product: home_security, action: modify, previous: {attributes: {camras: 4}}", False),
        ("product: alarm_hub", False),
        ("product: home_security, quantity: [1]", False),
    ],
)
def test_lines_have_the_attributes_of_their_product(line: str, is_valid: bool) -> None:
    assert ORDER.is_valid(data(f"{{id: O-1, lines: [{{id: '1', {line}}}]}}")) is is_valid
