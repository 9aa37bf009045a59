"""The table of functions in docs/language.md: every function, with the result that its example has."""

from __future__ import annotations

from compiler.cel.function_docs import FUNCTION_DOCS, METHOD_DOCS
from compiler.cel.function_table import REFERENCE, function_table, with_new_table
from tests.support.paths import ROOT


def test_the_table_in_the_reference_is_what_functions_do() -> None:
    """`python -m compiler.cel.function_table` renews it."""
    reference = (ROOT / REFERENCE).read_text(encoding="utf-8")
    assert with_new_table(reference) == reference


def test_the_table_has_the_computed_result_of_each_example() -> None:
    table = function_table()
    assert "| `round(2.675, 2)` | `2.68` |" in table
    assert table.count("\n") == 2 + len(FUNCTION_DOCS) + len(METHOD_DOCS)


def test_each_example_uses_its_function() -> None:
    for name, doc in FUNCTION_DOCS.items():
        assert f"{name}(" in doc.example
    for name, doc in METHOD_DOCS.items():
        assert f".{name}(" in doc.example
