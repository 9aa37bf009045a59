"""An order in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import Jeopardy, OrderState


@dataclass(frozen=True)
class OrderSummary:
    """From the ledger, or from Temporal's visibility, which lags by about a second and needs no worker."""

    order_id: str
    workflow_id: str
    run_id: str
    state: OrderState
    jeopardy: Jeopardy
    fallout: int
    open_tasks: int
    customer_id: str | None
    products: list[str]
    catalogue_version: str | None
    requested_completion: datetime | None
    started_at: datetime
    ended_at: datetime | None
    customer_name: str | None = None
    """None also where only the ledger knows it."""
    interrupted: InterruptionKind | None = None
    """It was ended from outside, and can be recovered."""
