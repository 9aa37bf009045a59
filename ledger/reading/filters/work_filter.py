"""Which work of people a list shows. Pure: Temporal's visibility answers the same filters, as far as it can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger.reading.filters.order_filter import OrderFilter


@dataclass(frozen=True)
class WorkFilter:
    """Which steps that wait for a person to list. A criterion that is None or False does not restrict the list."""

    queue: str | None = None
    """Steps that the people of this queue see."""
    holder: str | None = None
    """Steps that this person holds; empty: that nobody holds."""
    system: str | None = None
    """Steps that call this system."""
    code: str | None = None
    """Steps that failed with this code."""
    customer: str | None = None
    product: str | None = None
    """Steps of orders with this commercial product."""
    late: bool = False
    """Steps that are due, or late by their sla."""
    since: datetime | None = None
    """Steps that began to wait at this moment or later."""
    until: datetime | None = None
    """Before this moment."""
    due_until: datetime | None = None
    """Steps that are due before this moment."""
    search: str | None = None
    """Steps of orders whose ids and names have all these words, or words that begin so."""
    limit: int = 100

    @property
    def ledger_only(self) -> list[str]:
        """The names of criteria that neither Temporal's visibility nor the orders themselves answer."""
        return ["search"] if self.search else []

    @property
    def of_orders(self) -> OrderFilter:
        """Which orders may have such steps, without saying which kind."""
        return OrderFilter(queue=self.queue, customer=self.customer, product=self.product, limit=self.limit)
