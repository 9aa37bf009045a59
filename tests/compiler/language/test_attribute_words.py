from __future__ import annotations

from typing import Any

import pytest

from compiler.language.attribute_words import describe_attribute
from compiler.language.attributes import Attribute


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"type": "integer", "minimum": 0, "maximum": 16, "default": 2}, "integer from 0 to 16, default 2"),
        ({"type": "integer", "maximum": 12_345_678}, "integer, at most 12345678"),
        ({"type": "number", "minimum": 0.5, "required": True}, "number, at least 0.5, required"),
        ({"type": "string", "enum": ["indoor", "outdoor"]}, "string, one of indoor, outdoor"),
        ({"type": "boolean", "default": False}, "boolean, default false"),
        ({"type": "list", "items": {"type": "string"}}, "list of string"),
    ],
)
def test_declaration_in_words(declared: dict[str, Any], words: str) -> None:
    assert describe_attribute(Attribute.model_validate(declared)) == words
