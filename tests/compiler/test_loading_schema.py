"""The JSON Schema that editors use accepts what loading accepts."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from compiler.documents import KINDS
from compiler.schema import json_schema, kinds
from compiler.source import Document, read_folder

DEFINITIONS = Path(__file__).parents[2] / "definitions"
SHIPPED = read_folder(DEFINITIONS).documents


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_has_a_valid_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(kind))


@pytest.mark.parametrize("document", SHIPPED, ids=lambda document: f"{document.data['kind']}-{document.data['id']}")
def test_shipped_definitions_fit_their_schema(document: Document) -> None:
    jsonschema.validate(document.data, json_schema(document.data["kind"]))
    jsonschema.validate(document.data, json_schema())


def test_an_unknown_key_breaks_the_schema() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"kind": "retry", "id": "slow", "max_attemps": 3}, json_schema())


def test_every_key_of_a_definition_has_a_description() -> None:
    for kind in KINDS:
        for part in [(schema := json_schema(kind)), *schema["$defs"].values()] if "$defs" in json_schema(kind) else []:
            undescribed = [name for name, field in part.get("properties", {}).items() if not _described(field)]
            assert set(undescribed) <= UNDESCRIBED


def _described(field: dict[str, object]) -> bool:
    return "description" in field or "const" in field or "$ref" in field


UNDESCRIBED: set[str] = set()
