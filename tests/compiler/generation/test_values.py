"""Generated values are at the limits of a declaration, and all of them are allowed."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.generation.values import boundary_values
from compiler.language.attributes import Attribute, validate_value

XY = {"type": "string", "enum": ["x", "y"]}


@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        ({"type": "integer", "minimum": 2, "maximum": 9}, [2, 3, 8, 9]),
        ({"type": "integer", "maximum": -5}, [-5]),
        ({"type": "number", "minimum": 0.5, "maximum": 40}, [0.5, 40]),
        ({"type": "boolean"}, [False, True]),
        ({"type": "string", "enum": ["a", "b"]}, ["a", "b"]),
        ({"type": "string", "min_length": 3, "max_length": 8}, ["aaa", "a" * 8]),
        (
            {"type": "list", "items": {"type": "string", "enum": ["x", "y"]}, "max_length": 3},
            [[], ["x"], ["x", "y", "x"]],
        ),
        (
            {"type": "object", "properties": {"name": {"type": "string", "enum": ["n"], "required": True}}},
            [{"name": "n"}],
        ),
        ({"type": "date"}, ["2026-06-15"]),
    ],
)
def test_values_include_the_limits(declared: dict[str, Any], wanted: list[Any]) -> None:
    attribute = Attribute.model_validate(declared)
    found = boundary_values(attribute)
    assert [one for one in wanted if one not in found] == []
    assert [one for one in found if validate_value(attribute, one)[1]] == []


def test_pattern_gives_texts_that_match_and_are_always_the_same() -> None:
    attribute = Attribute.model_validate({"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"})
    found = boundary_values(attribute)
    assert len(found) > 1
    assert found == boundary_values(attribute)
    assert [one for one in found if validate_value(attribute, one)[1]] == []


def test_pattern_that_python_cannot_read_gives_only_known_values() -> None:
    attribute = Attribute.model_validate({"type": "string", "pattern": r"^\pL+$"})
    assert boundary_values(attribute) == []
    assert boundary_values(attribute, ["Berlin", "10115"]) == ["Berlin"]


def test_default_comes_first() -> None:
    attribute = Attribute.model_validate({"type": "integer", "minimum": 0, "maximum": 16, "default": 2})
    assert boundary_values(attribute)[0] == 2
