"""What an order answers about itself. A page shows what is known although no worker answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from operations.client import OrderClient
from operations.errors import OperationError
from workflows.contract.action_checks import ActionCheck, PossibleActionsRequest, StepDetails
from workflows.contract.order_messages import Actor

if TYPE_CHECKING:
    from ledger.reading.single_order.attempts import StoredAttempt

T = TypeVar("T")


async def _or_none(answer: Awaitable[T]) -> T | None:
    try:
        return await answer
    except OperationError:
        return None


async def read_checks(
    orders: OrderClient, order_id: str, actor: Actor, step: str | None = None, line: str | None = None
) -> Mapping[str, ActionCheck] | None:
    """None if no worker answers."""
    request = PossibleActionsRequest(actor=actor, step=step, line=line)
    return await _or_none(orders.possible_actions(order_id, request))


async def read_step_answers(
    orders: OrderClient, order_id: str, actor: Actor, step: str
) -> tuple[Mapping[str, ActionCheck] | None, StepDetails | None, Sequence[StoredAttempt] | None]:
    """The checks of its actions, its details, and its attempts; None for what is not known."""
    return await asyncio.gather(
        read_checks(orders, order_id, actor, step),
        _or_none(orders.step_details(order_id, step)),
        _or_none(orders.read_attempts(order_id, step)),
    )
