"""The idempotency key that a step's calls carry: `<order id>/<step id>/<do|undo|change>/<n>/<token>`.

All attempts at one effect share the key, so a system carries the effect out once. The token is made once for each
submission, so a new revision of an order, or another order with its id, never repeats a key.
"""

from __future__ import annotations

from typing import Literal

Effect = Literal["do", "undo", "change"]


TOKEN_LENGTH = 12
"""Characters. A token only has to differ from those of the same order's other submissions."""


def idempotency_key(order_id: str, step_id: str, effect: Effect, number: int, token: str = "") -> str:
    """`number` counts the effects of this kind that the step has had, from 1. Orders that were submitted before there
    were tokens have none."""
    key = f"{order_id}/{step_id}/{effect}/{number}"
    return f"{key}/{token}" if token else key


def is_key_of(key: str, order_id: str, step_id: str, effect: Effect, token: str = "") -> bool:
    """Whether the key is of this submission of the order, and of an effect of this kind that the step had."""
    start = f"{order_id}/{step_id}/{effect}/"
    number, _, key_token = key.removeprefix(start).partition("/")
    return key.startswith(start) and number.isdigit() and key_token == token
