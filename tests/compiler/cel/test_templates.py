"""Expressions in text: alone they keep the value, inside text they are text (docs/language.md, Expressions, Types)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from compiler.cel.templates import render_template

BINDINGS: dict[str, Any] = {
    "order": {"id": "O-1"},
    "quantity": 3,
    "attributes": {
        "whole": 2.0,
        "half": 2.5,
        "day": date(2026, 12, 1),
        "at": datetime(2026, 12, 1, 8, tzinfo=UTC),
        "list": [1, "a"],
        "on": True,
    },
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("${quantity}", 3),
        ("${attributes.half}", 2.5),
        ("${attributes.on}", True),
        ("${attributes.list}", [1, "a"]),
        ("${days(2)}", timedelta(days=2)),
        ({"n": ["${quantity}", "x"]}, {"n": [3, "x"]}),
    ],
)
def test_template_of_one_expression_keeps_the_type(template: Any, value: Any) -> None:
    assert render_template(template, BINDINGS) == value


def test_path_keeps_a_date() -> None:
    assert render_template("${attributes.day}", BINDINGS) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("n ${attributes.whole}", "n 2"),
        ("n ${attributes.half}", "n 2.5"),
        ("for ${minutes(1) + minutes(0.5)}", "for 90s"),
        ("on ${attributes.day}", "on 2026-12-01"),
        ("at ${attributes.at}", "at 2026-12-01T08:00:00Z"),
        ("in ${attributes.list}", 'in [1, "a"]'),
        ("is ${attributes.on}", "is true"),
        ("${order.id}/${quantity}", "O-1/3"),
    ],
)
def test_values_inside_text_are_formatted(template: str, text: str) -> None:
    assert render_template(template, BINDINGS) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$${quantity}", "${quantity}"),
        ("costs $5", "costs $5"),
        ("${ '}' + order.id }", "}O-1"),
        ("${ {'a': order.id}.a }!", "O-1!"),
    ],
)
def test_expression_ends_at_its_matching_brace_and_two_dollars_are_literal(template: str, text: str) -> None:
    assert render_template(template, BINDINGS) == text


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("${days(1) == hours(24) && hours(1) == minutes(60)}", True),
        ("${sum([1, 2, 3])}", 6),
        ("${sum([0.5, 1.0])}", 1.5),
    ],
)
def test_cel_has_days_hours_minutes_and_sum(expression: str, value: Any) -> None:
    assert render_template(expression, BINDINGS) == value
