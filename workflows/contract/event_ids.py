"""The ids by which an order recognises an event or a callback that it gets again."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def content_event_id(*parts: Any) -> str:
    """The event id if the sender gives none. Two messages with equal content count as one event."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return "digest:" + hashlib.sha256(text.encode()).hexdigest()


def callback_event_id(key: str, payload: Any) -> str:
    """`key`: the idempotency key of the call that is answered."""
    return content_event_id("callback", key, payload)
