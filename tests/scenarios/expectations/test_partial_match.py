"""Partial comparison of values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from scenarios.expectations.partial_match import Mismatch, matches, mismatches


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1, 1.0),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": []}}, {"a": {"b": [], "c": 1}}),
        ([{"a": 1}, 2], [{"a": 1, "b": 1}, 2]),
        ({}, {"a": 1}),
        (None, None),
        ("2026-01-05", date(2026, 1, 5)),
        ("2026-01-05T08:00:00Z", datetime(2026, 1, 5, 8, tzinfo=UTC)),
    ],
)
def test_what_is_expected_is_there(expected: Any, actual: Any) -> None:
    assert matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual", "mismatch"),
    [
        (1, True, Mismatch((), 1, True)),
        ("1", 1, Mismatch((), "1", 1)),
        ({"a": 1}, {"b": 1}, Mismatch(("a",), 1, None, missing=True)),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, Mismatch(("a", "b"), 1, 2)),
        ([1], [1, 2], Mismatch((), [1], [1, 2])),
        ([{"a": 1}], [{"a": 2}], Mismatch((0, "a"), 1, 2)),
        ({"a": 1}, [1], Mismatch((), {"a": 1}, [1])),
        (None, 0, Mismatch((), None, 0)),
    ],
)
def test_mismatch_names_the_place(expected: Any, actual: Any, mismatch: Mismatch) -> None:
    assert list(mismatches(expected, actual)) == [mismatch]
