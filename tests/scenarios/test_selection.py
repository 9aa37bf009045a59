"""`-k` expressions."""

from __future__ import annotations

import pytest

from scenarios.selection import SelectionError, compile_expression

TEXT = "camera_shipment_fails definitions/offers/home_security.yaml the camera"


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("camera", True),
        ("CAMERA", True),
        ("router", False),
        ("not router", True),
        ("not not camera", True),
        ("camera and fails", True),
        ("camera and router", False),
        ("router or fails", True),
        ("router or camera and router", False),
        ("(router or camera) and fails", True),
        ("not (router or camera)", False),
        ("home_security.yaml", True),
    ],
)
def test_words_are_combined(expression: str, selected: bool) -> None:
    assert compile_expression(expression)(TEXT) is selected


@pytest.mark.parametrize("expression", ["", "and", "camera and", "camera fails", "(camera", "camera)", "not", "()"])
def test_wrong_expression_is_refused(expression: str) -> None:
    with pytest.raises(SelectionError, match="-k"):
        compile_expression(expression)
