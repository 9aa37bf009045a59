"""Plans whose steps have dates and durations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.support.core.order_driver import START


def at(seconds: float) -> datetime:
    """The time so many seconds after the order started."""
    return datetime.fromtimestamp(START + seconds, UTC)


def manual(**further: Any) -> dict[str, Any]:
    return {"manual": {"queue": "field"}, **further}
