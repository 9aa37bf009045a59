"""Masks secrets that a system repeats in a response, before they reach results, errors or logs."""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

from activity_contract.calls import CALLBACK_ID, CALLBACK_URL

MASK = "***"
MIN_SUBSTRING_LENGTH = 8
"""A shorter secret may be part of ordinary words, so it is masked only as a whole word."""


class CallbackTarget(NamedTuple):
    """The real callback URL and id, which histories must not show."""

    url: str
    id: str


class SecretMasker:
    """Replaces secrets by `***`, and the callback's URL and id by their placeholders."""

    def __init__(self, secrets: tuple[str, ...] = (), callback: CallbackTarget | None = None) -> None:
        self._secrets = _compile_pattern(secrets)
        self._callback = callback

    def mask_text(self, text: str) -> str:
        if self._callback is not None and self._callback.id in text:
            text = text.replace(self._callback.url, CALLBACK_URL).replace(self._callback.id, CALLBACK_ID)
        return text if self._secrets is None else self._secrets.sub(MASK, text)

    def mask_value(self, value: Any) -> Any:
        """A JSON value with all texts and keys masked."""
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, dict):
            return {self.mask_text(key): self.mask_value(item) for key, item in value.items()}
        return [self.mask_value(item) for item in value] if isinstance(value, list) else value

    def mask_parsed(self, value: Any, raw: str) -> Any:
        """`value`, which was parsed from the JSON text `raw`, masked. Fast if `raw` holds nothing to mask."""
        escapes = "\\" in raw
        return self.mask_value(value) if escapes or self.mask_text(raw) != raw else value


@lru_cache(maxsize=1_000)
def _compile_pattern(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    if not spellings:
        return None
    longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
    return re.compile("|".join(map(_spelling_pattern, longest_first)), re.IGNORECASE)


def _spellings(secret: str) -> set[str]:
    """The secret as it is, and as it looks in a URL, in JSON and in base64."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    urlsafe = base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], encoded, urlsafe}


def _spelling_pattern(spelling: str) -> str:
    escaped = re.escape(spelling)
    return escaped if len(spelling) >= MIN_SUBSTRING_LENGTH else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
