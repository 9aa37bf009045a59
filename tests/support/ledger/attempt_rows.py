"""Rows of the ledger's table `attempts`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


def attempt(order_id: str, step: str, at: datetime, number: int, **further: Any) -> dict[str, Any]:
    """One that has succeeded after a quarter of a second; `further` columns replace its own."""
    common = {"effect": "do", "effect_number": 1, "token": "t", "system": "shop", "worker": "w-1"}
    ended = {"ended_at": at + timedelta(seconds=0.25), "code": None, "message": None, "next_attempt_at": None}
    ids = {"order_id": order_id, "step_id": step, "started_at": at, "number": number}
    return {**ids, **common, **ended, "outcome": "succeeded", "status": 200, **further}
