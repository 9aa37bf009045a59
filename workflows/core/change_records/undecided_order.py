"""The change of an order that has no plan: it was rejected, or is not compiled yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.contract.order_changes import OrderChange, OrderRecord
from workflows.contract.states import Jeopardy, OrderState
from workflows.core.change_records.order_change import ChangeHeader
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.queries.undo_view import to_utc

PRIORITIES = range(1, 6)
USUAL_PRIORITY = 3


@dataclass(frozen=True, slots=True)
class Rejection:
    at: float
    findings: Sequence[dict[str, Any]] = ()
    """Dumps of compiler.source.findings.Finding."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """That of the CompiledOrder: what could be found out."""


def undecided_change(
    submitted: SubmittedOrder, rejection: Rejection | None, started_at: datetime, header: ChangeHeader
) -> OrderChange:
    """What was submitted is not checked, so nothing in it is sure to have its type."""
    order, summary = submitted.order or {}, rejection.summary if rejection is not None else {}
    customer, characteristics = order.get("customer"), order.get("characteristics")
    completion = summary.get("requested_completion")
    record = OrderRecord(
        state=OrderState.REJECTED if rejection is not None else OrderState.ACKNOWLEDGED,
        jeopardy=Jeopardy.ON_TRACK,
        revision=submitted.revision,
        customer=customer if isinstance(customer, dict) else {},
        priority=_priority(order.get("priority")),
        requested_start=None,
        requested_completion=datetime.fromisoformat(completion) if isinstance(completion, str) else completion,
        characteristics=characteristics if isinstance(characteristics, dict) else {},
        products=list(summary.get("products") or []),
        catalogue_version=summary.get("catalogue_version"),
        started_at=started_at,
        ended_at=to_utc(rejection.at) if rejection is not None else None,
        fallout=0,
        open_tasks=0,
        step_count=0,
        settled_steps=0,
        findings=list(rejection.findings) if rejection is not None else [],
    )
    return OrderChange(
        order_id=header.order_id,
        submission=header.submission,
        run_id=header.run_id,
        position=header.position,
        previous=None,
        order=record,
        lines=[],
        submitted=submitted.order,
        digest=submitted.digest,
    )


def _priority(submitted: Any) -> int:
    """The usual one if the submitted one is none."""
    return submitted if type(submitted) is int and submitted in PRIORITIES else USUAL_PRIORITY
