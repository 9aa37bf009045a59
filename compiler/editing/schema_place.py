"""What the language allows at a path of a document: keys, values, references. From the JSON Schema of the models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compiler.language.documents import DOCUMENT_MODELS
from compiler.language.json_schema import json_schema
from compiler.language.references import REFERENCE_MARK
from compiler.language.subschemas import JsonSchema
from compiler.source.document import KeyPath


@dataclass(frozen=True, slots=True)
class KeyInfo:
    name: str
    description: str
    is_required: bool
    opens: str
    """What its value is: mapping, list, or value."""


@dataclass(frozen=True, slots=True)
class ValueInfo:
    """What a value can be."""

    choices: tuple[str, ...]
    """The fixed values, as they are written."""
    marks: frozenset[str]
    """What it names (compiler.language.references)."""
    examples: tuple[str, ...]


class SchemaPlace:
    """The schema of one kind of document: a kind of definition, or `order`."""

    def __init__(self, kind: str) -> None:
        self._root = json_schema(kind)
        self._parts: dict[str, JsonSchema] = self._root.get("$defs", {})

    def keys(self, path: KeyPath, data: Any) -> list[KeyInfo]:
        """The keys that the mapping at `path` of `data` can have, those that it has included."""
        found: dict[str, KeyInfo] = {}
        for schema in self._at(path, data):
            required = schema.get("required", ())
            for name, key in schema.get("properties", {}).items():
                info = KeyInfo(name, self._description(key), name in required, self._opens(key))
                found.setdefault(name, info)
        return list(found.values())

    def key_marks(self, path: KeyPath, data: Any) -> frozenset[str]:
        """What the keys of the mapping at `path` name."""
        marks = (schema.get("propertyNames", {}).get(REFERENCE_MARK) for schema in self._at(path, data))
        return frozenset(mark for mark in marks if mark)

    def value(self, path: KeyPath, data: Any) -> ValueInfo:
        """What the value at `path` can be, an item of it included if it is a list that may be written without it."""
        schemas = self._at(path, data)
        choices: dict[str, None] = {}
        for schema in schemas:
            fixed = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
            fixed += [True, False] if schema.get("type") == "boolean" else []
            choices |= {_written(one): None for one in fixed if one is not None}
        marks = frozenset(schema[REFERENCE_MARK] for schema in schemas if REFERENCE_MARK in schema)
        examples = tuple(one for schema in schemas for one in schema.get("examples", ()))
        return ValueInfo(tuple(choices), marks, examples)

    def description(self, path: KeyPath, data: Any) -> str:
        """What the key that `path` ends with means; empty if it is a name that the author chose."""
        if not path or not isinstance(path[-1], str):
            return ""
        for schema in self._at(path[:-1], data):
            if path[-1] in schema.get("properties", {}):
                return self._description(schema["properties"][path[-1]])
        return ""

    def _at(self, path: KeyPath, data: Any) -> list[JsonSchema]:
        schemas = list(self._alternatives(self._root, data))
        for part in path:
            data = _step_into(data, part)
            inner = [one for schema in schemas for one in self._inner(schema, part)]
            schemas = [one for schema in inner for one in self._alternatives(schema, data)]
        return schemas

    def _inner(self, schema: JsonSchema, part: str | int) -> Iterator[JsonSchema]:
        if isinstance(part, int):
            if isinstance(schema.get("items"), dict):
                yield schema["items"]
            return
        named = schema.get("properties", {})
        if part in named:
            yield named[part]
            return
        yield from schema.get("patternProperties", {}).values()
        if isinstance(schema.get("additionalProperties"), dict):
            yield schema["additionalProperties"]

    def _alternatives(self, schema: JsonSchema, data: Any) -> list[JsonSchema]:
        """The schemas that `data` may follow. Of several mappings, those that have all its keys, if there are any."""
        found = list(self._resolved(schema))
        if isinstance(data, dict) and len(found) > 1:
            fitting = [one for one in found if "properties" not in one or data.keys() <= one["properties"].keys()]
            if any("properties" in one for one in fitting):
                return fitting
        return found

    def _resolved(self, schema: JsonSchema) -> Iterator[JsonSchema]:
        """The schema without references and unions."""
        if "$ref" in schema:
            yield from self._resolved(self._parts[schema["$ref"].rpartition("/")[2]])
        elif "anyOf" in schema or "oneOf" in schema:
            for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
                yield from self._resolved(one)
        else:
            yield schema

    def _description(self, schema: JsonSchema) -> str:
        if "description" in schema:
            return str(schema["description"])
        return str(self._parts[schema["$ref"].rpartition("/")[2]].get("description", "")) if "$ref" in schema else ""

    def _opens(self, schema: JsonSchema) -> str:
        types = [one.get("type") for one in self._resolved(schema) if one.get("type") != "null"]
        return "mapping" if types[:1] == ["object"] else "list" if types and set(types) == {"array"} else "value"


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _step_into(data: Any, part: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else None


@lru_cache(maxsize=16)
def schema_place(kind: str) -> SchemaPlace | None:
    """None for a kind that does not exist."""
    return SchemaPlace(kind) if kind in DOCUMENT_MODELS or kind == "order" else None
