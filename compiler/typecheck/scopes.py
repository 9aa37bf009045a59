"""What expressions see: the table of names in docs/language.md, as scopes of types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from compiler.cel.syntax_tree import UnparsableError, parse, path_of
from compiler.language.attributes import Attribute
from compiler.language.steps import Action, StepDefinition, StepKind
from compiler.typecheck.type_checker import Scope
from compiler.typecheck.types import DYN, INT, MAP, STRING, TIMESTAMP, Field, Type, common_object, object_of

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
TOLD_TEXTS = (
    "type", "state", "state_before", "step", "workstream", "line", "product", "code", "message", "queue", "by",
    "reason", "receiver",
)  # fmt: skip
"""What a receiver's `when` sees of an event; a text that the event has not is empty."""
TOLD = Type("object", None, (*(Field(name, STRING) for name in sorted(TOLD_TEXTS)),))
TOLD_ORDER = Type(
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
EVERYTHING_ELSE = {
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
_RECEIVER_SEES = dict.fromkeys(EVERYTHING_ELSE, "a receiver's `when` sees `event` and `order` only")
ONE_LINE = "this step serves several lines and has no `{}` of its own: use `lines`, for example `lines.map(l, l.{})`"
SINGLE_LINE_NAMES = ("attributes", "quantity", "action", "previous", "each", "index")
BEFORE = frozenset({Action.MODIFY, Action.DELETE})


def _all_given(whole: Type) -> Type:
    return replace(whole, fields=tuple(field._replace(optional=False) for field in whole.fields))


def previous_of(attributes: Type) -> Type:
    """What the customer had: as complete as what they ask for."""
    return Type("object", None, (Field("attributes", attributes), Field("quantity", INT)))


def source_scope(attributes: Type, actions: Iterable[Action] | None) -> Scope:
    """Of rules and components: the source line."""
    names = {
        "order": ORDER,
        "attributes": attributes,
        "quantity": INT,
        "action": STRING,
        "previous": previous_of(attributes),
    }
    sure = actions is not None and set(actions) <= BEFORE
    return Scope(names, EVERYTHING_ELSE, previous_is_sure=sure)


def receiver_scope() -> Scope:
    """Of a receiver's `when`: the event, and the order that it is about."""
    return Scope({"event": TOLD, "order": TOLD_ORDER}, _RECEIVER_SEES)


def over_line_scope(attributes: Type) -> Scope:
    """Of `per` and a workstream's `when`: a line; for `per`, what is not given is an answer."""
    return source_scope(_all_given(attributes), None)


def step_scope(one: Type, many: Type, actions: Iterable[Action], several: bool, made_by: dict[str, Type]) -> Scope:
    """Of a step: the line that it serves, with the attributes `one`; or `several` lines with the attributes `many`.

    `made_by` holds `each` and `index` where lines have them.
    """
    if several:
        line = (
            Field("action", STRING),
            Field("attributes", many),
            Field("each", DYN),
            Field("external_ids", MAP),
            Field("id", STRING),
            Field("index", INT),
            Field("name", STRING),
            Field("previous", previous_of(many)),
            Field("product", STRING),
            Field("quantity", INT),
            Field("requested_completion", TIMESTAMP),
            Field("requested_start", TIMESTAMP),
        )
        names: dict[str, Type] = {"order": ORDER, "lines": Type("list", Type("object", None, line))}
        return Scope(names, {**EVERYTHING_ELSE, **{name: ONE_LINE.format(name, name) for name in SINGLE_LINE_NAMES}})
    scope = source_scope(one, actions)
    return scope.with_names(**made_by) if made_by else scope


def element_of(for_each: str, attributes: Type) -> Type:
    """What `each` is: of a list that is an attribute its items, else anything."""
    try:
        path = path_of(parse(for_each))
    except UnparsableError:
        return DYN
    kind = Type("object", None, (Field("attributes", attributes),))
    for name in path or ():
        declared = kind.field(name)
        if declared is None:
            return DYN
        kind = declared.type
    return kind.items or DYN


def seen_names(names: Iterable[str], definition: StepDefinition | None) -> dict[str, Type]:
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
    asked = frozenset(names)
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
        there["payload"] = object_of(definition.manual.form)
    return there


def attributes_seen(products: Iterable[Mapping[str, Attribute]]) -> tuple[Type, Type]:
    """What one line of any of these products has: what all declare; and what some declare, which may be missing."""
    objects = [object_of(attributes) for attributes in products]
    many = common_object(objects)
    shared = tuple(field for field in many.fields if all(one.field(field.name) for one in objects))
    return replace(many, fields=shared), many
