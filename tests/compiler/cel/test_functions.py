"""The functions of expressions: those listed exist, and amounts of money are rounded as invoices are."""

from __future__ import annotations

from datetime import UTC, date, datetime
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


@pytest.mark.parametrize(
    "expression",
    [
        "date('2026-03-30')", "date(output.day)", "date(output.day) + hours(0)", "timestamp('2026-03-30T00:00:00Z')",
        "date(output.time.substring(0, 10))",
    ],
)  # fmt: skip
def test_the_text_of_a_day_is_its_midnight_in_utc(expression: str) -> None:
    bindings = {"output": {"day": "2026-03-30", "time": "2026-03-30T16:20:00+02:00"}}
    assert evaluate(expression, bindings) == datetime(2026, 3, 30, tzinfo=UTC)


def test_the_text_of_a_day_compares_with_an_attribute() -> None:
    bindings = {"output": {"day": "2026-03-30"}, "attributes": {"day": date(2026, 3, 30)}}
    assert evaluate("date(output.day) == attributes.day && date(output.day) < date('2026-04-01')", bindings) is True


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("30.3.2026", "a day such as `2026-12-01`, and this is `30.3.2026`, in `date("),
        ("2026-3-30", "and this is `2026-3-30`"),
        ("2026-02-30", "this is `2026-02-30`: there is no such day"),
        ("2026-03-30T08:00:00Z", "for a time with its zone write `timestamp(…)`"),
        ("٢٠٢٦-03-30", "`date` takes a day"),
        ("", "and this is ``"),
        ("0001-01-01", "the value is out of range"),
    ],
)
def test_other_text_is_no_day(text: str, words: str) -> None:
    with pytest.raises(EvaluationError) as error:
        evaluate("date(output.day)", {"output": {"day": text}})
    assert words in str(error.value)
    assert not error.value.is_missing_value


def test_timestamp_of_a_day_alone_names_the_function_for_it() -> None:
    with pytest.raises(EvaluationError, match=r"for a day write `date\(…\)`"):
        evaluate("timestamp(output.day)", {"output": {"day": "2026-03-30"}})


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
