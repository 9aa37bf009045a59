from __future__ import annotations

import pytest

from views.shared.value_format import format_quantity


@pytest.mark.parametrize(
    ("quantity", "text"), [(2, "×2"), (2.0, "×2"), (2.5, "×2.5"), (1234567.25, "×1234567.25"), (12345678, "×12345678")]
)
def test_quantity_is_shown_with_all_its_digits(quantity: float, text: str) -> None:
    assert format_quantity(quantity) == text
