"""The steps of a plan: which workstreams each line brings in, and one instance of a step per value of its `per`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.catalogue.catalogue import Step, Workstream
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.known_condition import ReadValue, known_condition
from compiler.decomposition.compile_context import CompileContext
from compiler.decomposition.line_graph import (
    LineNode,
    StepInstance,
    ValueIdentity,
    percent_encode,
    value_identity,
    value_text,
)
from compiler.decomposition.named_values import compute_workstream_lets
from compiler.language.steps import LineAction, StepKey
from compiler.plan.decision_log import PlanDecision
from compiler.source.findings import SourceLocation
from compiler.typecheck.expression_sites import PER_KEYWORDS


class StepInstanceBuilder:
    """Builds all step instances of an order."""

    def __init__(self, context: CompileContext) -> None:
        self.context = context
        self.all: list[StepInstance] = []
        self.by_step: dict[StepKey, list[StepInstance]] = {}
        self._by_identity: dict[Any, StepInstance] = {}
        self._by_id: dict[str, StepInstance] = {}
        self._per_values: dict[tuple[str, LineNode], ValueIdentity | None] = {}
        self._per_texts: dict[tuple[str, LineNode], str] = {}
        self._lines_by_value: dict[str, dict[ValueIdentity, list[LineNode]]] = {}

    def build(self) -> None:
        """Builds the steps of every line. Errors become findings."""
        graph = self.context.graph
        for node in sorted(graph, key=lambda node: node.rank):
            for workstream in self._workstreams(node):
                self._apply_workstream(workstream, node)
        for node in graph.fulfilment_lines:
            self._check_lost_work(node)

    def _workstreams(self, node: LineNode) -> tuple[Workstream, ...]:
        return self.context.index.workstreams_by_product.get(node.product.id, ())

    def _apply_workstream(self, workstream: Workstream, node: LineNode) -> None:
        steps = _steps_for_action(workstream, node.line.action)
        applies = bool(steps) and self._condition_holds(workstream, node)
        if self.context.decision_log.has_steps:
            self._record_decisions(workstream, node, bool(steps), applies)
        if applies:
            compute_workstream_lets(node, workstream, self.context)
            for step in steps:
                self._add_step(step, node)

    def _condition_holds(self, workstream: Workstream, node: LineNode) -> bool:
        if workstream.when is None:
            return True
        label, bindings = f"`when` of workstream `{workstream.id}`", self.context.bindings(node)
        return self.context.condition_holds(workstream.when, bindings, node, label, workstream.location)

    def _record_decisions(self, workstream: Workstream, node: LineNode, has_steps: bool, applies: bool) -> None:
        log, line, action = self.context.decision_log, node.line.id, node.line.action
        reason = f"it is for `{node.product.id}`"
        if not has_steps:
            reason = f"none of its steps is for {action} lines"
        elif workstream.when is not None:
            reason = f"`{workstream.when}` {'holds' if applies else 'does not hold'}"
        values: tuple[ReadValue, ...] = ()
        if has_steps and workstream.when is not None:
            values = known_condition(workstream.when, self.context.bindings(node)).values
        place = _place(workstream.location)
        log.record(PlanDecision("workstream", line, workstream.id, applies, reason, location=place, values=values))
        for step in workstream.steps.values() if applies else ():
            is_planned = action in step.actions
            actions = ", ".join(one for one in LineAction if one in step.actions)
            reason = f"it is for {actions} lines" + ("" if is_planned else f", and this is {action}")
            ids = tuple(id_ for id_, _, _ in self._instance_keys(step, node)) if is_planned else ()
            log.record(
                PlanDecision("step", line, step.reference, is_planned, reason, ids, location=_place(step.location))
            )

    def _add_step(self, step: Step, node: LineNode) -> None:
        key = (step.workstream, step.id)
        for id_, identity, value in self._instance_keys(step, node):
            instance = self._by_identity.get((key, identity))
            if instance is None:
                instance = self._by_identity[key, identity] = StepInstance(id_, step, key, per_value=value)
                instance.top_level_line = identity if step.per == "bundle" else None
                self.all.append(instance)
                self.by_step.setdefault(key, []).append(instance)
                other = self._by_id.setdefault(id_, instance)
                if other is not instance:
                    lines = f"for {other.nodes[0].label} and for {node.label}"
                    message = f"two different steps would have the id `{id_}`: {lines}"
                    self.context.reject(node, "id-collision", message)
            instance.nodes.append(node)
            node.step_instances.setdefault(key, []).append(instance)

    def _instance_keys(self, step: Step, node: LineNode) -> list[tuple[str, Any, ValueIdentity | None]]:
        """The instances of the step for this line. Each has an id, an identity within the step, and a `per` value."""
        reference, per = step.reference, step.per
        if per == "order":
            return [(reference, "order", None)]
        if per == "bundle":
            return [(f"{reference}@{top.line.id}", top, None) for top in node.top_level_lines]
        is_own_workstream = step.workstream == node.product.id
        if per in PER_KEYWORDS:
            return [(f"{reference}{node.suffix.text if is_own_workstream else f'@{node.line.id}'}", node, None)]
        value = self.per_value(per, node, step)
        if value is None:
            line = node.suffix.text.removeprefix("@") if is_own_workstream else node.line.id
            return [(f"{reference}@line:{line}", node, None)]
        return [(f"{reference}@{percent_encode(self._per_texts[per, node])}", value, value)]

    def per_value(self, per: str, node: LineNode, step: Step | None = None) -> ValueIdentity | None:
        """The value of the expression `per` for this line. None if it is empty or fails.

        If the expression fails and `step` is given, the failure becomes a finding at that step.
        """
        key = (per, node)
        if key not in self._per_values:
            try:
                value = self.context.evaluate_per(per, node)
            except EvaluationError as error:
                if step is None:
                    return None
                label = f"`per` of step `{step.reference}`"
                self.context.report_failure(node, label, step.location, error)
                value = None
            self._per_texts[key] = value_text(value)
            self._per_values[key] = None if value is None else value_identity(value)
        return self._per_values[key]

    def lines_with_value(self, per: str, value: ValueIdentity) -> list[LineNode]:
        """The order lines and fulfilment lines for which the expression `per` has this value."""
        lines = self._lines_by_value.get(per)
        if lines is None:
            lines = self._lines_by_value[per] = {}
            for node in self.context.graph:
                value_of_line = self.per_value(per, node)
                if value_of_line is not None:
                    lines.setdefault(value_of_line, []).append(node)
        return lines.get(value, [])

    def _check_lost_work(self, node: LineNode) -> None:
        """A merged line must not lose all steps of one of the actions that were merged."""
        if node.step_instances or len(node.parents) < 2:
            return
        merged = node.line.action
        for action in sorted({source.line.action for source in node.parents} - {merged}):
            step = next(self._steps_if(node, action), None)
            if step is not None:
                sources = [source.label for source in node.parents if source.line.action is action]
                message = (
                    f"{node.label} would be {merged}, because its sources differ, and no step handles that; "
                    f"`{step.reference}` handles {action}, the action of {' and '.join(sources[:3])}"
                )
                self.context.reject(node, "work-lost", message)
                return

    def _steps_if(self, node: LineNode, action: LineAction) -> Iterator[Step]:
        """The steps that the line would have with another action."""
        bindings = {**self.context.bindings(node), "action": action.value}
        for workstream in self._workstreams(node):
            try:
                if workstream.when is None or evaluate(workstream.when, bindings) is True:
                    yield from _steps_for_action(workstream, action)
            except EvaluationError:
                continue


def _place(location: SourceLocation) -> str:
    return str(location) if location.line else ""


def _steps_for_action(workstream: Workstream, action: LineAction) -> list[Step]:
    return [step for step in workstream.steps.values() if action in step.actions]
