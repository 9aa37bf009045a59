"""Orders of a written catalogue, driven by hand and amended as the workflow amends them."""

from __future__ import annotations

from typing import Any

from activities.compilation.compile_amendment import try_compile_amendment
from activity_contract.compilation import CompileAmendmentInput
from activity_contract.notifications import NotificationFilter
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.plan.codec import decode_plan, encode_plan
from tests.support.core.order_driver import ANN, OrderDriver
from workflows.contract.order_messages import AmendOrder, AmendResult
from workflows.core.amendment import answer
from workflows.core.amendment.impact import AmendedPlan
from workflows.core.engine import advance
from workflows.core.notifications import order_events
from workflows.core.queries.order_view import order_view
from workflows.core.state.commands import PublishEvents
from workflows.core.state.rollup import completed_order_lines
from workflows.core.state.step_run import StepRun


class CompiledOrder(OrderDriver):
    """Steps are named by their ids. `published` are (type, data) of the order's events; all are wanted."""

    def __init__(self, catalogue: Catalogue, lines: list[dict[str, Any]], events: list[str] | None = None) -> None:
        self.catalogue = catalogue
        self.published: list[tuple[str, dict[str, Any]]] = []
        super().__init__(compile_order(self.order(lines), catalogue))
        order_events.start_events(self.run, NotificationFilter(events=events or ["*"], receivers=["crm"]), 1)
        self.advance()

    def order(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": "O-1", "customer": {"id": "C-1"}, "lines": lines}

    def step(self, name: str) -> StepRun:
        return self.run.steps[self.run.position_by_id[name]]

    def advance(self) -> None:
        super().advance()
        order_events.emit_events(self.run)
        for command in advance.drain_commands(self.run):
            assert isinstance(command, PublishEvents)
            self.published += [(event.type, event.data) for event in command.batch.events]
            order_events.batch_published(self.run, succeeded=True)

    def amend(self, lines: list[dict[str, Any]], **options: Any) -> AmendResult:
        """Raises RequestRefused."""
        message = AmendOrder(order=self.order(lines), actor=ANN, **options)
        answer.check_preconditions(self.run, 1, message)
        request = CompileAmendmentInput(
            order=message.order,
            plan=encode_plan(self.run.plan),
            retired=list(self.run.amendments.retired),
            completed_lines=completed_order_lines(self.run),
        )
        compiled = try_compile_amendment(request, self.catalogue)
        assert not compiled.findings, compiled.findings
        assert compiled.survives
        amended = AmendedPlan(
            decode_plan(compiled.plan),
            frozenset(compiled.retired),
            frozenset(compiled.changed),
            frozenset(compiled.seen_otherwise),
            frozenset(compiled.former_lines),
        )
        result = answer.apply_assessed(self.run, answer.decide(self.run, 1, message, compiled, amended), message)
        self.plan = self.run.plan
        self.advance()
        return result

    def states(self) -> dict[str, str]:
        return {self.run.step_id(step): step.state.value for step in self.run.steps}

    def line_states(self) -> dict[str, str]:
        """Of order lines and fulfilment lines, by id, as `show` has them."""
        view = order_view(self.run, 1)
        return {line.id: line.state.value for line in (*view.order_lines, *view.lines)}

    def told(self, prefix: str) -> list[str]:
        """Events whose type begins so: `line.cancelled 3`, `order.amended`."""
        told = [(type_, data.get("line")) for type_, data in self.published if type_.startswith(prefix)]
        return [f"{type_} {line}" if line else type_ for type_, line in told]

    def methods(self, name: str) -> list[str]:
        """HTTP methods of the calls made for the step."""
        return [command.request.method for command in self.started(name)]  # type: ignore[union-attr]
