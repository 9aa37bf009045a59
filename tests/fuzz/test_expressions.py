"""Expressions: pieces of the shipped ones put together, and those that would need much time or memory."""

from __future__ import annotations

import contextlib
import re
import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.cel.evaluation import MAX_VALUE_SIZE, EvaluationError, evaluate
from compiler.language.attributes import Attribute
from compiler.typecheck.scopes import source_scope
from compiler.typecheck.type_checker import check_expression
from compiler.typecheck.types import object_type
from tests.definitions.conftest import DEFINITIONS
from tests.fuzz.profile import FUZZ, RANDOM

SCOPE = source_scope(object_type({"a": Attribute(type="integer", default=1), "b": Attribute(type="string")}), None)
BINDINGS = {"attributes": {"a": 3, "b": "text"}, "quantity": 2, "order": {"id": "O-1"}, "action": "add"}
SHIPPED = sorted(
    {
        found
        for path in DEFINITIONS.rglob("*.yaml")
        for found in re.findall(r"\$\{([^}]+)\}|when: (.+)", path.read_text(encoding="utf-8"))
        for found in found
        if found
    }
)
TOKENS = re.compile(r"\w+|\s+|.")
NUMBERS = "[" + ",".join(map(str, range(100))) + "]"


def test_the_shipped_expressions_are_found() -> None:
    assert len(SHIPPED) > 50


@FUZZ
@given(st.lists(st.sampled_from(SHIPPED), min_size=1, max_size=3), RANDOM)
def test_changed_expressions_have_errors_or_a_value(expressions: list[str], random: Random) -> None:
    tokens = [token for expression in expressions for token in TOKENS.findall(expression)]
    for _ in range(random.randrange(4)):
        tokens[random.randrange(len(tokens))] = random.choice(
            [*tokens, "attributes", "9" * 30, "(", "[", ".map(x, ", ""]
        )
    expression = "".join(tokens)
    for error in check_expression(expression, SCOPE, "condition"):
        assert 0 <= error.offset <= len(expression)
        assert error.message
    with contextlib.suppress(EvaluationError):
        evaluate(expression, BINDINGS)


@pytest.mark.parametrize(
    "expression",
    [
        "1",
        f"{NUMBERS}.map(a, {NUMBERS}.map(b, {NUMBERS}.map(c, a + b + c)))",
        f"{NUMBERS}.all(a, {NUMBERS}.all(b, {NUMBERS}.all(c, a + b + c >= 0)))",
        f"{NUMBERS}.filter(a, {NUMBERS}.exists(b, {NUMBERS}.exists(c, a + b + c < 0)))",
        "(" * 300 + "1" + ")" * 300,
        "[" * 300 + "]" * 300,
        "-" * 5_000 + "1",
        "!" * 9_000 + "true",
        "1" + " + 1" * 2_400,
        "true" + " ? true : false" * 600,
        "'" + "x" * 9_900 + "'.matches('(x+x+)+y')",
        "attributes" + ".a" * 4_900,
        "'x'.replace('', '" + "y" * 9_900 + "')",
    ],
    ids=lambda text: text[:20],
)
def test_demanding_expression_ends_soon(expression: str) -> None:
    start = time.thread_time()
    check_expression(expression, SCOPE, "any")
    with contextlib.suppress(EvaluationError):
        evaluate(expression, BINDINGS)
    assert time.thread_time() - start < 5


VALUE = "attributes.v"


@pytest.mark.parametrize("double", [f"{VALUE} + {VALUE}", f"[{VALUE}, {VALUE}]", f"{{'x': [{VALUE}, {VALUE}]}}"])
def test_value_that_doubles_again_and_again_is_refused(double: str) -> None:
    with pytest.raises(EvaluationError, match="larger than 4 MB"):
        _evaluate_again_and_again(double)


def _evaluate_again_and_again(expression: str) -> None:
    value: object = "text"
    for _ in range(40):
        value = evaluate(expression, {"attributes": {"v": value}})


def test_value_as_large_as_allowed_is_given() -> None:
    value = evaluate("attributes.v + 'x'", {"attributes": {"v": "x" * (MAX_VALUE_SIZE - 1)}})
    assert len(value) == MAX_VALUE_SIZE
