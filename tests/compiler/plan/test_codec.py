"""A plan as bytes."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from compiler.language.steps import LineAction, ReliedFailure
from compiler.plan.codec import decode_definitions, decode_plan, encode_plan
from compiler.plan.plan import OrderHeader, Plan, PlannedLine, PreviousState
from tests.support.compiler.plan_sketch import catalogue_of, line, sketch
from tests.support.core.plans import call, plan_of

ODD = {
    "day": date(2026, 12, 1),
    "moment": datetime(2026, 12, 1, 8, tzinfo=timezone(timedelta(hours=2))),
    "list": [1, [2.5, "l"], {"t": date(2026, 1, 1)}, []],
    "object": {"": None, "l": ["l", "x"], "nested": {"yes": True}},
    "span": timedelta(days=2, microseconds=1),
    "large": 2**63 - 1,
    "text": "d “quoted” 😀",
}


def of_line(**more: object) -> Plan:
    served = PlannedLine("1", "p", "P", 2.5, LineAction.MODIFY, dict(ODD), **more)  # type: ignore[arg-type]
    header = OrderHeader("O", {"id": "C"}, 3, datetime(2026, 1, 1, tzinfo=UTC), None, {"x": [1]})
    return Plan(header, "sha256:0", (served,), (), (), ())


def test_values_keep_their_types() -> None:
    plan = of_line(previous=PreviousState(dict(ODD), 3), each=date(2026, 1, 1), index=2, external_ids={"a": "b"})
    read = decode_plan(encode_plan(plan))
    assert read == plan
    assert repr(read.order_lines[0]) == repr(plan.order_lines[0])


def test_equal_plans_have_equal_bytes() -> None:
    assert encode_plan(of_line()) == encode_plan(of_line())


def test_definitions_can_be_read_alone() -> None:
    plan = plan_of({"reserve": call(), "ship": call("/y", after=["reserve"])})
    assert decode_definitions(encode_plan(plan)) == plan.definitions
    with pytest.raises(ValueError, match="plan"):
        decode_definitions(b"nothing")


@pytest.mark.parametrize("data", [b"", b"nothing", zlib.compress(b"[]"), zlib.compress(b'{"format": 99}')])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="plan"):
        decode_plan(data)


EVERYTHING = """
kind: commercial_product
id: offer
steps:
  call:
    call:
      {system: s, post: /x, query: {a: 1}, headers: {h: "x"}, body: {b: [{c: "${quantity}"}]}, callback: {within: 2d}}
    fail_when: [{if: response.status == 204, code: gone, message: no}]
    retry: {intervals: [1m, 90s, 0.25s], give_up_on: [409]}
    undo: {activity: x, with: {id: "${output.id}"}, timeout: 5s}
    output: {id: "${response.body.id}"}
    default_output: {}
    on_failure: [{code: timeout, do: continue}, {do: fallout, queue: q}]
  poll:
    call: {system: s, get: /x, poll: {get: /y, until: response.status == 200}}
    after: [{step: call, across: line}]
  task:
    manual: {queue: q, form: {at: {type: date, required: true}}}
    after: [call]
    sla: {duration: 1d}
    when: quantity > 1
  event:
    event: {name: [a, b], key: k, match: payload.x == 1}
    start: {delay: "${days(2)}"}
    on_change: {call: {system: s, put: /x}}
  wait:
    wait: {condition: has(order.characteristics.x), within: 3d}
    per: order
    actions: [add, delete]
  stone: {milestone: true, point_of_no_return: true, expected: 1h, after: [{order: "O-2", step: offer.call}]}
---
{kind: system, id: s, base_url: "http://localhost"}
"""


def test_definitions_of_every_kind_are_encoded(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, EVERYTHING), line("1", "offer")).plan
    assert len(plan.definitions) == 6
    assert decode_plan(encode_plan(plan)) == plan


def test_definitions_are_stored_once(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, EVERYTHING)
    lines = [line(str(number), "offer") for number in range(300)]
    many = sketch(catalogue, *lines).plan
    assert len(many.definitions) == 6
    assert len(encode_plan(many)) < 300 * len(encode_plan(sketch(catalogue, lines[0]).plan)) / 10


def test_plan_of_an_earlier_release_keeps_its_rules() -> None:
    data = json.loads(zlib.decompress(encode_plan(of_line())))
    del data["language"]
    assert decode_plan(zlib.compress(json.dumps(data).encode())).language_version == 1


def test_lines_that_were_encoded_before_they_could_rely_on_others_are_read() -> None:
    plan = of_line(relies_on=("2", "3"), on_relied_failure=ReliedFailure.ROLLBACK)
    assert decode_plan(encode_plan(plan)) == plan
    data = json.loads(zlib.decompress(encode_plan(plan)))
    data["order_lines"] = [line[:-4] for line in data["order_lines"]]
    (read,) = decode_plan(zlib.compress(json.dumps(data).encode())).order_lines
    assert (read.relies_on, read.on_relied_failure) == ((), ReliedFailure.FALLOUT)


def test_named_values_are_encoded_and_plans_from_before_them_are_read() -> None:
    day = date(2026, 12, 1)
    plan = of_line(let={"price": 4.5, "day": day}, workstream_lets={"shipment": {"weight": 3}})
    assert decode_plan(encode_plan(plan)) == plan
    data = json.loads(zlib.decompress(encode_plan(plan)))
    data["order_lines"] = [line[:-2] for line in data["order_lines"]]
    (read,) = decode_plan(zlib.compress(json.dumps(data).encode())).order_lines
    assert (read.let, read.workstream_lets) == ({}, {})
