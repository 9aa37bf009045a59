"""Attributes: types, constraints, defaults; what a declaration says of itself and of values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from compiler.language.attributes import Attribute, validate_value
from tests.support.compiler.written_catalogues import assert_error, findings_of

PRODUCT = "kind: commercial_product\nid: p\nattributes:\n  a: %s\n"


def checked(value: object, **declared: Any) -> tuple[Any, list[str]]:
    return validate_value(Attribute(**declared), value)


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        ("string", "x", "x"), ("integer", 3, 3), ("integer", 3.0, 3), ("number", 3, 3.0), ("number", 2.5, 2.5),
        ("boolean", False, False), ("date", "2026-12-01", date(2026, 12, 1)), ("list", [1, "a"], [1, "a"]),
        ("datetime", "2026-12-01T08:00:00Z", datetime(2026, 12, 1, 8, tzinfo=UTC)), ("object", {"a": 1}, {"a": 1}),
        ("datetime", "2026-12-01T08:00:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_every_type_accepts_its_values(kind: str, value: object, held: object) -> None:
    assert checked(value, type=kind) == (held, [])


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("string", 5, "must be text"), ("integer", 2.5, "must be a whole number"), ("integer", True, "whole number"),
        ("integer", 2**63, "64 bits"), ("integer", "3", "whole number"), ("number", "3", "must be a number"),
        ("number", 10**400, "finite"), ("boolean", "yes", "true or false"), ("boolean", 1, "true or false"),
        ("date", "1.12.2026", "date like 2026-12-01"), ("date", "2026-02-30", "date like"),
        ("datetime", "2026-12-01", "date and time like"), ("list", "a", "must be a list"), ("object", [1], "mapping"),
    ],
)  # fmt: skip
def test_value_of_wrong_type_is_refused_and_unchanged(kind: str, value: object, problem: str) -> None:
    held, problems = checked(value, type=kind)
    assert held is value
    assert problem in problems[0]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("declared", "value", "problem"),
    [
        ({"type": "integer", "minimum": 1}, 0, "at least 1"),
        ({"type": "integer", "maximum": 3}, 4, "at most 3"),
        ({"type": "number", "minimum": 0.5}, 0.25, "at least 0.5"),
        ({"type": "string", "min_length": 2}, "a", "at least 2 characters"),
        ({"type": "list", "max_length": 1}, [1, 2], "at most 1 items"),
        ({"type": "string", "pattern": "[0-9]{5}"}, "123456", "must match the pattern"),
        ({"type": "string", "enum": ["indoor", "outdoor"]}, "outdor", "did you mean `outdoor`?"),
        ({"type": "date", "enum": ["2026-12-01"]}, "2026-12-02", "must be one of 2026-12-01"),
    ],
)  # fmt: skip
def test_broken_constraint_names_the_limit(declared: dict[str, Any], value: object, problem: str) -> None:
    assert problem in checked(value, **declared)[1][0]


def test_pattern_must_match_the_whole_value() -> None:
    declared = {"type": "string", "pattern": "a|b"}
    assert checked("b", **declared)[1] == []
    assert len(checked("ab", **declared)[1]) == 1
    assert len(checked("b\n", **declared)[1]) == 1


def test_items_are_checked_one_by_one_and_counted_from_one() -> None:
    held, problems = checked([1, "x"], type="list", items={"type": "integer"})
    assert problems == ["item 2: must be a whole number, and is `x`"]
    assert held == [1, "x"]


def test_properties_of_an_object_are_checked_and_get_defaults() -> None:
    declared = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "required": True},
            "vlan": {"type": "integer", "default": 1},
            "day": {"type": "date"},
        },
    }
    assert checked({"name": "a", "day": "2026-12-01"}, **declared) == (
        {"name": "a", "vlan": 1, "day": date(2026, 12, 1)},
        [],
    )
    assert checked({"nme": "a"}, **declared)[1] == [
        "has no property `nme`; did you mean `name`?",
        "needs the property `name`",
    ]
    assert checked({"name": "a", "vlan": "x"}, **declared)[1] == ["`vlan` must be a whole number, and is `x`"]


def test_object_without_properties_accepts_anything() -> None:
    assert checked({"x": {"y": [1]}}, type="object") == ({"x": {"y": [1]}}, [])


@pytest.mark.parametrize(
    ("attribute", "code", "word"),
    [
        ("{type: «strin}", "value-invalid", "did you mean `string`?"),
        ("{type: integer, default: «two}", "default-misfit", "the default must be a whole number"),
        ("{type: integer, maximum: 3, default: «4}", "default-misfit", "at most 3"),
        ("{type: string, enum: [a, b], default: «A}", "default-misfit", "did you mean `a`?"),
        ("{type: integer, enum: [1, «two]}", "enum-misfit", "must be a whole number"),
        ("{type: string, enum: «[]}", "enum-empty", "no value"),
        ("{type: string, «minimum: 1}", "constraint-misplaced", "use `min_length`"),
        ("{type: integer, «pattern: x}", "constraint-misplaced", "`pattern` does not apply"),
        ("{type: string, «minimum: 1, maximum: 2}", "constraint-misplaced", "`minimum` and `maximum` do not apply"),
        ("{type: integer, minimum: «5, maximum: 1}", "limits-contradict", "`minimum` is above `maximum`"),
        ('{type: string, pattern: «"[0-9"}', "pattern-invalid", "not a regular expression"),
        ('{type: string, pattern: «"a)(b"}', "pattern-invalid", "not a regular expression"),
        ("{type: integer, «merge: sum}", "merge-misplaced", "needs a technical product"),
        ("{type: list, items: {type: object, properties: {x: {type: date, default: «1}}}}", "default-misfit", "a date"),
        ("{type: string, «requierd: true}", "key-unknown", "did you mean `required`?"),
    ],
)
def test_contradictory_declaration_is_one_finding(attribute: str, code: str, word: str) -> None:
    assert_error(PRODUCT % attribute, code, word)


@pytest.mark.parametrize(
    ("declared", "fitting"),
    [("string, merge: «sum", "number"), ("boolean, merge: «max", "date"), ("integer, merge: «list", "list")],
)
def test_merge_strategy_must_fit_the_type(declared: str, fitting: str) -> None:
    text = (PRODUCT % f"{{type: {declared}}}").replace("commercial", "technical")
    assert_error(text, "merge-misplaced", fitting)


def test_technical_products_and_classes_may_have_merge_strategies() -> None:
    text = "kind: product_class\nid: c\nattributes: {a: {type: integer, merge: max}}\n"
    assert findings_of(text) == []


def test_attribute_name_must_be_usable_in_expressions() -> None:
    assert_error(
        "kind: commercial_product\nid: p\nattributes:\n  «camera-model: {type: string}\n",
        "id-invalid",
        "`camera_model`",
    )
