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

from compiler.catalogue.catalogue import Read
from compiler.language.steps import Action, RetryPolicy, StepDefinition
from compiler.plan.plan import Line, OrderHeader, Plan, PlannedDefinition, PlannedStep, Previous
from compiler.source.gc_pause import collections_paused

FORMAT = 1
_LEVEL = 6


def pack(plan: Plan) -> bytes:
    """`plan` as bytes that `unpack` reads."""
    data = {
        "format": FORMAT,
        "order": _header(plan.order),
        "catalogue_version": plan.catalogue_version,
        "order_lines": [_line(line) for line in plan.order_lines],
        "lines": [_line(line) for line in plan.lines],
        "definitions": [_definition(definition) for definition in plan.definitions],
        "steps": [
            [step.id for step in plan.steps],
            [step.definition for step in plan.steps],
            [step.lines for step in plan.steps],
            [_gaps(step.after) for step in plan.steps],
            [step.reads for step in plan.steps],
        ],
    }
    return zlib.compress(_json(data).encode(), _LEVEL)


def unpack(data: bytes) -> Plan:
    """The plan that was packed. Raises ValueError for bytes that are none, or of a format that is not known here."""
    try:
        read = json.loads(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"these bytes are not a plan: {error}") from None
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise ValueError("this plan was packed by another version of the engine")
    with collections_paused():
        return _read_plan(read)


def _read_plan(read: dict[str, Any]) -> Plan:
    return Plan(
        order=_read_header(read["order"]),
        catalogue_version=read["catalogue_version"],
        order_lines=tuple(map(_read_line, read["order_lines"])),
        lines=tuple(map(_read_line, read["lines"])),
        definitions=tuple(map(_read_definition, read["definitions"])),
        steps=tuple(
            PlannedStep(id_, definition, tuple(lines), _positions(after), tuple(map(tuple, reads)))
            for id_, definition, lines, after, reads in zip(*read["steps"], strict=True)
        ),
    )


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _gaps(ascending: Iterable[int]) -> list[int]:
    """Ascending positions as distances, which compress better."""
    gaps, last = [], 0
    for position in ascending:
        gaps.append(position - last)
        last = position
    return gaps


def _positions(gaps: Iterable[int]) -> tuple[int, ...]:
    positions, last = [], 0
    for gap in gaps:
        last += gap
        positions.append(last)
    return tuple(positions)


_PLAIN = frozenset({str, int, float, bool, type(None)})


def _value(value: Any) -> Any:
    """An attribute's value: plain ones as they are, objects as objects, all others as a list that begins with a tag."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list or kind is tuple:
        return ["l", *map(_value, value)]
    if isinstance(value, dict):
        return {name: _value(item) for name, item in value.items()}
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, timedelta):
        return ["s", value.days, value.seconds, value.microseconds]
    raise TypeError(f"a plan cannot hold a {kind.__name__}")


def _read_value(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {name: _read_value(item) for name, item in value.items()}
    if kind is not list:
        return value
    tag = value[0]
    if tag == "l":
        return [_read_value(item) for item in value[1:]]
    if tag == "s":
        return timedelta(*value[1:])
    return datetime.fromisoformat(value[1]) if tag == "t" else date.fromisoformat(value[1])


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _read_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _header(order: OrderHeader) -> list[Any]:
    return [
        order.id,
        _value(order.customer),
        order.priority,
        _moment(order.requested_start),
        _moment(order.requested_completion),
        _value(order.characteristics),
    ]


def _read_header(data: list[Any]) -> OrderHeader:
    id_, customer, priority, start, completion, characteristics = data
    return OrderHeader(
        id_,
        _read_value(customer),
        priority,
        _read_moment(start),
        _read_moment(completion),
        _read_value(characteristics),
    )


def _line(line: Line) -> list[Any]:
    previous = line.previous
    return [
        line.id,
        line.product,
        line.name,
        line.quantity,
        line.action,
        _value(line.attributes),
        line.sources,
        line.per,
        None if previous is None else [_value(previous.attributes), previous.quantity],
        _value(line.each),
        line.index,
        _moment(line.requested_start),
        _moment(line.requested_completion),
        line.external_ids,
        line.asked,
    ]


def _read_line(data: list[Any]) -> Line:
    (
        id_, product, name, quantity, action, attributes, sources, per, previous, each, index, start, completion, ids,
        *asked,
    ) = data  # fmt: skip
    return Line(
        id=id_,
        product=product,
        name=name,
        quantity=quantity,
        action=Action(action),
        attributes=_read_value(attributes),
        sources=tuple(sources),
        per=per,
        previous=None if previous is None else Previous(_read_value(previous[0]), previous[1]),
        each=_read_value(each),
        index=index,
        requested_start=_read_moment(start),
        requested_completion=_read_moment(completion),
        external_ids=ids,
        asked=asked[0] if asked else "",
    )


def _definition(planned: PlannedDefinition) -> str:
    """A text of its own, so that plans of the same catalogue share what is read from it."""
    return _json(
        [
            planned.workstream,
            planned.workstream_name,
            planned.step,
            planned.name,
            _model(planned.definition),
            planned.serves_order_lines,
            planned.per,
            _model(planned.retry),
            _model(planned.undo_retry),
            planned.timeout,
            planned.undo_timeout,
            [[read.name, read.workstream, read.step, read.many] for read in planned.reads],
            planned.places,
        ]
    )


def _model(model: StepDefinition | RetryPolicy) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return dumped


@lru_cache(maxsize=10_000)
def _read_definition(text: str) -> PlannedDefinition:
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
        reads=tuple(Read(*read) for read in reads),
        places=places,
    )
