"""Which steps a plan has: workstreams enter with lines, and each step is planned once per what its `per` says."""

from __future__ import annotations

from typing import Any

from compiler.catalogue.catalogue import Step, Workstream
from compiler.catalogue.catalogue_index import Reach
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.decomposition.expression_evaluator import MISSING_VALUE, Judge
from compiler.decomposition.line_graph import (
    LineNode,
    LineTree,
    StepInstance,
    StepKey,
    ValueIdentity,
    encoded,
    value_identity,
    value_text,
)
from compiler.language.steps import Action
from compiler.plan.decision_log import Reason, Reasons
from compiler.typecheck.expression_sites import SCOPE_WORDS


class StepInstances:
    """All instances of an order's plan, by step and by what they serve."""

    def __init__(self, tree: LineTree, reach: Reach, judge: Judge, reasons: Reasons) -> None:
        self.tree, self.reach, self.judge, self.reasons = tree, reach, judge, reasons
        self.all: list[StepInstance] = []
        self.by_step: dict[StepKey, list[StepInstance]] = {}
        self._known: dict[Any, StepInstance] = {}
        self._ids: dict[str, StepInstance] = {}
        self._values: dict[tuple[str, LineNode], ValueIdentity | None] = {}
        self._texts: dict[tuple[str, LineNode], str] = {}
        self._by_value: dict[str, dict[ValueIdentity, list[LineNode]]] = {}

    def plan(self) -> None:
        """Plans the steps of every line. What is wrong is told to the judge's rejections."""
        for node in sorted(self.tree, key=lambda node: node.rank):
            for workstream in self.reach.workstreams_for.get(node.product.id, ()):
                self._enter(workstream, node)
        for node in self.tree.lines:
            self._lost_work(node)

    def _enter(self, workstream: Workstream, node: LineNode) -> None:
        action = node.line.action
        answering = [step for step in workstream.steps.values() if action in step.actions]
        entered = bool(answering) and self._holds(workstream, node)
        if self.reasons.wanted:
            self._explain(workstream, node, bool(answering), entered)
        if entered:
            for step in answering:
                self._plan_step(step, node)

    def _holds(self, workstream: Workstream, node: LineNode) -> bool:
        if workstream.when is None:
            return True
        what = f"`when` of workstream `{workstream.id}`"
        return bool(self.judge.holds(workstream.when, self.judge.bindings(node), node, what, workstream.place))

    def _explain(self, workstream: Workstream, node: LineNode, answering: bool, entered: bool) -> None:
        why = f"it is for `{node.product.id}`"
        if not answering:
            why = f"none of its steps answers to {node.line.action} lines"
        elif workstream.when is not None:
            why = f"`{workstream.when}` {'holds' if entered else 'does not hold'}"
        self.reasons.note(Reason("workstream", node.line.id, workstream.id, entered, why))
        for step in workstream.steps.values() if entered else ():
            inside = node.line.action in step.actions
            answers = ", ".join(action for action in Action if action in step.actions)
            why = f"it answers to {answers} lines" + ("" if inside else f", and this is {node.line.action}")
            ids = tuple(ident for ident, _, _ in self._places(step, node)) if inside else ()
            self.reasons.note(Reason("step", node.line.id, step.reference, inside, why, ids))

    def _plan_step(self, step: Step, node: LineNode) -> None:
        for ident, identity, value in self._places(step, node):
            key = (step.workstream, step.id)
            instance = self._known.get((key, identity))
            if instance is None:
                instance = self._known[key, identity] = StepInstance(ident, step, key, value=value)
                instance.top = identity if step.per == "bundle" else None
                self.all.append(instance)
                self.by_step.setdefault(key, []).append(instance)
                other = self._ids.setdefault(ident, instance)
                if other is not instance:
                    self._collision(ident, other, node)
            instance.nodes.append(node)
            node.instances.setdefault(key, []).append(instance)

    def _collision(self, ident: str, other: StepInstance, node: LineNode) -> None:
        message = f"two different steps would have the id `{ident}`: for {other.nodes[0].who} and for {node.who}"
        self.judge.rejections.at_line(node, "id-collision", message)

    def _places(self, step: Step, node: LineNode) -> list[tuple[str, Any, ValueIdentity | None]]:
        """Of each instance that serves the line: its id, what tells it apart from others of the step, its value."""
        reference, per = step.reference, step.per
        if per == "order":
            return [(reference, "order", None)]
        if per == "bundle":
            return [(f"{reference}@{top.line.id}", top, None) for top in node.tops]
        own = step.workstream == node.product.id
        if per in SCOPE_WORDS:
            return [(f"{reference}{node.suffix.text}" if own else f"{reference}@{node.line.id}", node, None)]
        value = self.value(per, node, step)
        if value is None:
            told = node.suffix.text.removeprefix("@") if own else node.line.id
            return [(f"{reference}@line:{told}", node, None)]
        return [(f"{reference}@{encoded(self._texts[per, node])}", value, value)]

    def value(self, per: str, node: LineNode, step: Step) -> ValueIdentity | None:
        """What the expression `per` is for this line; None where it is empty."""
        key = (per, node)
        if key in self._values:
            return self._values[key]
        try:
            value = evaluate(per, self.judge.bindings(node))
        except EvaluationError as error:
            value = None
            if not str(error).startswith(MISSING_VALUE):
                self.judge.failed(node, f"`per` of step `{step.reference}`", step.place, error)
        found = None if value is None or value == "" else value_identity(value)
        if found is not None:
            self._texts[key] = value_text(value)
        self._values[key] = found
        return found

    def lines_of_value(self, per: str, value: ValueIdentity) -> list[LineNode]:
        """The lines, order lines among them, for which the expression `per` has this value."""
        found = self._by_value.get(per)
        if found is None:
            found = self._by_value[per] = {}
            for node in self.tree:
                one = self._quietly(per, node)
                if one is not None:
                    found.setdefault(one, []).append(node)
        return found.get(value, [])

    def _quietly(self, per: str, node: LineNode) -> ValueIdentity | None:
        """Of a line that need not have one."""
        if (per, node) in self._values:
            return self._values[per, node]
        try:
            value = evaluate(per, self.judge.bindings(node))
        except EvaluationError:
            return None
        return None if value is None or value == "" else value_identity(value)

    def _lost_work(self, node: LineNode) -> None:
        """Where actions met, none of them may have lost all of its steps."""
        if node.instances or len(node.above) < 2:
            return
        merged = node.line.action
        for action in sorted({source.line.action for source in node.above} - {merged}):
            brought = self._would_bring(node, action)
            if brought is not None:
                sources = [source.who for source in node.above if source.line.action is action]
                message = (
                    f"{node.who} would be {merged}, since its sources differ, and no step answers to that; "
                    f"`{brought.reference}` answers to {action}, which {' and '.join(sources[:3])} asks for"
                )
                self.judge.rejections.at_line(node, "work-lost", message)
                return

    def _would_bring(self, node: LineNode, action: Action) -> Step | None:
        for workstream in self.reach.workstreams_for.get(node.product.id, ()):
            answering = [step for step in workstream.steps.values() if action in step.actions]
            if not answering:
                continue
            if workstream.when is not None:
                try:
                    seen = {**self.judge.bindings(node), "action": action.value}
                    if evaluate(workstream.when, seen) is not True:
                        continue
                except EvaluationError:
                    continue
            return answering[0]
        return None
