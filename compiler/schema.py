"""JSON Schema of the definitions, for editors that complete and check while one writes."""

from __future__ import annotations

from typing import Any

from compiler.documents import KINDS
from compiler.order import Order

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def kinds() -> tuple[str, ...]:
    """What there are schemas of: every kind of definition, and `order`."""
    return (*KINDS, "order")


def json_schema(kind: str | None = None) -> dict[str, Any]:
    """The schema of one kind; without one, of any definition. Raises KeyError for a kind that there is not."""
    if kind == "order":
        return {"$schema": _DRAFT, "title": "order", **Order.model_json_schema(by_alias=True)}
    if kind is not None:
        return {"$schema": _DRAFT, **_described(KINDS[kind].model_json_schema(by_alias=True))}
    schemas = {name: _described(model.model_json_schema(by_alias=True)) for name, model in KINDS.items()}
    definitions: dict[str, Any] = {}
    for schema in schemas.values():
        definitions |= schema.pop("$defs", {})
    choices = [
        {"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": schema}
        for name, schema in schemas.items()
    ]
    return {
        "$schema": _DRAFT,
        "title": "Ordo definition",
        "type": "object",
        "required": ["kind", "id"],
        "properties": {"kind": {"enum": list(KINDS)}},
        "allOf": choices,
        "$defs": definitions,
    }


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """With `x` allowed wherever `[x]` is, as the reader takes both, and what a key means where it is known."""
    for part in [schema, *schema.get("$defs", {}).values()]:
        for name, field in part.get("properties", {}).items():
            if name in MEANINGS and "description" not in field:
                field["description"] = MEANINGS[name]
            if name in _ONE_OR_MANY and field.get("type") == "array":
                part["properties"][name] = {
                    "description": field.get("description", name),
                    "anyOf": [field, field["items"]],
                }
            if name in _EXPRESSIONS and field.get("type") == "string":
                field["type"] = ["string", "boolean", "number"]
    return schema


_ONE_OR_MANY = frozenset({"after", "actions", "no_work_for", "for", "name", "give_up_on", "on_failure"})
_EXPRESSIONS = frozenset({"when", "if", "until", "match", "condition", "quantity", "per", "for_each", "key"})
MEANINGS = {
    "id": "Lower-case letters, digits and _: the name by which others refer to this.",
    "name": "Shown to people; the id, where it is not given.",
    "description": "For whoever reads the definition.",
    "code": "The SKU that orders come with; unique.",
    "class": "The product class whose attributes and rules are inherited.",
    "attributes": "Of a product: what it declares. Of a rule: target attribute → literal, ${…} or a table.",
    "components": "Commercial products sold inside this one.",
    "decomposes_to": "Rules: which technical products an order line brings, how many, with which attributes.",
    "dependencies": "Step → the steps that it waits for, in orders of this offer.",
    "no_work_for": "Line actions for which nothing needs to be done.",
    "steps": "What is done, step by step.",
    "product": "The product that the rule leads to.",
    "when": "A condition (CEL); without one, always.",
    "quantity": "How many (CEL); without it, as many as the source.",
    "for_each": "A list (CEL): one line for each of its elements.",
    "key": "Names an element of `for_each` in ids (CEL), or the key that an event must have.",
    "actions": "The line actions that this answers to: add, modify, delete, no_change.",
    "precedence": "Lower comes first where rules want different values.",
    "as": "Keeps this rule's line apart from others of the same product.",
    "per": "How many there are: line, unit, bundle, order, or one for each value of an expression.",
    "merged_quantity": "Where several sources meet: sum, max, or one.",
    "after": "The steps that this one waits for: step, workstream.step, or workstream.",
    "for": "The products that bring this workstream into a plan; of a wait, how long.",
    "call": "An HTTP call to a system.",
    "activity": "The name of a Python activity.",
    "with": "What the activity is given.",
    "manual": "A person does it.",
    "event": "Waits for an event of this order.",
    "wait": "A timer, or a pause until a condition holds.",
    "milestone": "A point that people watch; completes by itself.",
    "start": "Not before: a delay, a time, or as late as possible.",
    "expected": "How long it usually takes.",
    "timeout": "Of one attempt.",
    "retry": "A retry policy's id, or a policy.",
    "fail_when": "Business failures in an answer that arrived technically fine.",
    "sla": "At risk at duration − warn, late at duration, counted from ready.",
    "on_failure": "What is done when the step is out of attempts.",
    "undo": "What takes the step's effect back.",
    "on_change": "What an amendment does to this step once it is done: redo, keep, or a call that patches.",
    "point_of_no_return": "From this step's start on, its lines can be neither cancelled nor changed.",
    "output": "What later steps see; without it, the answer's body.",
    "default_output": "What later steps see when this step was skipped.",
    "system": "The system that the call goes to.",
    "base_url": "Where the system is; may hold ${env.NAME}.",
    "auth": "How to prove who calls; every secret is {env: NAME} or {file: PATH}.",
    "limits": "concurrency per worker, per_second over all workers.",
    "error_code": "Where this system puts its business error code (CEL over response).",
    "within": "How long to wait; then the step fails with code timeout.",
    "until": "What is waited for.",
    "type": "string, integer, number, boolean, date, datetime, list or object.",
    "default": "The value where none is given.",
    "required": "Whether a value must be given.",
    "enum": "The values that are allowed.",
    "minimum": "The least number allowed.",
    "maximum": "The greatest number allowed.",
    "min_length": "The least number of characters or items.",
    "max_length": "The greatest number of characters or items.",
    "pattern": "A regular expression (RE2) that the whole text must match.",
    "items": "What each item of a list must be.",
    "properties": "What an object holds.",
    "merge": "What is done where sources want different values: reject, first, min, max, sum, list.",
}
"""What each key means, in one line."""
