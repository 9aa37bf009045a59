"""JSON Schema of definitions and orders, for editors that complete and check while one writes."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from compiler.language.attributes import Attribute
from compiler.language.documents import DOCUMENT_MODELS
from compiler.language.order import Order
from compiler.language.strict_model import StrictModel

_JSON_SCHEMA_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_kinds() -> tuple[str, ...]:
    """Every kind of definition, and `order`."""
    return (*DOCUMENT_MODELS, "order")


def json_schema(kind: str | None = None) -> dict[str, Any]:
    """The schema of one kind; without `kind`, of any definition. Raises KeyError for an unknown kind."""
    if kind == "order":
        return {"$schema": _JSON_SCHEMA_DRAFT, "title": "order", **Order.model_json_schema(by_alias=True)}
    if kind is not None:
        return {
            "$schema": _JSON_SCHEMA_DRAFT,
            **_add_descriptions(DOCUMENT_MODELS[kind].model_json_schema(by_alias=True)),
        }
    schemas = {
        name: _add_descriptions(model.model_json_schema(by_alias=True)) for name, model in DOCUMENT_MODELS.items()
    }
    definitions: dict[str, Any] = {}
    for schema in schemas.values():
        definitions |= schema.pop("$defs", {})
    choices = [
        {"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": schema}
        for name, schema in schemas.items()
    ]
    return {
        "$schema": _JSON_SCHEMA_DRAFT,
        "title": "Ordo definition",
        "type": "object",
        "required": ["kind", "id"],
        "properties": {"kind": {"enum": list(DOCUMENT_MODELS)}},
        "allOf": choices,
        "$defs": definitions,
    }


def _add_descriptions(schema: dict[str, Any]) -> dict[str, Any]:
    """Adds the docstrings of the fields, and lets no key through that its `patternProperties` do not allow."""
    for part in [schema, *schema.get("$defs", {}).values()]:
        descriptions = _field_descriptions().get(part.get("title", ""), {})
        for name, field in part.get("properties", {}).items():
            field.pop("title", None)
            if name in descriptions:
                field["description"] = descriptions[name]
            for shape in (field, *field.get("anyOf", ())):
                if "patternProperties" in shape:
                    shape["additionalProperties"] = False
    return schema


@lru_cache(maxsize=1)
def _field_descriptions() -> dict[str, dict[str, str]]:
    """Model → key → docstring of its field. Read from the source, because Python does not keep these docstrings."""
    models: list[type[BaseModel]] = [Attribute, *_subclasses(StrictModel)]
    modules = {model.__module__ for model in models}
    trees = [ast.parse(inspect.getsource(sys.modules[module])) for module in modules]
    classes = {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
    found: dict[str, dict[str, str]] = {}
    for model in models:
        owners = [classes[owner.__name__] for owner in reversed(model.mro()) if owner.__name__ in classes]
        docstrings = {name: text for owner in owners for name, text in _docstrings(owner)}
        fields = model.model_fields.items()
        found[model.__name__] = {field.alias or name: docstrings[name] for name, field in fields if name in docstrings}
    return found


def _subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _subclasses(one)


def _docstrings(definition: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, docstring in pairwise(definition.body):
        match field, docstring:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text).replace("\n", " ")
