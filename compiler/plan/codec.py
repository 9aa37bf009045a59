"""A plan as bytes, as a workflow's history and its state carry it: compact, the same bytes for the same plan.

What a definition says is stored once; everything is zlib-compressed JSON. Pure: usable inside a workflow.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from compiler.catalogue.catalogue import OutputReference
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import LineAction, StepDefinition
from compiler.plan.plan import OrderHeader, Plan, PlannedDefinition, PlannedLine, PlannedStep, PreviousState
from compiler.source.gc_pause import gc_paused

FORMAT_VERSION = 1
_LEVEL = 6


def encode_plan(plan: Plan) -> bytes:
    """`plan` as bytes that `unpack` reads."""
    data = {
        "format": FORMAT_VERSION,
        "order": _encode_header(plan.order),
        "catalogue_version": plan.catalogue_version,
        "order_lines": [_encode_line(line) for line in plan.order_lines],
        "lines": [_encode_line(line) for line in plan.fulfilment_lines],
        "definitions": [_encode_definition(definition) for definition in plan.definitions],
        "steps": [
            [step.id for step in plan.steps],
            [step.definition_position for step in plan.steps],
            [step.line_positions for step in plan.steps],
            [_delta_encode(step.after) for step in plan.steps],
            [step.reads for step in plan.steps],
        ],
    }
    return zlib.compress(_json(data).encode(), _LEVEL)


def decode_plan(data: bytes) -> Plan:
    """The plan that was packed. Raises ValueError for bytes that are none, or of a format that is not known here."""
    try:
        read = json.loads(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"these bytes are not a plan: {error}") from None
    if not isinstance(read, dict) or read.get("format") != FORMAT_VERSION:
        raise ValueError("this plan was packed by another version of the engine")
    with gc_paused():
        return _decode_plan(read)


def _decode_plan(read: dict[str, Any]) -> Plan:
    return Plan(
        order=_decode_header(read["order"]),
        catalogue_version=read["catalogue_version"],
        order_lines=tuple(map(_decode_line, read["order_lines"])),
        fulfilment_lines=tuple(map(_decode_line, read["lines"])),
        definitions=tuple(map(_decode_definition, read["definitions"])),
        steps=tuple(
            PlannedStep(id_, definition, tuple(lines), _delta_decode(after), tuple(map(tuple, reads)))
            for id_, definition, lines, after, reads in zip(*read["steps"], strict=True)
        ),
    )


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _delta_encode(ascending: Iterable[int]) -> list[int]:
    """Ascending positions as distances, which compress better."""
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
    """An attribute's value: plain ones as they are, objects as objects, all others as a list that begins with a tag."""
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


def _encode_header(order: OrderHeader) -> list[Any]:
    return [
        order.id,
        _encode_value(order.customer),
        order.priority,
        _encode_datetime(order.requested_start),
        _encode_datetime(order.requested_completion),
        _encode_value(order.characteristics),
    ]


def _decode_header(data: list[Any]) -> OrderHeader:
    id_, customer, priority, start, completion, characteristics = data
    return OrderHeader(
        id_,
        _decode_value(customer),
        priority,
        _decode_datetime(start),
        _decode_datetime(completion),
        _decode_value(characteristics),
    )


def _encode_line(line: PlannedLine) -> list[Any]:
    previous = line.previous
    return [
        line.id,
        line.product,
        line.name,
        line.quantity,
        line.action,
        _encode_value(line.attributes),
        line.sources,
        line.per,
        None if previous is None else [_encode_value(previous.attributes), previous.quantity],
        _encode_value(line.each),
        line.index,
        _encode_datetime(line.requested_start),
        _encode_datetime(line.requested_completion),
        line.external_ids,
        line.request_digest,
    ]


def _decode_line(data: list[Any]) -> PlannedLine:
    (
        id_, product, name, quantity, action, attributes, sources, per, previous, each, index, start, completion, ids,
        *asked,
    ) = data  # fmt: skip
    return PlannedLine(
        id=id_,
        product=product,
        name=name,
        quantity=quantity,
        action=LineAction(action),
        attributes=_decode_value(attributes),
        sources=tuple(sources),
        per=per,
        previous=None if previous is None else PreviousState(_decode_value(previous[0]), previous[1]),
        each=_decode_value(each),
        index=index,
        requested_start=_decode_datetime(start),
        requested_completion=_decode_datetime(completion),
        external_ids=ids,
        request_digest=asked[0] if asked else "",
    )


def _encode_definition(planned: PlannedDefinition) -> str:
    """A text of its own, so that plans of the same catalogue share what is read from it."""
    return _json(
        [
            planned.workstream,
            planned.workstream_name,
            planned.step,
            planned.name,
            _encode_model(planned.definition),
            planned.serves_order_lines,
            planned.per,
            _encode_model(planned.retry),
            _encode_model(planned.undo_retry),
            planned.timeout,
            planned.undo_timeout,
            [[read.root, read.workstream, read.step, read.is_list] for read in planned.reads],
            planned.expression_locations,
        ]
    )


def _encode_model(model: StepDefinition | RetryPolicy) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return dumped


@lru_cache(maxsize=10_000)
def _decode_definition(text: str) -> PlannedDefinition:
    (
        workstream, workstream_name, step, name, definition, order_lines, per, retry, undo_retry, timeout, undo_timeout,
        reads, places,
    ) = json.loads(text)  # fmt: skip
    return PlannedDefinition(
        workstream=workstream,
        workstream_name=workstream_name,
        step=step,
        name=name,
        definition=StepDefinition.model_validate(definition),
        serves_order_lines=order_lines,
        per=per,
        retry=RetryPolicy.model_validate(retry),
        undo_retry=RetryPolicy.model_validate(undo_retry),
        timeout=timeout,
        undo_timeout=undo_timeout,
        reads=tuple(OutputReference(*read) for read in reads),
        expression_locations=places,
    )
