from __future__ import annotations

from compiler.cel.function_docs import FUNCTION_DOCS, METHOD_DOCS
from compiler.cel.functions import FUNCTIONS, METHODS


def test_every_function_is_described() -> None:
    assert set(FUNCTION_DOCS) == set(FUNCTIONS)
    assert set(METHOD_DOCS) == set(METHODS)
    assert all(doc.description.endswith(".") for doc in [*FUNCTION_DOCS.values(), *METHOD_DOCS.values()])
