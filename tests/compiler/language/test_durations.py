"""Durations: ISO 8601 or short, never negative."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compiler.language.durations import format_duration, parse_duration
from tests.support.compiler.written_catalogues import assert_error, findings_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30), ("90m", 5400), ("36h", 129_600), ("3d", 259_200), ("2w", 1_209_600), ("0s", 0), ("1.5h", 5400),
        ("250ms", 0.25), ("PT30S", 30), ("P3D", 259_200), ("P1DT2H", 93_600), ("P2W", 1_209_600), ("PT0.5S", 0.5),
        ("2d 12h", 216_000), ("1h30m", 5400), ("1w 1d 1h 1m 1s 1ms", 694_861.001), ("1.5d 6h", 151_200),
    ],
)  # fmt: skip
def test_durations_are_short_or_iso_8601(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "3",
        "3x",
        "3 d",
        "h3",
        "P1Y",
        "30m1h",
        "1h 1h",
        "1d  2h",
        "1d 2",
        " 1d",
        "1d ",
        "٣d",
        "nan",
        "3d\n",
    ],
)
def test_invalid_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write for example 30s"):
        parse_duration(text)


def test_negative_duration_is_reported_as_negative() -> None:
    assert_error("kind: retry\nid: r\ninitial: «-5m\n", "value-invalid", "`-5m` is negative")


def test_number_without_unit_gets_a_hint() -> None:
    assert_error("kind: retry\nid: r\ninitial: «30\n", "value-invalid", "needs a unit: 30s, 30m")


def test_duration_that_is_too_long_is_refused() -> None:
    assert_error(f"kind: retry\nid: r\ninitial: «{'9' * 400}d\n", "value-invalid", "longer than any duration")


def test_computed_duration_must_be_a_duration() -> None:
    product = "kind: commercial_product\nid: p\nattributes: {n: {type: integer, default: 1}}\n"
    step = product + "steps: {go: {wait: {for: %s}}}\n"
    assert_error(step % '"${«attributes.n}"', "expression-type", "must give a duration", "an integer")
    assert_error(step % '«"${attributes.n} days"', "expression-type", "must be a duration")
    for right in ('"${days(attributes.n)}"', '"${attributes.n}d"', "3d"):
        assert findings_of(step % right) == []
