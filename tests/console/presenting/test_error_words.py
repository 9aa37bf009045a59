from __future__ import annotations

import pytest

from console.presenting.error_words import error_words, message_words
from workflows.contract.order_views import ErrorView


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Inventory, POST /reservations: answered 409 out_of_stock: none left", "Inventory: none left"),
        ("Inventory, POST /reservations: answered 409: none\nleft: at all", "Inventory: none\nleft: at all"),
        ("Inventory, GET /a: answered 503", "Inventory answered 503"),
        ("Inventory, POST /reservations: no connection", "Inventory, POST /reservations: no connection"),
        ("Nobody was at home", "Nobody was at home"),
    ],
)
def test_an_answer_is_told_without_its_request(message: str, words: str) -> None:
    assert message_words(message) == words
    assert error_words(ErrorView(code="x", message=message)) == f"{words} (x)"


def test_no_error_has_no_words() -> None:
    assert error_words(None) == ""
