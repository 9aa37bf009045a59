"""The names that expressions can use and their types, as the table in docs/language.md has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction, StepDefinition, StepKind
from compiler.typecheck.type_checker import declared_type
from compiler.typecheck.type_scope import TypeScope
from compiler.typecheck.types import (
    DYN,
    EMPTY_OBJECT,
    INT,
    MAP,
    STRING,
    TIMESTAMP,
    Field,
    Type,
    merged_object_type,
    object_type,
)

CUSTOMER = Type("object", None, (Field("id", STRING), Field("name", STRING), Field("tier", STRING)))
ORDER = Type(
    "object",
    None,
    (
        Field("characteristics", MAP),
        Field("customer", CUSTOMER),
        Field("id", STRING),
        Field("priority", INT),
        Field("requested_completion", TIMESTAMP),
        Field("requested_start", TIMESTAMP),
    ),
)
EVENT_TEXT_FIELDS = (
    "type", "state", "state_before", "step", "workstream", "line", "product", "code", "message", "queue", "by",
    "reason", "receiver",
)  # fmt: skip
"""The fields of `event` in a receiver's `when`; empty if the event does not have them."""
EVENT = Type("object", None, (*(Field(name, STRING) for name in sorted(EVENT_TEXT_FIELDS)),))
EVENT_ORDER = Type(
    "object",
    None,
    (
        Field("customer", CUSTOMER),
        Field("id", STRING),
        Field("priority", INT),
        Field("products", Type("list", STRING)),
    ),
)
RESPONSE = Type("object", None, (Field("body", DYN), Field("headers", MAP), Field("status", INT)))
REQUEST = Type(
    "object",
    None,
    (
        Field("body", DYN),
        Field("headers", MAP),
        Field("method", STRING),
        Field("path", STRING),
        Field("query", MAP),
        Field("time", TIMESTAMP),
    ),
)
"""The request that a pretend system answers. The names of headers are in lower case."""
CALLBACK = Type("object", None, (Field("id", STRING), Field("url", STRING)))
UNAVAILABLE_NAMES = {
    "env": "`env` is only available in `system` and `receiver` documents: orders do not depend on it",
    "each": "`each` is only available in a rule with `for_each`, and in the lines that it makes",
    "index": "`index` is only available in a rule with `for_each`, in the lines that it makes, and in units",
    "lines": "`lines` is only available in steps that serve several lines (`per: bundle`, `order` or a value)",
    "response": "`response` is only available after a call: in `output`, `fail_when` and `poll`",
    "payload": "`payload` is only available after an event, a callback or a form: in `match`, `output` and `fail_when`",
    "event": "`event` is only available in event steps: in `match`, `output` and `fail_when`",
    "output": "`output` is only available in `undo` and `on_change`; elsewhere write `steps.<step>.output`",
    "callback": "`callback` is only available in calls that have a `callback`",
    "steps": "`steps` is only available in steps",
    "workstreams": "`workstreams` is only available in steps",
    "previous": "`previous` is only available in modify and delete lines",
    "let": "there is no `let` here that names a value: products, classes and workstreams may have one",
}
_RECEIVER_UNAVAILABLE = dict.fromkeys(UNAVAILABLE_NAMES, "a receiver's `when` can only use `event` and `order`")
_EXAMPLE_UNAVAILABLE = dict.fromkeys(
    ("order", "attributes", "quantity", "action", *UNAVAILABLE_NAMES),
    "a pretend system knows only the `request` that it answers, the segments of its `path`, and the `number`",
)
_HAPPENING_UNAVAILABLE = dict.fromkeys(
    ("attributes", "quantity", "action", "steps", *UNAVAILABLE_NAMES),
    "an event or a callback in a scenario knows the `order`, and with `when` the outputs of `steps` of the workstream",
)
SEVERAL_LINES_HINT = (
    "this step serves several lines and has no `{}` of its own: use `lines`, for example `lines.map(l, l.{})`"
)
MIXED_QUANTITY_HINT = (
    "`quantity` is whole for some of these products and decimal for others: give them the same `quantity: decimal`"
)
SINGLE_LINE_NAMES = ("attributes", "quantity", "action", "previous", "each", "index", "let")


def _all_required(whole: Type) -> Type:
    return replace(whole, fields=tuple(field._replace(optional=False) for field in whole.fields))


def previous_type(attributes: Type, quantity: Type = INT) -> Type:
    """The type of `previous`; its attributes are as complete as those of the line."""
    return Type("object", None, (Field("attributes", attributes), Field("quantity", quantity)))


def source_scope(
    attributes: Type, actions: Iterable[LineAction] | None, quantity: Type = INT, lets: Type = EMPTY_OBJECT
) -> TypeScope:
    """The scope of rules and components: the source line. `quantity` is DYN where its lines differ in that."""
    return _line_scope(attributes, actions is not None and ACTIONS_WITH_PREVIOUS.issuperset(actions), quantity, lets)


@lru_cache(maxsize=10_000)
def _line_scope(attributes: Type, previous_is_certain: bool, quantity: Type, lets: Type) -> TypeScope:
    names = {
        "order": ORDER,
        "attributes": attributes,
        "quantity": quantity,
        "action": STRING,
        "previous": previous_type(attributes, quantity),
    }
    if lets.fields:
        names["let"] = lets
    if quantity is DYN:
        del names["quantity"]
    unavailable = {**UNAVAILABLE_NAMES, "quantity": MIXED_QUANTITY_HINT} if quantity is DYN else UNAVAILABLE_NAMES
    return TypeScope(names, unavailable, previous_is_certain=previous_is_certain)


def receiver_scope() -> TypeScope:
    """The scope of a receiver's `when`: the event and its order."""
    return TypeScope({"event": EVENT, "order": EVENT_ORDER}, _RECEIVER_UNAVAILABLE)


def example_scope(path_names: Iterable[str], names: Iterable[str]) -> TypeScope:
    """The scope of a pretend system's answer. `path_names`: the names in its path; `names`: what is available."""
    path = Type("object", None, tuple(Field(name, STRING) for name in sorted(path_names)))
    known: dict[str, Type] = {"request": REQUEST, "path": path, "number": INT}
    return TypeScope({name: known[name] for name in names}, _EXAMPLE_UNAVAILABLE)


def entry_scope(*, has_step: bool) -> TypeScope:
    """The scope of an event or a callback in a scenario. `has_step`: whether `when` names a step."""
    names: dict[str, Type] = {"order": ORDER, "output": DYN, "steps": MAP}
    return TypeScope(names if has_step else {"order": ORDER}, _HAPPENING_UNAVAILABLE)


def per_line_scope(attributes: Type, quantity: Type, lets: Type = EMPTY_OBJECT) -> TypeScope:
    """The scope of `per`: a line. Its values may be missing, so nothing counts as optional."""
    return source_scope(_all_required(attributes), None, quantity, _all_required(lets))


def step_scope(
    single_attributes: Type,
    combined_attributes: Type,
    actions: Iterable[LineAction],
    serves_several: bool,
    loop_variables: dict[str, Type],
    quantity: Type,
    single_lets: Type = EMPTY_OBJECT,
    combined_lets: Type = EMPTY_OBJECT,
) -> TypeScope:
    """The scope of a step: its line with `single_attributes`, or several lines with `combined_attributes`.

    `loop_variables` has `each` and `index` if the lines have them.
    """
    if serves_several:
        line = (
            Field("action", STRING),
            Field("attributes", combined_attributes),
            Field("each", DYN),
            Field("external_ids", MAP),
            Field("id", STRING),
            Field("index", INT),
            *([Field("let", combined_lets)] if combined_lets.fields else []),
            Field("name", STRING),
            Field("previous", previous_type(combined_attributes, quantity)),
            Field("product", STRING),
            Field("quantity", quantity),
            Field("requested_completion", TIMESTAMP),
            Field("requested_start", TIMESTAMP),
        )
        names: dict[str, Type] = {"order": ORDER, "lines": Type("list", Type("object", None, line))}
        return TypeScope(
            names, {**UNAVAILABLE_NAMES, **{name: SEVERAL_LINES_HINT.format(name, name) for name in SINGLE_LINE_NAMES}}
        )
    scope = source_scope(single_attributes, actions, quantity, single_lets)
    return scope.with_names(**loop_variables) if loop_variables else scope


def element_type(for_each: str, attributes: Type, lets: Type = EMPTY_OBJECT) -> Type:
    """The type of `each`: that of the items if the list is an attribute or a named value, else any type."""
    declared = declared_type(for_each, {"attributes": attributes, "let": lets})
    return (declared.items if declared else None) or DYN


_EXTRA_NAMES: Mapping[str, Type] = {
    "response": RESPONSE,
    "payload": DYN,
    "event": STRING,
    "output": DYN,
    "callback": CALLBACK,
    "env": MAP,
    "each": DYN,
    "index": INT,
}


def available_names(candidates: Iterable[str], definition: StepDefinition | None) -> dict[str, Type]:
    """The candidates that exist for this step: without a call, for instance, there is no `response`."""
    candidates = frozenset(candidates)
    available = {name: _EXTRA_NAMES[name] for name in candidates}
    if definition is None:
        return available
    answered_later = definition.call is not None and definition.call.callback is not None
    if "payload" not in candidates and "event" not in candidates:
        if "callback" in candidates and "output" not in candidates and not answered_later:
            available.pop("callback")
        return available
    kind = definition.kind
    if kind is not StepKind.CALL:
        available.pop("response", None)
    if kind is not StepKind.ACTIVITY:
        available.pop("output", None)
    if kind not in (StepKind.EVENT, StepKind.MANUAL) and not answered_later:
        available.pop("payload", None)
    if kind is not StepKind.EVENT:
        available.pop("event", None)
    if "payload" in available and kind is StepKind.MANUAL and definition.manual is not None and definition.manual.form:
        available["payload"] = object_type(definition.manual.form)
    return available


def shared_and_combined_fields(objects: Sequence[Type]) -> tuple[Type, Type]:
    """The fields that all of these objects have; and those that any has, which may be missing."""
    if len(objects) == 1:
        return objects[0], objects[0]
    combined = merged_object_type(objects)
    shared = tuple(field for field in combined.fields if all(one.field(field.name) for one in objects))
    return replace(combined, fields=shared), combined
