"""The changes of an order: complete ones, and what is new since the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compiler.plan.plan import Plan
from workflows.contract.order_changes import ChangePosition, OrderChange
from workflows.contract.record_class import record_class
from workflows.contract.step_record import StepRecord
from workflows.core.change_records.line_records import LineStates, line_records
from workflows.core.change_records.order_record import history_records, order_record
from workflows.core.change_records.step_readers import StepReaders
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.queries.step_record import StepInPlan, step_in_plan, step_record
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
    steps: list[StepInPlan]
    """By their positions in the plan."""

    @classmethod
    def of_run(cls, run: OrderRun) -> _PlanRecords:
        products = rollup.product_ids(run.plan, run.amendments.removed_lines)
        steps = [step_in_plan(run.plan, position) for position in range(len(run.plan.steps))]
        return cls(run.plan, LineStates(run), products, StepReaders(run), steps)


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
        steps=_step_records(run, records),
        line_reasons=submitted.line_reasons,
        history=history_records(run),
        amendments=list(submitted.amendments),
        submitted=submitted.order,
        digest=submitted.digest,
    )


def _step_records(run: OrderRun, records: _PlanRecords) -> list[StepRecord]:
    """Of all steps."""
    return [step_record(run, step, in_plan) for step, in_plan in zip(run.steps, records.steps, strict=True)]


@record_class
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
        else:
            records = told.records if told.records.plan is run.plan else _PlanRecords.of_run(run)
            change = self._since(told, header, records)
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

    def _since(self, told: _Told, header: ChangeHeader, records: _PlanRecords) -> OrderChange:
        """What is new since the last change. If the plan is new: all lines and steps."""
        run, submitted = self._run, self._submitted
        is_new_plan = records is not told.records
        is_amended = submitted.order is not told.order
        return OrderChange(
            order_id=header.order_id,
            submission=header.submission,
            run_id=header.run_id,
            position=header.position,
            previous=told.position,
            order=order_record(run, submitted.revision, records.products),
            lines=line_records(run, records.line_states.states) if is_new_plan else None,
            order_line_count=len(run.plan.order_lines) if is_new_plan else 0,
            line_states={} if is_new_plan else records.line_states.drain_changes(run.changed_steps),
            steps=_step_records(run, records) if is_new_plan else self._changed_steps(told),
            line_reasons=submitted.line_reasons if is_new_plan else None,
            history=history_records(run, after=told.history_number),
            amendments=[each for each in submitted.amendments if each.revision > told.revision],
            submitted=submitted.order if is_amended else None,
            digest=submitted.digest if is_amended else None,
        )

    def _changed_steps(self, told: _Told) -> list[StepRecord]:
        """Under the same plan."""
        run, records = self._run, told.records
        is_order_changed = run.characteristics is not told.characteristics
        positions = records.readers.with_readers(run.changed_steps, order_changed=is_order_changed)
        return [step_record(run, run.steps[position], records.steps[position]) for position in sorted(positions)]
