"""The functions of expressions: those listed exist, and amounts of money are rounded as invoices are."""

from __future__ import annotations

from typing import Any

import pytest
from cel_expr_python import cel

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.functions import CEL_EXTENSIONS, FUNCTIONS, METHODS, runtime_functions
from tests.support.paths import ROOT

MACROS = {"has", "all", "exists", "exists_one", "filter", "map"}
PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
SECTION = PAGE.split("### Functions", 1)[1].split("\n### ", 1)[0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("round(2.675, 2)", 2.68), ("round(1.005, 2)", 1.01), ("round(-2.675, 2)", -2.68), ("round(2.5)", 3.0),
        ("round(-2.5)", -3.0), ("round(19.99 * 3.0 * 1.19, 2)", 71.36), ("round(7)", 7), ("round(7, 2)", 7),
        ("round(1e300, 2)", 1e300), ("math.round(1.5)", 2.0), ("math.ceil(1.2)", 2.0), ("math.greatest(1, 3, 2)", 3),
        ("math.abs(-2)", 2), ("math.floor(attributes.x)", 2.0), ("round(attributes.n)", 4),
        ("'%.2f'.format([round(2.5, 2)])", "2.50"),
    ],
)  # fmt: skip
def test_numbers_are_rounded(expression: str, value: Any) -> None:
    found = evaluate(expression, {"attributes": {"x": 2.5, "n": 4}})
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("expression", ["round(1.5, 16)", "round(1.5, -1)", "round(1, 16)"])
def test_round_takes_at_most_fifteen_decimals(expression: str) -> None:
    with pytest.raises(EvaluationError, match="0 to 15 decimals"):
        evaluate(expression, {})


@pytest.mark.parametrize("name", sorted({*FUNCTIONS, *METHODS} - MACROS))
def test_every_listed_function_exists_and_is_documented(name: str) -> None:
    environment = cel.NewEnv(variables={"x": cel.Type.DYN}, extensions=CEL_EXTENSIONS, functions=runtime_functions())
    attempts = [f"{name}({', '.join('x' * count)})" for count in (1, 2)] if name in FUNCTIONS else []
    if name in METHODS:
        attempts += [f"x.{name}({', '.join('x' * count)})" for count in range(3)]
    assert any(_compiles(environment, one) for one in attempts)
    assert name in SECTION


def _compiles(environment: cel.Env, expression: str) -> bool:
    try:
        environment.compile(expression)
    except RuntimeError:
        return False
    return True
