"""Amends a running order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from operations.actions.forgotten_order import explain_forgotten
from operations.actions.perform_action import TAKES_NO_ACTIONS, execute_order_update
from operations.errors import ORDER_REJECTED, OperationRefused
from operations.publishing.published_versions import find_catalogue_version
from operations.reading.ledger_access import LedgerAccess
from operations.submission.submit_order import MAX_ORDER_BYTES, order_digest, require_order_id
from workflows.contract import actions
from workflows.contract.order_messages import SAME_VERSION, Actor, AmendOrder, AmendResult, RefusalCode

AMEND_TIMEOUT = 60.0
"""Seconds to wait for the result. The new order is compiled first, which takes time."""


@dataclass(frozen=True)
class AmendCommand:
    """`order` is the whole new order, as it would be submitted. `dry_run` only reports what the amendment would do.
    `override` is the reason to ignore points of no return. `expected_revision` is the revision that the actor saw."""

    order: dict[str, Any]
    actor: Actor
    dry_run: bool = False
    override: str | None = None
    expected_revision: int | None = None
    drop_units: Sequence[str] = ()
    """Ids of units that go first if a quantity goes down. The order may name more."""
    catalogue_version: str | None = None
    """The version to compile with: SAME_VERSION, or as `find_catalogue_version` takes it. None: the one in force."""

    @property
    def named_order(self) -> dict[str, Any]:
        """The order with all units that it and `drop_units` name."""
        if not self.drop_units:
            return self.order
        own = self.order.get("drop_units") or []
        return {**self.order, "drop_units": [*(own if isinstance(own, list) else [own]), *self.drop_units]}


async def amend_order(
    client: Client, task_queue: str, command: AmendCommand, ledger: LedgerAccess | None = None
) -> AmendResult:
    """Raises NotFound, OperationRefused (rejected, with findings; stale; or not possible now) and NoWorker. `ledger` is
    as for `perform_action`.

    If an amendment would be refused, a dry run returns the objections (`refused`). A rejected order raises an error in
    a dry run as well.
    """
    order_id = require_order_id(command.order)
    if len(json.dumps(command.order, default=str)) > MAX_ORDER_BYTES:
        raise OperationRefused(RefusalCode.INVALID, f"Order {order_id} is larger than {MAX_ORDER_BYTES:,} bytes")
    message = AmendOrder(
        order=command.named_order,
        actor=command.actor,
        dry_run=command.dry_run,
        override=command.override,
        expected_revision=command.expected_revision,
        digest=order_digest(command.order),
        catalogue_version=await _catalogue_version(client, task_queue, command.catalogue_version),
    )
    async with explain_forgotten(ledger, order_id, TAKES_NO_ACTIONS):
        result = await execute_order_update(client, order_id, actions.AMEND.name, message, AmendResult, AMEND_TIMEOUT)
    if result.findings:
        first = result.findings[0].get("message", "")
        more = f" (and {len(result.findings) - 1} more)" if len(result.findings) > 1 else ""
        raise OperationRefused(ORDER_REJECTED, f"{result.message}: {first}{more}", result.findings)
    return result


async def _catalogue_version(client: Client, task_queue: str, wanted: str | None) -> str | None:
    """Raises NotFound and OperationRefused."""
    if wanted is None or wanted == SAME_VERSION:
        return wanted
    return await find_catalogue_version(client, task_queue, wanted)
