"""Changing an order on its way: the whole new order in, what that does out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from operations.actions.step_and_order_actions import execute_order_update
from operations.errors import ORDER_REJECTED, OperationRefused
from operations.submission.submit_order import MAX_ORDER_BYTES, order_digest, require_order_id
from workflows.contract.order_messages import UPDATE_AMEND, Actor, AmendOrder, AmendResult, RefusalCode

AMEND_TIMEOUT = 60.0
"""Seconds for the order's answer: it is compiled first."""


@dataclass(frozen=True)
class AmendCommand:
    """`order`: the whole new order, as it would be submitted. `override`: why points of no return are not to count.
    `expected_revision`: what the person saw. `dry_run`: only say what it would do."""

    order: dict[str, Any]
    actor: Actor
    dry_run: bool = False
    override: str | None = None
    expected_revision: int | None = None


async def amend_order(client: Client, command: AmendCommand) -> AmendResult:
    """Raises NotFound; Refused: rejected (with findings), stale, or not possible now, and why; NoWorker.

    A dry run that would be refused is answered (`refused`), one whose order is rejected raises as well.
    """
    order_id = require_order_id(command.order)
    if len(json.dumps(command.order, default=str)) > MAX_ORDER_BYTES:
        raise OperationRefused(RefusalCode.INVALID, f"Order {order_id} is larger than {MAX_ORDER_BYTES:,} bytes")
    message = AmendOrder(
        order=command.order,
        actor=command.actor,
        dry_run=command.dry_run,
        override=command.override,
        expected_revision=command.expected_revision,
        digest=order_digest(command.order),
    )
    answer = await execute_order_update(client, order_id, UPDATE_AMEND, message, AmendResult, AMEND_TIMEOUT)
    if answer.findings:
        first = answer.findings[0].get("message", "")
        more = f" (and {len(answer.findings) - 1} more)" if len(answer.findings) > 1 else ""
        raise OperationRefused(ORDER_REJECTED, f"{answer.message}: {first}{more}", answer.findings)
    return answer
