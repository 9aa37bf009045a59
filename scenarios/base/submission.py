"""The submission of a scenario's order: it is compiled, or rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities.compilation.compile_order import rejected_summary
from activities.notifications.receiver_matching import accepts_event
from activity_contract.notifications import NotificationBatch, NotificationEvent
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.language.order import is_order_id
from compiler.language.scenario_answers import ReceiverEntry
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


@dataclass(frozen=True, slots=True)
class Rejected:
    """An order that is rejected."""

    order: dict[str, Any]
    batch: NotificationBatch
    """The event that tells it."""


def submit(entry: ScenarioEntry, catalogue: Catalogue, record: Record) -> Submitted | Rejected | None:
    """None if there is no order to submit; `record` then says why, as it does if the order is rejected."""
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
        return _reject(entry, order, catalogue, [*compilation.findings], record)
    record.warnings = [*compilation.warnings]
    return Submitted(order, RecordedRun(compilation.plan, entry.model.starts.timestamp()))


def _reject(
    entry: ScenarioEntry, order: dict[str, Any], catalogue: Catalogue, findings: list[Finding], record: Record
) -> Rejected | None:
    record.rejected = findings
    record.note(0.0, f"rejected: {'; '.join(finding.message for finding in findings[:3])}")
    if isinstance(entry.model.expect.order, RejectedOrder):
        unused = "this has no effect: the order is rejected"
        positions = [at for at, one in enumerate(entry.model.world) if not isinstance(one, ReceiverEntry)]
        record.problems += [Problem(("world", position), unused) for position in positions]
    if not is_order_id(record.order_id):  # it comes no further than to the client
        return None
    message = "; ".join(finding.message for finding in findings[:3])
    header = order_events.rejected_order(record.order_id, rejected_summary(order, catalogue))
    started_at = entry.model.starts.timestamp()
    return Rejected(order, order_events.rejection_batch(header, KEY_TOKEN, started_at, message))


def record_told(record: Record, batch: NotificationBatch, catalogue: Catalogue, started_at: float) -> list[ToldEvent]:
    """The events of the batch, as the record has them."""
    told = [
        ToldEvent(event.at - started_at, event.type, event.data, receivers_of(catalogue, batch, event))
        for event in batch.events
    ]
    record.events += told
    return told


def receivers_of(catalogue: Catalogue, batch: NotificationBatch, event: NotificationEvent) -> tuple[str, ...]:
    return tuple(
        name for name, receiver in sorted(catalogue.receivers.items()) if accepts_event(receiver, batch.order, event)
    )
