"""Settings from environment variables, or from the files that they name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from operations.access.failed_sign_ins import MAX_FAILURES


class InvalidSetting(Exception):
    """The message names the variable, never its value."""


def read_secret(environment: Mapping[str, str], name: str, purpose: str) -> str:
    """The value of the variable `name`, or the content of the file that `<name>_FILE` names. Raises InvalidSetting."""
    if value := environment.get(name):
        return value
    path = environment.get(f"{name}_FILE")
    if not path:
        raise InvalidSetting(
            f"{name} is not set. It holds {purpose}. Set it, or set {name}_FILE to the path of a file that contains it"
        )
    try:
        value = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidSetting(f"{name}_FILE names {path}, which cannot be read: {reason}") from None
    if not value:
        raise InvalidSetting(f"{name}_FILE names {path}, which is empty")
    return value


def read_wrong_tokens(environment: Mapping[str, str], name: str) -> int:
    """How many wrong tokens an address may send in a minute. Raises InvalidSetting."""
    text = environment.get(name) or str(MAX_FAILURES)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:10]) <= 1_000_000):
        raise InvalidSetting(f"{name} must be a number from 1 to 1,000,000: wrong tokens a minute")
    return int(text)
