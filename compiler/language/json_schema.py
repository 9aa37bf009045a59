"""JSON Schema of definitions, orders and environment files, for editors that complete and check while one writes.

A key whose text names something else has a mark (compiler.language.references); `compiler.editing.catalogue_schema`
puts a catalogue's ids in their place.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from compiler.language.documents import DOCUMENT_MODELS
from compiler.language.field_descriptions import field_descriptions
from compiler.language.order import Order

_JSON_SCHEMA_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_KIND_DESCRIPTION = "What the document describes."
ENVIRONMENT_KINDS = ("system", "receiver")
"""The kinds that an environment file may override (docs/language.md)."""


def schema_kinds() -> tuple[str, ...]:
    """Every kind of definition, `order`, and `environment` (a file for `--environment`)."""
    return (*DOCUMENT_MODELS, "order", "environment")


def json_schema(kind: str | None = None) -> dict[str, Any]:
    """The schema of one kind; without `kind`, of any definition. Raises KeyError for an unknown kind."""
    if kind == "environment":
        schema = _any_of_kinds("environment of Ordo", ENVIRONMENT_KINDS)
        for choice in schema["allOf"]:
            choice["then"]["required"] = ["kind", "id"]
        return schema
    if kind is None:
        return _any_of_kinds("definition of Ordo", tuple(DOCUMENT_MODELS))
    model = Order if kind == "order" else DOCUMENT_MODELS[kind]
    return {"$schema": _JSON_SCHEMA_DRAFT, **_model_schema(model), "title": kind}


def _any_of_kinds(title: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    """One schema for files that hold documents of these kinds."""
    schemas = {name: _model_schema(DOCUMENT_MODELS[name]) for name in kinds}
    parts: dict[str, Any] = {}
    for schema in schemas.values():
        parts |= schema.pop("$defs", {})
    choices = [
        {"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": schema}
        for name, schema in schemas.items()
    ]
    return {
        "$schema": _JSON_SCHEMA_DRAFT,
        "title": title,
        "type": "object",
        "required": ["kind", "id"],
        "properties": {"kind": {"enum": list(kinds), "description": _KIND_DESCRIPTION}},
        "allOf": choices,
        "$defs": parts,
    }


def _model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Adds the docstrings of the fields, and lets no key through that its `patternProperties` do not allow."""
    schema = model.model_json_schema(by_alias=True)
    for part in [schema, *schema.get("$defs", {}).values()]:
        descriptions = field_descriptions().get(part.get("title", ""), {})
        for name, field in part.get("properties", {}).items():
            field.pop("title", None)
            if name in descriptions:
                field["description"] = descriptions[name]
            elif name == "kind" and "const" in field:
                field["description"] = _KIND_DESCRIPTION
            for shape in (field, *field.get("anyOf", ())):
                if "patternProperties" in shape:
                    shape["additionalProperties"] = False
    return schema
