"""Which orders a list shows. Pure: Temporal's visibility answers the same filters, as far as it can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workflows.contract.states import Jeopardy, OrderState


@dataclass(frozen=True)
class OrderFilter:
    """Which orders to list. A criterion that is None, False or empty does not restrict the list."""

    states: tuple[OrderState, ...] = ()
    """Orders in one of these states. Empty means any state."""
    customer: str | None = None
    product: str | None = None
    late: bool = False
    """Orders that are late and have not ended. With `states`, also orders that ended late."""
    fallout: bool = False
    """Orders with a step in fallout. Unless `running`, also orders that were ended from outside."""
    open_tasks: bool = False
    queue: str | None = None
    """Orders with a step that waits for a person in this queue. From visibility, with `fallout` or `open_tasks`, also
    orders that do not show their queues."""
    since: datetime | None = None
    """Orders submitted at this moment or later."""
    limit: int = 100
    running: bool = False
    """Orders that have not ended."""
    interrupted: bool = False
    """Orders that were ended from outside, so that they can be recovered."""
    catalogue_version: str | None = None
    """Orders that were compiled, or last amended, with this catalogue version: `sha256:…`."""
    jeopardy: tuple[Jeopardy, ...] = ()
    system: str | None = None
    """Orders with a step that calls this system. With `code`: that failed in it."""
    code: str | None = None
    """Orders with a step in fallout with this error code."""
    holder: str | None = None
    """Orders with a step that this person holds."""
    until: datetime | None = None
    """Orders submitted before this moment."""
    ended_since: datetime | None = None
    ended_until: datetime | None = None
    """Before this moment."""
    requested_since: datetime | None = None
    requested_until: datetime | None = None
    """Orders whose requested completion is before this moment."""
    external_id: str | None = None
    """Orders with a line that has this id in another system."""
    search: str | None = None
    """Orders whose ids and names have all these words, or words that begin so."""

    @property
    def only_running(self) -> bool:
        return self.running or self.open_tasks or (self.late and not self.states)

    @property
    def ledger_only(self) -> list[str]:
        """The names of criteria that Temporal's visibility does not know."""
        return [name for name in ("system", "code", "holder", "external_id", "search") if getattr(self, name)]
