"""Values on the command line: `NAME=VALUE`, `@FILE.json`, JSON, times and durations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.framework.errors import UsageError
from compiler.language.durations import parse_duration
from ledger.reading.errors import InvalidSearch


def parse_data(texts: Sequence[str], form: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Merges repeated `--data`, later ones over earlier ones. None without any.

    `form`: fields that it declares as text stay text, whatever they look like. Raises UsageError.
    """
    data: dict[str, Any] = {}
    for text in texts:
        data |= _parse_data_item(text, form or {})
    return data if texts else None


def parse_pairs(texts: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE …` as a mapping. Raises UsageError."""
    return dict(_parse_pair(text, {}) for text in texts)


def _parse_data_item(text: str, form: Mapping[str, Any]) -> dict[str, Any]:
    if text.startswith("@"):
        return _parse_json_object(_read_file(text[1:]), text[1:])
    if text.lstrip().startswith(("{", "[")):
        return _parse_json_object(text, "--data")
    name, value = _parse_pair(text, form)
    return {name: value}


def _read_file(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {file}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _parse_json_object(text: str, source: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f'{source} must be a JSON object, such as {{"outcome": "done"}}')
    return value


def _parse_pair(text: str, form: Mapping[str, Any]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"`{text}` is not NAME=VALUE, nor @FILE.json, nor a JSON object")
    field = form.get(name.strip())
    is_text = isinstance(field, Mapping) and field.get("type") in ("string", "date", "datetime")
    return name.strip(), value if is_text else parse_scalar(value)


def parse_scalar(text: str) -> Any:
    """`4` is a number, `true` a boolean, `[1, 2]` a list; whatever is not JSON, such as `01067`, is text."""
    try:
        return json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return text


def _reject_constant(name: str) -> Any:
    raise ValueError(name)


def parse_seconds(text: str | None, option: str) -> float | None:
    """`90`, `90s` and `15m` as seconds. Raises UsageError."""
    if text is None:
        return None
    try:
        return float(text) if text.replace(".", "", 1).isdigit() else parse_duration(text).total_seconds()
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def parse_time(text: str, now: datetime) -> datetime:
    """`2026-12-01`, `2026-12-01T08:00:00Z`, or how long from now: `2h`, `3d`. Raises UsageError."""
    at, duration = parse_time_or_duration(text)
    return at or _shift(now, parse_duration(duration), text)


def parse_since(text: str | None, now: datetime, option: str = "--since") -> datetime | None:
    """`2026-12-01`, `2026-12-01T08:00:00Z`, or how long ago: `2h`, `3d`. Raises UsageError."""
    if text is None:
        return None
    try:
        at, duration = parse_time_or_duration(text)
        return at or _shift(now, -parse_duration(duration), text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from error


def parse_until(text: str | None, now: datetime, option: str) -> datetime | None:
    """As `parse_since`, but a duration is counted from now on: `2h` is in two hours. Raises UsageError."""
    if text is None:
        return None
    try:
        return parse_time(text, now)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from error


def check_sort(text: str | None, parse: Callable[[str | None], object]) -> None:
    """Raises UsageError for a sort that `parse` refuses."""
    try:
        parse(text)
    except InvalidSearch as error:
        raise UsageError(f"--sort: {error}") from error


def _shift(now: datetime, duration: timedelta, text: str) -> datetime:
    try:
        return now + duration
    except OverflowError as error:
        raise UsageError(f"`{text}` is not within the years 1 to 9999") from error


def parse_time_or_duration(text: str) -> tuple[datetime | None, str]:
    """A time and "", or None and the text of a duration. Raises UsageError."""
    with suppress(ValueError):
        parse_duration(text)
        return None, text
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), ""
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"`{text}` is neither a time (2026-12-01, 2026-12-01T08:00:00Z) nor a duration (2h, 3d)"
        ) from error
