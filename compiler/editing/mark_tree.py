"""Which keys and values of a document name something, as a tree that is walked beside the document's data."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any

from compiler.language.documents import DOCUMENT_MODELS
from compiler.language.json_schema import json_schema
from compiler.language.references import REFERENCE_MARK
from compiler.language.subschemas import JsonSchema


class MarkNode:
    """What the schemas of one place say. The alternatives of a union count together; nodes are made when needed."""

    def __init__(self, schemas: Iterable[JsonSchema], parts: dict[str, Any]) -> None:
        self._parts = parts
        self._schemas = [one for schema in schemas for one in self._resolve(schema, frozenset())]
        self._children: dict[str, MarkNode | None] = {}

    def _resolve(self, schema: JsonSchema, seen: frozenset[str]) -> list[JsonSchema]:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return [] if name in seen else self._resolve(self._parts[name], seen | {name})
        unions = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        return [schema, *(one for part in unions for one in self._resolve(part, seen))]

    @cached_property
    def marks(self) -> frozenset[str]:
        """What a text here names."""
        return frozenset(schema[REFERENCE_MARK] for schema in self._schemas if REFERENCE_MARK in schema)

    @cached_property
    def key_marks(self) -> frozenset[str]:
        """What the keys of a mapping here name."""
        found = (schema.get("propertyNames", {}).get(REFERENCE_MARK) for schema in self._schemas)
        return frozenset(mark for mark in found if mark)

    @cached_property
    def item(self) -> MarkNode | None:
        """The items of a list here."""
        items = [schema["items"] for schema in self._schemas if isinstance(schema.get("items"), dict)]
        return MarkNode(items, self._parts) if items else None

    def child(self, key: str) -> MarkNode | None:
        """The value of a key here."""
        if key not in self._children:
            found = [schema["properties"][key] for schema in self._schemas if key in schema.get("properties", {})]
            if not found and self._named_by_author is not None:
                return self._named_by_author
            self._children[key] = MarkNode(found, self._parts) if found else None
        return self._children[key]

    @cached_property
    def _named_by_author(self) -> MarkNode | None:
        """The value of any key here whose name the author chooses."""
        found = [one for schema in self._schemas for one in schema.get("patternProperties", {}).values()]
        found += [one for schema in self._schemas if isinstance(one := schema.get("additionalProperties"), dict)]
        return MarkNode(found, self._parts) if found else None


@lru_cache(maxsize=16)
def mark_tree(kind: str) -> MarkNode | None:
    """The tree of a kind of definition, or of `order`; None for anything else."""
    if kind not in DOCUMENT_MODELS and kind != "order":
        return None
    schema = json_schema(kind)
    return MarkNode([schema], schema.get("$defs", {}))
