"""The idempotency key that a step's calls carry: `<order id>/<step id>/<do|undo|change>/<n>`.

All attempts at one effect share the key, so a system carries the effect out once.
"""

from __future__ import annotations

from typing import Literal


def idempotency_key(order_id: str, step_id: str, effect: Literal["do", "undo", "change"], number: int) -> str:
    """`number` counts the effects of this kind that the step has had, from 1."""
    return f"{order_id}/{step_id}/{effect}/{number}"
