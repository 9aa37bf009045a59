"""Masks: what must not come back from a system into results, errors and logs, whoever echoes it."""

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
"""A secret of fewer characters may be part of innocent words: it is masked where it stands alone."""


class CallbackTarget(NamedTuple):
    """The real ones."""

    url: str
    id: str


class SecretMasker:
    """Puts `***` for the secrets, and the placeholders for the callback's address and id."""

    def __init__(self, secrets: tuple[str, ...] = (), callback: CallbackTarget | None = None) -> None:
        self._secrets = _compile_pattern(secrets)
        self._callback = callback

    def mask_text(self, text: str) -> str:
        if self._callback is not None and self._callback.id in text:
            text = text.replace(self._callback.url, CALLBACK_URL).replace(self._callback.id, CALLBACK_ID)
        return text if self._secrets is None else self._secrets.sub(MASK, text)

    def mask_value(self, value: Any) -> Any:
        """Any JSON value, its texts and keys masked."""
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, dict):
            return {self.mask_text(key): self.mask_value(item) for key, item in value.items()}
        return [self.mask_value(item) for item in value] if isinstance(value, list) else value

    def mask_parsed(self, value: Any, raw: str) -> Any:
        """`value` as parsed from the JSON text `raw`, masked; quick where the text shows nothing to mask."""
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
    """The secret as it would look in a URL, in JSON and in base64, too."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    urlsafe = base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], encoded, urlsafe}


def _spelling_pattern(spelling: str) -> str:
    escaped = re.escape(spelling)
    return escaped if len(spelling) >= MIN_SUBSTRING_LENGTH else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
