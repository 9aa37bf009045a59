"""What a person types as data."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.framework.errors import UsageError
from cli.user_input.value_parsing import parse_data, parse_pairs, parse_scalar, parse_seconds, parse_since

NOW = datetime(2026, 12, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", 4),
        ("2.5", 2.5),
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ('"4"', "4"),
        ("01067", "01067"),
        ("done", "done"),
        ("", ""),
        ("NaN", "NaN"),
        ("NO", "NO"),
    ],
)
def test_value_is_json_if_it_parses_else_text(text: str, value: object) -> None:
    assert parse_scalar(text) == value


def test_text_fields_of_a_form_stay_text() -> None:
    form = {"code": {"type": "string"}, "count": {"type": "integer"}}
    assert parse_data(["code=4711", "count=2"], form) == {"code": "4711", "count": 2}


def test_data_from_file_json_and_pairs_is_merged(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('{"a": 1, "b": 2}')
    assert parse_data([f"@{tmp_path}/data.json", '{"b": 3}', "c=x=y"]) == {"a": 1, "b": 3, "c": "x=y"}


def test_no_data_is_none() -> None:
    assert parse_data([]) is None
    assert parse_data(["{}"]) == {}


def test_characteristics_are_parsed_from_pairs() -> None:
    assert parse_pairs(["site_access=true", "carrier=express"]) == {"site_access": True, "carrier": "express"}


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1.5", 1.5), ("15m", 900), ("PT30S", 30), (None, None)])
def test_timeout_is_seconds_or_a_duration(text: str | None, seconds: float | None) -> None:
    assert parse_seconds(text, "--timeout") == seconds


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2d", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T09:00:00+01:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ],
)
def test_since_is_a_time_or_how_long_ago(text: str, at: datetime) -> None:
    assert parse_since(text, NOW) == at


@pytest.mark.parametrize("text", ["yesterday", "99999999999w", "-3d"])
def test_invalid_since_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parse_since(text, NOW)
