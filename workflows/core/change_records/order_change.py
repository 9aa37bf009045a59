"""The changes of an order: complete ones, and what is new since the last one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from compiler.plan.plan import Plan
from workflows.contract.order_changes import ChangePosition, OrderChange
from workflows.core.change_records.line_records import LineStates, line_records
from workflows.core.change_records.order_record import history_records, order_record
from workflows.core.change_records.step_readers import StepReaders
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.queries.order_view import step_view
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun


@dataclass(frozen=True, slots=True)
class ChangeHeader:
    """Whose change it is, and when it was made."""

    order_id: str
    submission: str
    run_id: str
    position: ChangePosition


def complete_change(run: OrderRun, submitted: SubmittedOrder, header: ChangeHeader) -> OrderChange:
    """Everything that the order knows. Changes nothing."""
    return _complete(run, submitted, header, _PlanRecords.of_run(run))


@dataclass(frozen=True, slots=True)
class _PlanRecords:
    """What is computed once per plan."""

    plan: Plan
    line_states: LineStates
    products: list[str]
    readers: StepReaders

    @classmethod
    def of_run(cls, run: OrderRun) -> _PlanRecords:
        products = rollup.product_ids(run.plan, run.amendments.removed_lines)
        return cls(run.plan, LineStates(run), products, StepReaders(run))


def _complete(run: OrderRun, submitted: SubmittedOrder, header: ChangeHeader, records: _PlanRecords) -> OrderChange:
    return OrderChange(
        order_id=header.order_id,
        submission=header.submission,
        run_id=header.run_id,
        position=header.position,
        previous=None,
        order=order_record(run, submitted.revision, records.products),
        lines=line_records(run, records.line_states.states),
        order_line_count=len(run.plan.order_lines),
        steps=[step_view(run, step) for step in run.steps],
        line_reasons=submitted.line_reasons,
        history=history_records(run),
        amendments=list(submitted.amendments),
        submitted=submitted.order,
        digest=submitted.digest,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the last change told, as far as the next one must know it."""

    position: ChangePosition
    records: _PlanRecords
    characteristics: dict[str, Any]
    history_number: int
    """Of the last entry of the log."""
    order: dict[str, Any] | None
    """As submitted."""
    revision: int


class ChangeTracker:
    """Makes the changes of one order, one after the other. It empties `run.changed_steps`, so an order has only one."""

    def __init__(self, run: OrderRun, submitted: SubmittedOrder) -> None:
        self._run = run
        self._submitted = submitted
        self._told: _Told | None = None

    def next_change(self, header: ChangeHeader, *, complete: bool = False) -> OrderChange:
        """What has changed since the last change. The first one is complete, as is any that is asked to be."""
        run, submitted, told = self._run, self._submitted, self._told
        if complete or told is None:
            records = _PlanRecords.of_run(run)
            change = _complete(run, submitted, header, records)
        elif told.records.plan is not run.plan:
            records = _PlanRecords.of_run(run)
            change = self._since(told, _complete(run, submitted, header, records))
        else:
            records = told.records
            change = self._since(told, self._changed_rows(told, header))
        self._told = _Told(
            header.position,
            records,
            run.characteristics,
            run.audit_log.last_number,
            submitted.order,
            submitted.revision,
        )
        run.changed_steps.clear()
        return change

    def _changed_rows(self, told: _Told, header: ChangeHeader) -> OrderChange:
        """Under the same plan."""
        run, records = self._run, told.records
        is_order_changed = run.characteristics is not told.characteristics
        positions = records.readers.with_readers(run.changed_steps, order_changed=is_order_changed)
        return OrderChange(
            order_id=header.order_id,
            submission=header.submission,
            run_id=header.run_id,
            position=header.position,
            previous=None,
            order=order_record(run, self._submitted.revision, records.products),
            line_states=records.line_states.drain_changes(run.changed_steps),
            steps=[step_view(run, run.steps[position]) for position in sorted(positions)],
        )

    def _since(self, told: _Told, change: OrderChange) -> OrderChange:
        """The change after what was told, with the history, the amendments and the order that are new since."""
        is_amended = self._submitted.order is not told.order
        return replace(
            change,
            previous=told.position,
            history=history_records(self._run, after=told.history_number),
            amendments=[each for each in self._submitted.amendments if each.revision > told.revision],
            submitted=self._submitted.order if is_amended else None,
            digest=self._submitted.digest if is_amended else None,
        )
