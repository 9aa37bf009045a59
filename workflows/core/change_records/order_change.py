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
    digest: str | None = None


def complete_change(run: OrderRun, submitted: SubmittedOrder, header: ChangeHeader) -> OrderChange:
    """Everything that the order knows. Changes nothing."""
    return _complete(run, submitted, header, LineStates(run), _products(run))


def _complete(
    run: OrderRun, submitted: SubmittedOrder, header: ChangeHeader, line_states: LineStates, products: list[str]
) -> OrderChange:
    return OrderChange(
        order_id=header.order_id,
        submission=header.submission,
        run_id=header.run_id,
        position=header.position,
        previous=None,
        order=order_record(run, submitted.revision, products),
        lines=line_records(run, line_states.states),
        order_line_count=len(run.plan.order_lines),
        steps=[step_view(run, step) for step in run.steps],
        line_reasons=submitted.line_reasons,
        history=history_records(run),
        amendments=list(submitted.amendments),
        submitted=submitted.order,
        digest=header.digest,
    )


def _products(run: OrderRun) -> list[str]:
    return rollup.product_ids(run.plan, run.amendments.removed_lines)


class ChangeTracker:
    """Makes the changes of one order, one after the other. It empties `run.changed_steps`, so an order has only one."""

    def __init__(self, run: OrderRun, submitted: SubmittedOrder) -> None:
        self._run = run
        self._submitted = submitted
        self._told: _Told | None = None

    @property
    def is_plan_new(self) -> bool:
        """Whether the next change tells all lines and steps."""
        return self._told is None or self._told.plan is not self._run.plan

    def next_change(self, header: ChangeHeader, *, complete: bool = False) -> OrderChange:
        """What has changed since the last change. The first one is complete, as is any that is asked to be."""
        told = self._told
        if self.is_plan_new or told is None or complete:
            line_states, products, readers = LineStates(self._run), _products(self._run), StepReaders(self._run)
            change = _complete(self._run, self._submitted, header, line_states, products)
            if told is not None and not complete:
                change = self._since(told, change)
        else:
            line_states, products, readers = told.line_states, told.products, told.readers
            change = self._since(told, self._changed_rows(told, header))
        self._told = _Told(
            header.position,
            self._run.plan,
            line_states,
            products,
            readers,
            self._run.characteristics,
            self._run.audit_log.last_number,
            self._submitted.order,
            self._submitted.revision,
        )
        self._run.changed_steps.clear()
        return change

    def _changed_rows(self, told: _Told, header: ChangeHeader) -> OrderChange:
        """Under the same plan."""
        run = self._run
        positions = told.readers.with_readers(
            run.changed_steps, order_changed=run.characteristics is not told.characteristics
        )
        return OrderChange(
            order_id=header.order_id,
            submission=header.submission,
            run_id=header.run_id,
            position=header.position,
            previous=None,
            order=order_record(run, self._submitted.revision, told.products),
            line_states=told.line_states.drain_changes(run.changed_steps),
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
            digest=change.digest if is_amended else None,
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the last change told, as far as the next one must know it."""

    position: ChangePosition
    plan: Plan
    line_states: LineStates
    products: list[str]
    readers: StepReaders
    characteristics: dict[str, Any]
    history_number: int
    """Of the last entry of the log."""
    order: dict[str, Any] | None
    """As submitted."""
    revision: int
