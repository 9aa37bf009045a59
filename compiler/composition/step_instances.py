"""Which steps a plan has: workstreams enter with lines, and each step is planned once per what its `per` says."""

from __future__ import annotations

from typing import Any

from compiler.catalogue.catalogue import Step, Workstream
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.decomposition.expression_evaluator import ExpressionEvaluator
from compiler.decomposition.line_graph import (
    LineGraph,
    LineNode,
    StepInstance,
    ValueIdentity,
    percent_encode,
    value_identity,
    value_text,
)
from compiler.language.steps import LineAction, StepKey
from compiler.plan.decision_log import DecisionLog, PlanDecision
from compiler.typecheck.expression_sites import PER_KEYWORDS


class StepInstanceBuilder:
    """All instances of an order's plan, by step and by what they serve."""

    def __init__(
        self,
        graph: LineGraph,
        catalogue_index: CatalogueIndex,
        evaluator: ExpressionEvaluator,
        decision_log: DecisionLog,
    ) -> None:
        self.graph, self.catalogue_index, self.evaluator, self.decision_log = (
            graph,
            catalogue_index,
            evaluator,
            decision_log,
        )
        self.all: list[StepInstance] = []
        self.by_step: dict[StepKey, list[StepInstance]] = {}
        self._by_identity: dict[Any, StepInstance] = {}
        self._by_id: dict[str, StepInstance] = {}
        self._per_values: dict[tuple[str, LineNode], ValueIdentity | None] = {}
        self._per_texts: dict[tuple[str, LineNode], str] = {}
        self._lines_by_value: dict[str, dict[ValueIdentity, list[LineNode]]] = {}

    def build(self) -> None:
        """Plans the steps of every line. What is wrong is told to the judge's rejections."""
        for node in sorted(self.graph, key=lambda node: node.rank):
            for workstream in self.catalogue_index.workstreams_by_product.get(node.product.id, ()):
                self._apply_workstream(workstream, node)
        for node in self.graph.fulfilment_lines:
            self._check_lost_work(node)

    def _apply_workstream(self, workstream: Workstream, node: LineNode) -> None:
        action = node.line.action
        answering = [step for step in workstream.steps.values() if action in step.actions]
        entered = bool(answering) and self._condition_holds(workstream, node)
        if self.decision_log.enabled:
            self._record_decisions(workstream, node, bool(answering), entered)
        if entered:
            for step in answering:
                self._add_step(step, node)

    def _condition_holds(self, workstream: Workstream, node: LineNode) -> bool:
        if workstream.when is None:
            return True
        what = f"`when` of workstream `{workstream.id}`"
        return bool(
            self.evaluator.evaluate_condition(
                workstream.when, self.evaluator.bindings(node), node, what, workstream.location
            )
        )

    def _record_decisions(
        self, workstream: Workstream, node: LineNode, has_matching_steps: bool, entered: bool
    ) -> None:
        why = f"it is for `{node.product.id}`"
        if not has_matching_steps:
            why = f"none of its steps answers to {node.line.action} lines"
        elif workstream.when is not None:
            why = f"`{workstream.when}` {'holds' if entered else 'does not hold'}"
        self.decision_log.record(PlanDecision("workstream", node.line.id, workstream.id, entered, why))
        for step in workstream.steps.values() if entered else ():
            inside = node.line.action in step.actions
            answers = ", ".join(action for action in LineAction if action in step.actions)
            why = f"it answers to {answers} lines" + ("" if inside else f", and this is {node.line.action}")
            ids = tuple(ident for ident, _, _ in self._instance_keys(step, node)) if inside else ()
            self.decision_log.record(PlanDecision("step", node.line.id, step.reference, inside, why, ids))

    def _add_step(self, step: Step, node: LineNode) -> None:
        for ident, identity, value in self._instance_keys(step, node):
            key = (step.workstream, step.id)
            instance = self._by_identity.get((key, identity))
            if instance is None:
                instance = self._by_identity[key, identity] = StepInstance(ident, step, key, per_value=value)
                instance.top_level_line = identity if step.per == "bundle" else None
                self.all.append(instance)
                self.by_step.setdefault(key, []).append(instance)
                other = self._by_id.setdefault(ident, instance)
                if other is not instance:
                    self._report_id_collision(ident, other, node)
            instance.nodes.append(node)
            node.step_instances.setdefault(key, []).append(instance)

    def _report_id_collision(self, instance_id: str, other: StepInstance, node: LineNode) -> None:
        message = (
            f"two different steps would have the id `{instance_id}`: for {other.nodes[0].label} and for {node.label}"
        )
        self.evaluator.rejections.add_line_finding(node, "id-collision", message)

    def _instance_keys(self, step: Step, node: LineNode) -> list[tuple[str, Any, ValueIdentity | None]]:
        """Of each instance that serves the line: its id, what tells it apart from others of the step, its value."""
        reference, per = step.reference, step.per
        if per == "order":
            return [(reference, "order", None)]
        if per == "bundle":
            return [(f"{reference}@{top.line.id}", top, None) for top in node.top_level_lines]
        own = step.workstream == node.product.id
        if per in PER_KEYWORDS:
            return [(f"{reference}{node.suffix.text}" if own else f"{reference}@{node.line.id}", node, None)]
        value = self.per_value(per, node, step)
        if value is None:
            told = node.suffix.text.removeprefix("@") if own else node.line.id
            return [(f"{reference}@line:{told}", node, None)]
        return [(f"{reference}@{percent_encode(self._per_texts[per, node])}", value, value)]

    def per_value(self, per: str, node: LineNode, step: Step) -> ValueIdentity | None:
        """What the expression `per` is for this line; None where it is empty."""
        key = (per, node)
        if key in self._per_values:
            return self._per_values[key]
        try:
            value = evaluate(per, self.evaluator.bindings(node))
        except EvaluationError as error:
            value = None
            if not error.is_missing_value:
                self.evaluator.report_failure(node, f"`per` of step `{step.reference}`", step.location, error)
        found = None if value is None or value == "" else value_identity(value)
        if found is not None:
            self._per_texts[key] = value_text(value)
        self._per_values[key] = found
        return found

    def lines_with_value(self, per: str, value: ValueIdentity) -> list[LineNode]:
        """The lines, order lines among them, for which the expression `per` has this value."""
        found = self._lines_by_value.get(per)
        if found is None:
            found = self._lines_by_value[per] = {}
            for node in self.graph:
                one = self._value_or_none(per, node)
                if one is not None:
                    found.setdefault(one, []).append(node)
        return found.get(value, [])

    def _value_or_none(self, per: str, node: LineNode) -> ValueIdentity | None:
        """Of a line that need not have one."""
        if (per, node) in self._per_values:
            return self._per_values[per, node]
        try:
            value = evaluate(per, self.evaluator.bindings(node))
        except EvaluationError:
            return None
        return None if value is None or value == "" else value_identity(value)

    def _check_lost_work(self, node: LineNode) -> None:
        """Where actions met, none of them may have lost all of its steps."""
        if node.step_instances or len(node.parents) < 2:
            return
        merged = node.line.action
        for action in sorted({source.line.action for source in node.parents} - {merged}):
            brought = self._step_for_action(node, action)
            if brought is not None:
                sources = [source.label for source in node.parents if source.line.action is action]
                message = (
                    f"{node.label} would be {merged}, since its sources differ, and no step answers to that; "
                    f"`{brought.reference}` answers to {action}, which {' and '.join(sources[:3])} asks for"
                )
                self.evaluator.rejections.add_line_finding(node, "work-lost", message)
                return

    def _step_for_action(self, node: LineNode, action: LineAction) -> Step | None:
        for workstream in self.catalogue_index.workstreams_by_product.get(node.product.id, ()):
            answering = [step for step in workstream.steps.values() if action in step.actions]
            if not answering:
                continue
            if workstream.when is not None:
                try:
                    seen = {**self.evaluator.bindings(node), "action": action.value}
                    if evaluate(workstream.when, seen) is not True:
                        continue
                except EvaluationError:
                    continue
            return answering[0]
        return None
