"""Plans as bytes, as a workflow's history and its snapshots store them: zlib-compressed JSON.

Equal plans have equal bytes. Each definition is stored once. Pure: usable inside a workflow.
Dataclasses are stored as lists of their fields, in the order of their declaration.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from compiler.catalogue.catalogue import OutputReference
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import LineAction, ReliedFailure, StepDefinition
from compiler.plan.plan import OrderHeader, Plan, PlannedDefinition, PlannedLine, PlannedStep, PreviousState
from compiler.source.garbage_collection import gc_paused

FORMAT_VERSION = 1
_COMPRESSION_LEVEL = 6

T = TypeVar("T", OrderHeader, PlannedLine, PlannedDefinition)


def encode_plan(plan: Plan) -> bytes:
    """The plan as bytes for decode_plan."""
    data = {
        "format": FORMAT_VERSION,
        "order": _encode_fields(plan.order, _HEADER),
        "catalogue_version": plan.catalogue_version,
        "order_lines": [_encode_fields(line, _LINE) for line in plan.order_lines],
        "lines": [_encode_fields(line, _LINE) for line in plan.fulfilment_lines],
        "definitions": [_json(_encode_fields(definition, _DEFINITION)) for definition in plan.definitions],
        "steps": [
            [step.id for step in plan.steps],
            [step.definition_position for step in plan.steps],
            [step.line_positions for step in plan.steps],
            [_delta_encode(step.after) for step in plan.steps],
            [step.reads for step in plan.steps],
        ],
        "language": plan.language_version,
    }
    return zlib.compress(_json(data).encode(), _COMPRESSION_LEVEL)


def decode_plan(data: bytes) -> Plan:
    """The plan that was encoded. Raises ValueError for other bytes, and for a format of another version."""
    read = _read(data)
    with gc_paused():
        return _decode_plan(read)


def decode_definitions(data: bytes) -> tuple[PlannedDefinition, ...]:
    """Only the definitions of an encoded plan, which takes a tenth of the time. Raises ValueError as decode_plan."""
    return tuple(map(_decode_definition, _read(data)["definitions"]))


def _read(data: bytes) -> dict[str, Any]:
    try:
        read = json.loads(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"these bytes are not a plan: {error}") from None
    if not isinstance(read, dict) or read.get("format") != FORMAT_VERSION:
        raise ValueError("this plan was packed by another version of the engine")
    return read


def _decode_plan(read: dict[str, Any]) -> Plan:
    return Plan(
        order=_decode_fields(OrderHeader, read["order"], _HEADER),
        catalogue_version=read["catalogue_version"],
        order_lines=tuple(_decode_fields(PlannedLine, line, _LINE) for line in read["order_lines"]),
        fulfilment_lines=tuple(_decode_fields(PlannedLine, line, _LINE) for line in read["lines"]),
        definitions=tuple(map(_decode_definition, read["definitions"])),
        steps=tuple(
            PlannedStep(id_, definition, tuple(lines), _delta_decode(after), tuple(map(tuple, reads)))
            for id_, definition, lines, after, reads in zip(*read["steps"], strict=True)
        ),
        language_version=read.get("language", 1),
    )


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _delta_encode(ascending: Iterable[int]) -> list[int]:
    """Ascending positions as differences, which compress better."""
    gaps, last = [], 0
    for position in ascending:
        gaps.append(position - last)
        last = position
    return gaps


def _delta_decode(gaps: Iterable[int]) -> tuple[int, ...]:
    positions, last = [], 0
    for gap in gaps:
        last += gap
        positions.append(last)
    return tuple(positions)


_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})


def _encode_value(value: Any) -> Any:
    """Plain values stay as they are, and objects stay objects. All others become a list that starts with a tag."""
    kind = type(value)
    if kind in _PLAIN_TYPES:
        return value
    if kind is list or kind is tuple:
        return ["l", *map(_encode_value, value)]
    if isinstance(value, dict):
        return {name: _encode_value(item) for name, item in value.items()}
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, timedelta):
        return ["s", value.days, value.seconds, value.microseconds]
    raise TypeError(f"a plan cannot hold a {kind.__name__}")


def _decode_value(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {name: _decode_value(item) for name, item in value.items()}
    if kind is not list:
        return value
    tag = value[0]
    if tag == "l":
        return [_decode_value(item) for item in value[1:]]
    if tag == "s":
        return timedelta(*value[1:])
    return datetime.fromisoformat(value[1]) if tag == "t" else date.fromisoformat(value[1])


def _encode_datetime(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _decode_datetime(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _encode_previous(previous: PreviousState | None) -> list[Any] | None:
    return None if previous is None else [_encode_value(previous.attributes), previous.quantity]


def _decode_previous(data: list[Any] | None) -> PreviousState | None:
    return None if data is None else PreviousState(_decode_value(data[0]), data[1])


def _encode_model(model: StepDefinition | RetryPolicy) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return dumped


def _encode_reads(reads: tuple[OutputReference, ...]) -> list[list[Any]]:
    return [[read.root, read.workstream, read.step, read.is_list] for read in reads]


def _decode_reads(data: list[list[Any]]) -> tuple[OutputReference, ...]:
    return tuple(OutputReference(*read) for read in data)


_FieldCodecs = dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]
"""How to encode and to decode the fields that are not stored as they are."""

_VALUE = (_encode_value, _decode_value)
_DATETIME = (_encode_datetime, _decode_datetime)
_RETRY_POLICY = (_encode_model, RetryPolicy.model_validate)
_HEADER: _FieldCodecs = {
    "customer": _VALUE,
    "requested_start": _DATETIME,
    "requested_completion": _DATETIME,
    "characteristics": _VALUE,
}
_LINE: _FieldCodecs = {
    "action": (str, LineAction),
    "attributes": _VALUE,
    "sources": (list, tuple),
    "previous": (_encode_previous, _decode_previous),
    "each": _VALUE,
    "requested_start": _DATETIME,
    "requested_completion": _DATETIME,
    "relies_on": (list, tuple),
    "on_relied_failure": (str, ReliedFailure),
    "let": _VALUE,
    "workstream_lets": _VALUE,
}
_DEFINITION: _FieldCodecs = {
    "definition": (_encode_model, StepDefinition.model_validate),
    "retry": _RETRY_POLICY,
    "undo_retry": _RETRY_POLICY,
    "reads": (_encode_reads, _decode_reads),
}


def _encode_fields(part: OrderHeader | PlannedLine | PlannedDefinition, codecs: _FieldCodecs) -> list[Any]:
    return [
        codecs[name][0](getattr(part, name)) if name in codecs else getattr(part, name)
        for name in part.__dataclass_fields__
    ]


def _decode_fields(kind: type[T], data: list[Any], codecs: _FieldCodecs) -> T:
    """If older data lacks the last fields, they have their defaults."""
    named = zip(kind.__dataclass_fields__, data, strict=False)
    return kind(*(codecs[name][1](value) if name in codecs else value for name, value in named))


@lru_cache(maxsize=10_000)
def _decode_definition(text: str) -> PlannedDefinition:
    """Cached, so that plans of one catalogue share their definitions."""
    return _decode_fields(PlannedDefinition, json.loads(text), _DEFINITION)
