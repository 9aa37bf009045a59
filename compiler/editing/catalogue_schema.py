"""The JSON Schema of a catalogue: keys that name something list what this catalogue has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.editing.catalogue_names import OPEN_MARKS, OWN_STEP_MARKS, STEP_LABEL, Names, catalogue_names
from compiler.language.attributes import Attribute, AttributeType
from compiler.language.documents import ID_PATTERN
from compiler.language.json_schema import json_schema
from compiler.language.references import REFERENCE_MARK
from compiler.language.subschemas import JsonSchema, subschemas


def catalogue_schema(index: DefinitionIndex, kind: str | None = None) -> JsonSchema:
    """Like `json_schema`, with this catalogue's ids as enums, and with the attributes of each product.

    Names that nothing declares, such as queues, are only suggested (`examples`).
    """
    schema = json_schema(kind)
    parts = schema.setdefault("$defs", {})
    _list_names(schema, parts, index)
    _list_attributes(parts, index)
    return schema


def _list_names(schema: JsonSchema, parts: dict[str, Any], index: DefinitionIndex) -> None:
    names = catalogue_names(index)
    used = set()
    for part in list(subschemas(schema)):
        mark = part.pop(REFERENCE_MARK, None)
        if mark in OPEN_MARKS:
            part["examples"] = [name.text for name in names[mark]]
        elif mark is not None:
            used.add(mark)
            part["$ref"] = f"#/$defs/{_names_part(mark)}"
    for mark in sorted(used):
        parts[_names_part(mark)] = _names_schema(mark, names[mark])


def _names_schema(mark: str, names: Names) -> JsonSchema:
    """A step of the same document may be a new one, which no other document has: any id can name it."""
    if mark not in OWN_STEP_MARKS:
        return {"enum": [name.text for name in names]}
    others = [name.text for name in names if not name.label.startswith(STEP_LABEL)]
    own = {"type": "string", "pattern": ID_PATTERN}
    return {"anyOf": [{"enum": others}, own]} if others else own


def _names_part(mark: str) -> str:
    return f"Names_{mark}"


def _list_attributes(parts: dict[str, Any], index: DefinitionIndex) -> None:
    """Lines and rules: which attributes there are depends on the `product` beside them."""
    lines, rules, components = [], [], []
    for product, attributes in sorted(index.product_attributes.items()):
        model = index.definitions.products[product].model
        names = {"propertyNames": {"enum": list(attributes)}}
        if not index.is_commercial(product):
            rules.append(_if_product([product], {"attributes": names}))
            continue
        components.append(_if_product([product], {"attributes": names}))
        values = {"attributes": _object_schema(attributes), "previous": {"properties": {"attributes": names}}}
        lines.append(_if_product([product, *([model.code] if model.code else [])], values))
    for part, choices in (("OrderLine", lines), ("RuleDefinition", rules), ("ComponentDefinition", components)):
        if part in parts and choices:
            parts[part]["allOf"] = choices


def _if_product(texts: list[str], then: JsonSchema) -> JsonSchema:
    return {
        "if": {"properties": {"product": {"enum": texts}}, "required": ["product"]},
        "then": {"properties": then},
    }


_TYPE_WORDS: Mapping[AttributeType, tuple[str, ...]] = {
    # `01067` is text in Ordo's YAML and a whole number in that of many editors.
    AttributeType.STRING: ("string", "integer"),
    AttributeType.INTEGER: ("integer",),
    AttributeType.NUMBER: ("number",),
    AttributeType.BOOLEAN: ("boolean",),
    AttributeType.DATE: ("string",),
    AttributeType.DATETIME: ("string",),
    AttributeType.LIST: ("array",),
    AttributeType.OBJECT: ("object",),
}


def _object_schema(attributes: Mapping[str, Attribute]) -> JsonSchema:
    return {
        "type": "object",
        "properties": {name: _attribute_schema(attribute) for name, attribute in attributes.items()},
        "additionalProperties": False,
    }


def _attribute_schema(attribute: Attribute) -> JsonSchema:
    """Values of an attribute. Null is always allowed: it takes a value away."""
    is_list = attribute.type is AttributeType.LIST
    limits: dict[str, Any] = {
        "enum": [*attribute.enum, None] if attribute.enum is not None else None,
        "minimum": attribute.minimum,
        "maximum": attribute.maximum,
        "minItems" if is_list else "minLength": attribute.min_length,
        "maxItems" if is_list else "maxLength": attribute.max_length,
        "pattern": f"^(?:{attribute.pattern})$" if attribute.pattern is not None else None,
        "default": attribute.default,
        "items": _attribute_schema(attribute.items) if attribute.items else None,
    }
    schema: JsonSchema = {
        "description": attribute.description or attribute.type.value,
        "type": [*_TYPE_WORDS[attribute.type], "null"],
        **{word: limit for word, limit in limits.items() if limit is not None},
    }
    if attribute.properties is not None:
        schema |= {**_object_schema(attribute.properties), "type": schema["type"]}
    return schema
