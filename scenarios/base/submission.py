"""The submission of a scenario's order: it is compiled, or rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities.notifications.receiver_matching import accepts_event
from activity_contract.notifications import NotificationBatch, NotificationEvent, NotificationOrder
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.language.scenario_expectations import RejectedOrder
from compiler.source.findings import Finding, OrderRejected, SourceLocation
from scenarios.base.recorded_run import RecordedRun
from scenarios.record import Problem, Record, ToldEvent
from scenarios.scenario_order import ScenarioEntry, submitted_order
from workflows.core.notifications import order_events

KEY_TOKEN = "scenario"
"""The token that the idempotency keys of every scenario's order carry."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """An order that is accepted."""

    order: dict[str, Any]
    run: RecordedRun


def submit(entry: ScenarioEntry, catalogue: Catalogue, record: Record) -> Submitted | None:
    """None if there is no order to submit, or if it is rejected; `record` then says why."""
    try:
        order = submitted_order(entry, catalogue)
    except OrderRejected as rejected:
        for finding in rejected.errors:
            place = SourceLocation(finding.file, finding.line, finding.column)
            record.problems.append(Problem(("order",), f"{finding.message} [{finding.code}]", location=place))
        return None
    record.order_id = str(order.get("id", ""))
    compilation = compile_with_warnings(order, catalogue)
    if compilation.plan is None:
        _record_rejection(entry, order, catalogue, [*compilation.findings], record)
        return None
    record.warnings = [*compilation.warnings]
    return Submitted(order, RecordedRun(compilation.plan, entry.model.starts.timestamp()))


def _record_rejection(
    entry: ScenarioEntry, order: dict[str, Any], catalogue: Catalogue, findings: list[Finding], record: Record
) -> None:
    record.rejected = findings
    record.note(0.0, f"rejected: {'; '.join(finding.message for finding in findings[:3])}")
    customer = order.get("customer")
    header = NotificationOrder(id=record.order_id, customer=customer if isinstance(customer, dict) else {})
    message = "; ".join(finding.message for finding in findings[:3])
    batch = order_events.rejection_batch(header, KEY_TOKEN, entry.model.starts.timestamp(), message)
    for event in batch.events:
        record.events.append(ToldEvent(0.0, event.type, event.data, receivers_of(catalogue, batch, event)))
    if isinstance(entry.model.expect.order, RejectedOrder):
        unused = "this has no effect: the order is rejected"
        record.problems += [Problem(("world", position), unused) for position in range(len(entry.model.world))]


def receivers_of(catalogue: Catalogue, batch: NotificationBatch, event: NotificationEvent) -> tuple[str, ...]:
    return tuple(
        name for name, receiver in sorted(catalogue.receivers.items()) if accepts_event(receiver, batch.order, event)
    )
