"""Reads what an order consists of, not how it stands: a few columns of its steps, of which there may be thousands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from ledger.reading.single_order.order_record import read_head, read_lines
from ledger.schema.tables import orders, steps
from workflows.contract.order_views import LineView


class PlanStepRow(NamedTuple):
    """What StepView says of a step that only an amendment changes."""

    id: str
    workstream: str
    workstream_name: str
    name: str
    kind: str
    summary: str
    lines: Sequence[str]
    after: Sequence[str]


@dataclass(frozen=True)
class StoredPlan:
    order_id: str
    started_at: datetime
    revision: int
    order_lines: Sequence[LineView]
    lines: Sequence[LineView]
    steps: Sequence[PlanStepRow]


def read_plan(connection: Connection, order_id: str) -> StoredPlan | None:
    """Of the latest submission. None: the ledger does not have all of it."""
    head = read_head(connection, order_id)
    if head is None or head.has_gap:
        return None
    order = connection.execute(select(orders).where(orders.c.key == head.key)).one()
    columns = [steps.c["step_id" if name == "id" else name] for name in PlanStepRow._fields]
    of_steps = select(*columns).where(steps.c.order_key == head.key).order_by(steps.c.number)
    found = [PlanStepRow._make(row) for row in connection.execute(of_steps)]
    if len(found) != order.step_count:
        return None
    order_lines, lines = read_lines(connection, order)
    return StoredPlan(
        head.order_id,
        order.started_at,
        order.revision,
        order_lines,
        lines,
        found,
    )
