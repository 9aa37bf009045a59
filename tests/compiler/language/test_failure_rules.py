"""`on_failure` as plans carry it: policies that it names are written out, and an order keeps what it started with."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from compiler.compile_order import compile_order
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import FailureRule
from compiler.plan.codec import decode_plan, encode_plan
from tests.support.compiler.plan_sketch import catalogue_of, line, order_of

TEXT = """
kind: commercial_product
id: offer
steps:
  it: {milestone: true, on_failure: %s}
---
{kind: retry, id: daily, intervals: [1d, 2d]}
"""


@pytest.mark.parametrize(
    "written",
    [
        "{do: fallout, queue: desk, retry: daily}",
        "[{code: x, do: continue}, {do: fallout, retry: {intervals: [1d, 2d]}}]",
    ],
)
def test_retry_in_fallout_is_a_policy(written: str, tmp_path: Path) -> None:
    plan = compile_order(order_of(line("1", "offer")), catalogue_of(tmp_path, TEXT % written))
    case = decode_plan(encode_plan(plan)).definitions[0].definition.on_failure[-1]
    assert isinstance(case.retry, RetryPolicy)
    assert case.retry.intervals == [timedelta(days=1), timedelta(days=2)]


def test_retry_needs_fallout() -> None:
    with pytest.raises(ValueError, match="needs `do: fallout`"):
        FailureRule(do="continue", retry="daily")
