"""Changing an order on its way: the whole new order in, what that does out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from operations.actions.step_and_order_actions import answered
from operations.errors import REJECTED, Refused
from operations.submission.submit_order import LARGEST_ORDER, digest_of, order_id_of
from workflows.contract.order_messages import UPDATE_AMEND, Actor, AmendAnswer, AmendOrder, Refusal

PATIENCE = 60.0
"""Seconds for the order's answer: it is compiled first."""


@dataclass(frozen=True)
class Amendment:
    """`order`: the whole new order, as it would be submitted. `override`: why points of no return are not to count.
    `expected_revision`: what the person saw. `dry_run`: only say what it would do."""

    order: dict[str, Any]
    actor: Actor
    dry_run: bool = False
    override: str | None = None
    expected_revision: int | None = None


async def amend(client: Client, wanted: Amendment) -> AmendAnswer:
    """Raises NotFound; Refused: rejected (with findings), stale, or not possible now, and why; NoWorker.

    A dry run that would be refused is answered (`refused`), one whose order is rejected raises as well.
    """
    order_id = order_id_of(wanted.order)
    if len(json.dumps(wanted.order, default=str)) > LARGEST_ORDER:
        raise Refused(Refusal.INVALID, f"Order {order_id} is larger than {LARGEST_ORDER:,} bytes")
    message = AmendOrder(
        order=wanted.order,
        actor=wanted.actor,
        dry_run=wanted.dry_run,
        override=wanted.override,
        expected_revision=wanted.expected_revision,
        digest=digest_of(wanted.order),
    )
    answer = await answered(client, order_id, UPDATE_AMEND, message, AmendAnswer, PATIENCE)
    if answer.findings:
        first = answer.findings[0].get("message", "")
        more = f" (and {len(answer.findings) - 1} more)" if len(answer.findings) > 1 else ""
        raise Refused(REJECTED, f"{answer.message}: {first}{more}", answer.findings)
    return answer
