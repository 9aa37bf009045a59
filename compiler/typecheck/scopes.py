"""What expressions see: the table of names in docs/language.md, as scopes of types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from compiler.cel.syntax_tree import UnparsableError, node_path, parse_expression
from compiler.language.attributes import Attribute
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction, StepDefinition, StepKind
from compiler.typecheck.type_checker import TypeScope
from compiler.typecheck.types import DYN, INT, MAP, STRING, TIMESTAMP, Field, Type, merged_object_type, object_type

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
"""What a receiver's `when` sees of an event; a text that the event has not is empty."""
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
CALLBACK = Type("object", None, (Field("id", STRING), Field("url", STRING)))
UNAVAILABLE_NAMES = {
    "env": "`env` is seen by `system` documents only: they are the environment's, orders are not",
    "each": "`each` is seen by a rule with `for_each`, and by the lines that it makes",
    "index": "`index` is seen by a rule with `for_each`, by the lines that it makes, and by units",
    "lines": "`lines` is seen by steps that serve several lines (`per: bundle`, `order` or a value)",
    "response": "`response` is seen where a call's answer is: `output`, `fail_when`, `poll`",
    "payload": "`payload` is seen where an event, a callback or a form has come: `match`, `output`, `fail_when`",
    "event": "`event` is seen by event steps: in `match`, `output` and `fail_when`",
    "output": "`output` is seen by `undo` and `on_change`; elsewhere write `steps.<step>.output`",
    "callback": "`callback` is seen by calls that have a `callback`",
    "steps": "`steps` is seen by steps only",
    "workstreams": "`workstreams` is seen by steps only",
    "previous": "`previous` is seen by modify and delete lines",
}
_RECEIVER_UNAVAILABLE = dict.fromkeys(UNAVAILABLE_NAMES, "a receiver's `when` sees `event` and `order` only")
SEVERAL_LINES_HINT = (
    "this step serves several lines and has no `{}` of its own: use `lines`, for example `lines.map(l, l.{})`"
)
SINGLE_LINE_NAMES = ("attributes", "quantity", "action", "previous", "each", "index")


def _all_required(whole: Type) -> Type:
    return replace(whole, fields=tuple(field._replace(optional=False) for field in whole.fields))


def previous_type(attributes: Type) -> Type:
    """What the customer had: as complete as what they ask for."""
    return Type("object", None, (Field("attributes", attributes), Field("quantity", INT)))


def source_scope(attributes: Type, actions: Iterable[LineAction] | None) -> TypeScope:
    """Of rules and components: the source line."""
    names = {
        "order": ORDER,
        "attributes": attributes,
        "quantity": INT,
        "action": STRING,
        "previous": previous_type(attributes),
    }
    sure = actions is not None and set(actions) <= ACTIONS_WITH_PREVIOUS
    return TypeScope(names, UNAVAILABLE_NAMES, previous_is_certain=sure)


def receiver_scope() -> TypeScope:
    """Of a receiver's `when`: the event, and the order that it is about."""
    return TypeScope({"event": EVENT, "order": EVENT_ORDER}, _RECEIVER_UNAVAILABLE)


def per_line_scope(attributes: Type) -> TypeScope:
    """Of `per` and a workstream's `when`: a line; for `per`, what is not given is an answer."""
    return source_scope(_all_required(attributes), None)


def step_scope(
    single_attributes: Type,
    combined_attributes: Type,
    actions: Iterable[LineAction],
    serves_several: bool,
    loop_variables: dict[str, Type],
) -> TypeScope:
    """Of a step: the line that it serves, with the attributes `one`; or `several` lines with the attributes `many`.

    `made_by` holds `each` and `index` where lines have them.
    """
    if serves_several:
        line = (
            Field("action", STRING),
            Field("attributes", combined_attributes),
            Field("each", DYN),
            Field("external_ids", MAP),
            Field("id", STRING),
            Field("index", INT),
            Field("name", STRING),
            Field("previous", previous_type(combined_attributes)),
            Field("product", STRING),
            Field("quantity", INT),
            Field("requested_completion", TIMESTAMP),
            Field("requested_start", TIMESTAMP),
        )
        names: dict[str, Type] = {"order": ORDER, "lines": Type("list", Type("object", None, line))}
        return TypeScope(
            names, {**UNAVAILABLE_NAMES, **{name: SEVERAL_LINES_HINT.format(name, name) for name in SINGLE_LINE_NAMES}}
        )
    scope = source_scope(single_attributes, actions)
    return scope.with_names(**loop_variables) if loop_variables else scope


def element_type(for_each: str, attributes: Type) -> Type:
    """What `each` is: of a list that is an attribute its items, else anything."""
    try:
        path = node_path(parse_expression(for_each))
    except UnparsableError:
        return DYN
    kind = Type("object", None, (Field("attributes", attributes),))
    for name in path or ():
        declared = kind.field(name)
        if declared is None:
            return DYN
        kind = declared.type
    return kind.items or DYN


def available_names(candidates: Iterable[str], definition: StepDefinition | None) -> dict[str, Type]:
    """The further names that are really there: a step without a call has no `response`."""
    known: dict[str, Type] = {
        "response": RESPONSE,
        "payload": DYN,
        "event": STRING,
        "output": DYN,
        "callback": CALLBACK,
        "env": MAP,
        "each": DYN,
        "index": INT,
    }
    asked = frozenset(candidates)
    there = {name: known[name] for name in asked}
    if definition is None:
        return there
    kind = definition.kind
    answered_later = kind is StepKind.CALL and definition.call is not None and definition.call.callback is not None
    if "payload" not in asked and "event" not in asked:
        if "callback" in asked and "output" not in asked and not answered_later:
            there.pop("callback")
        return there
    if kind is not StepKind.CALL:
        there.pop("response", None)
    if kind is not StepKind.ACTIVITY:
        there.pop("output", None)
    if kind not in (StepKind.EVENT, StepKind.MANUAL) and not answered_later:
        there.pop("payload", None)
    if kind is not StepKind.EVENT:
        there.pop("event", None)
    if "payload" in there and kind is StepKind.MANUAL and definition.manual is not None and definition.manual.form:
        there["payload"] = object_type(definition.manual.form)
    return there


def shared_and_combined(products: Iterable[Mapping[str, Attribute]]) -> tuple[Type, Type]:
    """What one line of any of these products has: what all declare; and what some declare, which may be missing."""
    objects = [object_type(attributes) for attributes in products]
    many = merged_object_type(objects)
    shared = tuple(field for field in many.fields if all(one.field(field.name) for one in objects))
    return replace(many, fields=shared), many
