"""Ordo's own settings, from the environment of the process."""

from __future__ import annotations

import os
from pathlib import Path

CALLBACK_SECRET = "ORDO_CALLBACK_SECRET"
GATEWAY_URL = "ORDO_GATEWAY_URL"


def read_setting(name: str) -> str | None:
    """The variable `name`, or the content of the file that `<name>_FILE` names; None if neither is set.

    Raises ValueError, naming the variable, if the file cannot be read.
    """
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        return read_secret_file(path, f"{name}_FILE") or None
    return None


def callback_settings() -> tuple[bytes, str]:
    """(the secret of callback ids, the gateway's URL). Raises ValueError, naming the variable that is missing."""
    values = {name: read_setting(name) for name in (CALLBACK_SECRET, GATEWAY_URL)}
    for name, value in values.items():
        if not value:
            raise ValueError(f"the environment variable {name} is not set; calls that complete by callback need it")
    return (values[CALLBACK_SECRET] or "").encode(), (values[GATEWAY_URL] or "").rstrip("/")


def read_secret_file(path: str, source: str) -> str:
    """The file's text without trailing newlines. `source`: what names the file. Raises ValueError."""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ValueError(f"{source} names the file {path}, which cannot be read: {reason}") from None
