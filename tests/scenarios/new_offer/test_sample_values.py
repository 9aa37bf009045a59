"""Sample values fit the attribute that they are for, or there are none."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.language.attributes import Attribute, validate_value
from scenarios.new_offer.sample_values import sample_data, sample_value


def attribute(**declared: Any) -> Attribute:
    return Attribute.model_validate(declared)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "default": 4}, 4),
        ({"type": "number", "minimum": 0.5, "maximum": 0.75}, 0.5),
        ({"type": "string"}, "example"),
        ({"type": "string", "enum": ["warm", "cold"]}, "warm"),
        ({"type": "string", "min_length": 12}, "xxxxxxxxxxxx"),
        ({"type": "string", "pattern": "^[0-9]{5}$"}, "10115"),
        ({"type": "boolean"}, True),
        ({"type": "date"}, "2026-02-02"),
        ({"type": "list", "items": {"type": "integer"}}, []),
        ({"type": "list", "items": {"type": "integer"}, "min_length": 2}, [1, 1]),
        ({"type": "object", "properties": {"vlan": {"type": "integer", "required": True}}}, {"vlan": 1}),
    ],
)
def test_sample_fits(declared: dict[str, Any], value: object) -> None:
    sample = sample_value(attribute(**declared))
    assert (type(sample), sample) == (type(value), value)
    assert validate_value(attribute(**declared), sample)[1] == []


def test_a_text_with_a_rare_pattern_has_no_sample() -> None:
    with pytest.raises(LookupError):
        sample_value(attribute(type="string", pattern="^DE[A-Z]{3}-[0-9]{7}$"))


def test_data_has_only_what_is_required() -> None:
    fields = {
        "outcome": attribute(type="string", enum=["done", "absent"], required=True),
        "notes": attribute(type="string"),
        "grade": attribute(type="string", required=True, default="a"),
    }
    assert sample_data(fields) == {"outcome": "done"}
