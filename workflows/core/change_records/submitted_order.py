"""The order as people have submitted and amended it, as far as this run of the workflow knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from activity_contract.line_reasons import LineReason
from workflows.contract.order_changes import AmendmentRecord
from workflows.core.queries.undo_view import to_utc
from workflows.core.state.audit_log import json_size

MAX_KEPT_BYTES = 1_000_000
"""Bytes of JSON. Of larger amendments, only the newest are remembered."""


@dataclass(slots=True)
class SubmittedOrder:
    """A run that continues an earlier one knows the order only once it is amended."""

    order: dict[str, Any] | None = None
    revision: int = 1
    digest: str | None = None
    """Of the order as submitted or amended last. None if its client did not send one."""
    amendments: list[AmendmentRecord] = field(default_factory=list)
    """Oldest first."""
    line_reasons: list[LineReason] | None = None
    """Of the present plan, if this process has compiled it."""
    _sizes: list[int] = field(default_factory=list)

    def amend(
        self, order: dict[str, Any], *, revision: int, at: float, by: str, reason: str, digest: str | None = None
    ) -> None:
        """The order was amended to this one."""
        self.amendments.append(AmendmentRecord(revision, to_utc(at), by, reason, self.order, order))
        self._sizes.append(json_size(order))
        self.order, self.revision, self.digest = order, revision, digest
        while len(self._sizes) > 1 and sum(self._sizes) > MAX_KEPT_BYTES:
            del self.amendments[0], self._sizes[0]
