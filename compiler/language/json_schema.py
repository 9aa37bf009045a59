"""JSON Schema of the definitions, for editors that complete and check while one writes."""

from __future__ import annotations

from typing import Any

from compiler.language.documents import DOCUMENT_MODELS
from compiler.language.order import Order

_JSON_SCHEMA_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_kinds() -> tuple[str, ...]:
    """What there are schemas of: every kind of definition, and `order`."""
    return (*DOCUMENT_MODELS, "order")


def json_schema(kind: str | None = None) -> dict[str, Any]:
    """The schema of one kind; without one, of any definition. Raises KeyError for a kind that there is not."""
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
    """With what each key means, where it is known, and names checked where people give them."""
    for part in [schema, *schema.get("$defs", {}).values()]:
        for name, field in part.get("properties", {}).items():
            field.pop("title", None)
            if name in KEY_DESCRIPTIONS and "description" not in field:
                field["description"] = KEY_DESCRIPTIONS[name]
            for shape in (field, *field.get("anyOf", ())):
                if "patternProperties" in shape:
                    shape["additionalProperties"] = False
    return schema


KEY_DESCRIPTIONS = {
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
    "sla": "At risk at duration - warn, late at duration, counted from ready.",
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
    "probe": "The path that tells whether the system is there; without it, its base_url is asked.",
    "breaker": "When calls are held back by themselves: failures within a time; false for never.",
    "failures": "So many failures of the system itself, and at least half of its last calls.",
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
    "accept": "The form of the answer: json, form, xml or text; without it, that of the call.",
    "across": "Which instances are meant: all of the order line, the top-level line (bundle) or the order.",
    "api_key": "A key in a header of its own.",
    "at": "The time, as text or ${…}.",
    "backoff": "By how much each wait is longer than the one before.",
    "basic": "User and password.",
    "bearer": "A token.",
    "body": "What is sent.",
    "ca": "Whom to trust.",
    "callback": "The answer only acknowledges; the step completes when the system calls back.",
    "cert": "The certificate.",
    "client_id": "Who asks for the token.",
    "client_secret": "Its secret.",
    "concurrency": "How many calls at once, per worker.",
    "condition": "What must hold (CEL).",
    "delay": "How long after the step's turn has come.",
    "delete": "The path of a DELETE call.",
    "do": "fallout (park it for a person) or continue (note it and go on).",
    "duration": "How long the step may take.",
    "env": "The name of a variable of the worker's environment.",
    "escalate": "A queue or a receiver of notifications.",
    "every": "How long between two questions.",
    "example": "What a scenario's world answers where it foresees nothing else.",
    "expect": "What must come out.",
    "file": "The path of a file on the worker.",
    "form": "The data that the person must give, declared like attributes.",
    "format": "json, form, xml or text, for body and answer.",
    "get": "The path of a GET call.",
    "give_up_on": "Error codes, or classes of HTTP status (4xx), that another attempt cannot cure.",
    "header": "The header's name.",
    "headers": "Headers that are sent.",
    "if": "The condition (CEL) that makes it a failure.",
    "initial": "The wait before the second attempt.",
    "instructions": "What the person is to do.",
    "intervals": "The waits between attempts, one by one, instead of a back-off.",
    "latest": "As late as the requested completion allows.",
    "match": "A condition (CEL) on the event's payload.",
    "max": "How many rounds at most.",
    "max_attempts": "How often it is tried in all.",
    "max_interval": "The longest wait between two attempts.",
    "message": "The failure in words.",
    "mtls": "A certificate of our own.",
    "oauth2": "Client credentials.",
    "order": "An order's id; of a scenario, a file or the order itself.",
    "password": "The password.",
    "patch": "The path of a PATCH call.",
    "per_second": "How many calls a second, over all workers.",
    "poll": "Asks until a condition holds.",
    "post": "The path of a POST call.",
    "put": "The path of a PUT call.",
    "query": "Parameters after the path's `?`.",
    "queue": "Whose task it is.",
    "redo_from": "The step from which on the work is done again.",
    "rollback": "What is taken back: line, bundle or order.",
    "scope": "What the token is for.",
    "step": "The step: step, workstream.step, or workstream.",
    "token_url": "Where tokens are given out.",
    "user": "The user's name.",
    "value": "The key.",
    "warn": "How long before the end of the duration the step is at risk.",
    "events": "What is told: types of events, or patterns such as order.*.",
    "include": "Personal data that goes with each event: customer (name and tier).",
    "secret": "Signs what is sent: {env: NAME} or {file: PATH}.",
    "url": "Where events are sent; may hold ${env.NAME}.",
    "world": "What happens: answers, events, people, time.",
    "merge": "What is done where sources want different values: reject, first, min, max, sum, list.",
}
"""What each key means, in one line."""
