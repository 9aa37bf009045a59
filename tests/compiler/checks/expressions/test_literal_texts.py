"""Texts without `${ … }` that look like expressions, and fixed times that are none."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_error, assert_warning, findings_of

STEPS = """
kind: commercial_product
id: offer
attributes: {total: {type: number, default: 1.0}, day: {type: date, required: true}}
steps:
  go: {%s}
---
{kind: system, id: shop, base_url: "http://shop.example"}
"""
LITERAL = [
    ("call: {system: shop, post: /x, body: {amount: «attributes.total}}", "write `${attributes.total}`"),
    ("call: {system: shop, post: /x, body: {amount: «attributes.total * 2.0}}", "write `${attributes.total * 2.0}`"),
    ("call: {system: shop, post: /x, body: {deep: [{a: «order.customer.id}]}}", "write `${order.customer.id}`"),
    ("call: {system: shop, post: /x/«order.id}", "write `${order.id}`"),
    ("call: {system: shop, get: /x, query: {q: «steps.a.output.id}}", "write `${steps.a.output.id}`"),
    ("call: {system: shop, post: /x, headers: {X-Of: «order.characteristics.x}}", "order.characteristics.x"),
    ("call: {system: shop, post: /x}, output: {id: «response.body.id}", "write `${response.body.id}`"),
    ("call: {system: shop, post: /x, body: «'Total: attributes.total, ${order.id}'}", "`${attributes.total}`"),
    ("manual: {queue: q, instructions: «'Go to attributes.address'}", "write `${attributes.address}`"),
    ("event: {name: a, key: «workstreams.offer.go.output.id, within: 1d}", "workstreams.offer.go.output.id"),
    ("event: {name: a, within: 1d}, output: {x: «payload.x}", "write `${payload.x}`"),
    ("activity: a, with: {x: «previous.quantity}", "write `${previous.quantity}`"),
    ("activity: a, undo: {activity: b, with: {id: «output.id}}", "write `${output.id}`"),
    ("milestone: true, after: {order: «order.characteristics.parent, step: a.b, within: 1d}", "characteristics.parent"),
]


@pytest.mark.parametrize(("step", "words"), LITERAL)
def test_text_that_looks_like_an_expression_is_a_warning(step: str, words: str) -> None:
    found = [one for one in findings_of(STEPS % step) if one.code == "text-like-expression"]
    assert len(found) == 1
    assert words in found[0].message
    assert found[0].severity == "warning"


def test_position_is_that_of_the_path_in_the_text() -> None:
    step = "manual: {queue: q, instructions: Go to «attributes.address now}"
    assert_warning(STEPS % step, "text-like-expression", "`attributes.address` is literal text")


@pytest.mark.parametrize(
    "step",
    [
        "call: {system: shop, post: '/x/${order.id}', body: {a: '${attributes.total}', b: '$${attributes.total}'}}",
        "call: {system: shop, get: /static/attributes.json}",
        "call: {system: shop, post: /x, body: {topic: order.created, file: my-order.id, host: www.order.identity}}",
        "event: {name: [order.shipped, payload.x], within: 1d}",
        "manual: {queue: q, instructions: 'Complete the order.Then call the customer about its attributes.'}",
        "activity: a, with: {x: response.body.id, y: env.HOME}",
    ],
)
def test_other_texts_are_no_warning(step: str) -> None:
    assert [str(one) for one in findings_of(STEPS % step)] == []


def test_variable_without_braces_in_a_system_is_a_warning() -> None:
    text = STEPS % "milestone: true" + "---\n{kind: system, id: s, base_url: 'http://x', headers: {X: «env.TOKEN}}\n"
    assert_warning(text, "text-like-expression", "write `${env.TOKEN}`")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("milestone: true, start: {at: «attributes.day}", "for its value write `${attributes.day}`"),
        ("wait: {until: «attributes.day}", "for its value write `${attributes.day}`"),
        ("wait: {until: «tomorrow}", "must be a time like 2026-12-01T08:00:00Z"),
        ("milestone: true, start: {at: «'08:00'}", "must be a time like"),
    ],
)
def test_fixed_time_that_is_none_is_an_error(step: str, words: str) -> None:
    assert_error(STEPS % step, "value-invalid", words)


@pytest.mark.parametrize(
    "text", ["2026-12-01", "2026-12-01T08:00:00Z", "${attributes.day}", "${order.requested_start}"]
)
def test_times_and_expressions_are_no_error(text: str) -> None:
    assert findings_of(STEPS % f"milestone: true, start: {{at: '{text}'}}") == []
