"""Values that a person types: `k=v`, `@file.json` or JSON; times and durations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.framework.errors import WrongUsage
from compiler.language.durations import parse_duration


def data_of(given: Sequence[str], declared: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """The data that repeated `--data` give together, later ones over earlier ones; None where there is none.

    `declared`: a form; what it declares as text stays text, whatever it looks like.
    """
    data: dict[str, Any] = {}
    for text in given:
        data |= _part(text, declared or {})
    return data if given else None


def pairs_of(given: Sequence[str]) -> dict[str, Any]:
    """`k=v …` as a mapping."""
    return dict(_pair(text, {}) for text in given)


def _part(text: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    if text.startswith("@"):
        return _object(_content(text[1:]), text[1:])
    if text.lstrip().startswith(("{", "[")):
        return _object(text, "--data")
    name, value = _pair(text, declared)
    return {name: value}


def _content(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise WrongUsage(f"There is no file {file}") from error
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{file} is not text in UTF-8") from error
    except (OSError, ValueError) as error:
        raise WrongUsage(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongUsage(f"{where} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise WrongUsage(f'{where} must be a JSON object, such as {{"outcome": "done"}}')
    return value


def _pair(text: str, declared: Mapping[str, Any]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise WrongUsage(f"`{text}` is not NAME=VALUE, nor @FILE.json, nor a JSON object")
    field = declared.get(name.strip())
    is_text = isinstance(field, Mapping) and field.get("type") in ("string", "date", "datetime")
    return name.strip(), value if is_text else scalar(value)


def scalar(text: str) -> Any:
    """`4` is a number, `true` a truth value, `[1, 2]` a list; `01067` and all that is not JSON is text."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(name: str) -> Any:
    raise ValueError(name)


def seconds_of(text: str | None, option: str) -> float | None:
    """`90`, `90s`, `15m` as seconds. Raises WrongUsage."""
    if text is None:
        return None
    try:
        seconds = float(text) if text.replace(".", "", 1).isdigit() else parse_duration(text).total_seconds()
    except ValueError as error:
        raise WrongUsage(f"{option}: {error}") from error
    return seconds


def moment_of(text: str, now: datetime) -> datetime:
    """`2026-12-01`, `2026-12-01T08:00:00Z`, or how long from now: `2h`, `3d`. Raises WrongUsage."""
    until, longer = moment_or_span(text)
    return until if until is not None else now + parse_duration(longer)


def moment_or_span(text: str) -> tuple[datetime | None, str]:
    """A time, or a duration as it is written: the other is None, or nothing. Raises WrongUsage."""
    try:
        parse_duration(text)
    except ValueError:
        pass
    else:
        return None, text
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), ""
    except (ValueError, OverflowError) as error:
        raise WrongUsage(
            f"`{text}` is neither a time (2026-12-01, 2026-12-01T08:00:00Z) nor a duration (2h, 3d)"
        ) from error


def since_of(text: str | None, now: datetime) -> datetime | None:
    """`2026-12-01`, `2026-12-01T08:00:00Z`, or how long ago: `2h`, `3d`. Raises WrongUsage."""
    if text is None:
        return None
    try:
        return now - parse_duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongUsage(
            f"--since: `{text}` is neither a time (2026-12-01, 2026-12-01T08:00:00Z) nor a duration (2h, 3d)"
        ) from error
