"""What an amendment changes: compares two plans of one order step by step (docs/amending.md).

It compares the inputs of a step that come from the order: what its definition does, and the values of its expressions.
If an expression also reads outputs of other steps, only the names that come from the order are compared. Those outputs
are known only after the other steps end, so steps that read them are listed in `may_redo`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.syntax_tree import Path, path_uses
from compiler.graph import walk
from compiler.plan.bindings import step_bindings
from compiler.plan.plan import Plan, PlannedDefinition, PlannedStep
from compiler.typecheck.expression_sites import STEP_SHAPE, find_expressions
from compiler.values import as_text

INPUT_KEYS = ("call", "activity", "with", "manual", "event", "wait", "when", "start")
"""The keys of a definition that say what a step does, when, and whether. The other keys say what follows."""
ORDER_NAMES = frozenset({"order", "attributes", "quantity", "action", "previous", "let", "each", "index", "lines"})
"""The names in expressions whose values come from the order."""
MAX_WAIT_CHANGES = 200
"""Steps that wait for others than before and are told."""
DEFINITION_INPUT = "definition"
"""The name of an InputChange if the catalogue's definition of the step changed. Its values are JSON texts."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """One input of a step, named as in expressions (`attributes.model`), with both values. None means absent."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class WaitChange:
    """Ids of steps in both plans that a step waits for, directly or through others, in only one of them."""

    no_longer: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """Ids of steps. Each id is in exactly one of the first four lists. `added` follows the order of the new plan; the
    others follow the old plan."""

    unchanged: tuple[str, ...] = ()
    changed: Mapping[str, tuple[InputChange, ...]] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    may_redo: tuple[str, ...] = ()
    """Unchanged steps that may be redone. They read the output of a changed step, of another step in this list, or of
    other steps than before."""
    lines_added: tuple[str, ...] = ()
    """Ids of order lines."""
    lines_removed: tuple[str, ...] = ()
    waits: Mapping[str, WaitChange] = field(default_factory=dict)
    """Steps in both plans that wait for others than before; the first MAX_WAIT_CHANGES."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed. Then no step is redone either."""
        return not (self.changed or self.removed or self.added or self.lines_added or self.lines_removed)


def compare_plans(old: Plan, new: Plan) -> PlanDiff:
    """How `new` differs from `old`. Takes time linear in the number of steps."""
    before = {step.id: step for step in old.steps}
    after = {step.id: step for step in new.steps}
    old_inputs, new_inputs = StepInputs(old), StepInputs(new)
    changed: dict[str, tuple[InputChange, ...]] = {}
    for id_, step in before.items():
        if id_ in after and (changes := _input_changes(old_inputs.for_step(step), new_inputs.for_step(after[id_]))):
            changed[id_] = changes
    unchanged = tuple(id_ for id_ in before if id_ in after and id_ not in changed)
    old_lines, new_lines = _order_line_ids(old), _order_line_ids(new)
    return PlanDiff(
        unchanged=unchanged,
        changed=changed,
        removed=tuple(id_ for id_ in before if id_ not in after),
        added=tuple(id_ for id_ in after if id_ not in before),
        may_redo=_may_redo(old, new, frozenset(changed), frozenset(unchanged)),
        lines_added=tuple(id_ for id_ in new_lines if id_ not in old_lines),
        lines_removed=tuple(id_ for id_ in old_lines if id_ not in new_lines),
        waits=_changed_waits(old, new),
    )


def _changed_waits(old: Plan, new: Plan) -> dict[str, WaitChange]:
    """An arrow that others imply in the other plan is no difference."""
    before, after = _predecessor_ids(old), _predecessor_ids(new)
    found: dict[str, WaitChange] = {}
    for id_, direct in before.items():
        if id_ not in after or direct == after[id_]:
            continue
        lost = {one for one in direct - after[id_] if one in after}
        gained = {one for one in after[id_] - direct if one in before}
        lost -= _ids_before(after, id_) if lost else set()
        gained -= _ids_before(before, id_) if gained else set()
        if lost or gained:
            found[id_] = WaitChange(tuple(sorted(lost)), tuple(sorted(gained)))
        if len(found) == MAX_WAIT_CHANGES:
            break
    return found


def _predecessor_ids(plan: Plan) -> dict[str, frozenset[str]]:
    return {step.id: frozenset(plan.steps[at].id for at in step.after) for step in plan.steps}


def _ids_before(predecessors: Mapping[str, frozenset[str]], id_: str) -> set[str]:
    """All that the step waits for, directly or through others."""
    return set(walk(predecessors[id_], lambda one: predecessors[one]))


def shares_order_lines(old: Plan, new: Plan) -> bool:
    """Whether any order line of `old` is in `new`. If none is, the amendment is for another order."""
    return bool(_order_line_ids(old).keys() & _order_line_ids(new).keys())


def _order_line_ids(plan: Plan) -> dict[str, None]:
    return {line.id: None for line in plan.order_lines}


def steps_seeing_changes(old: Plan, new: Plan) -> frozenset[str]:
    """Ids of steps in both plans if something has changed that they read from the order or from their definition.

    Unlike compare_plans, this includes what undoes a step, its output, and its time limits.
    """
    before = {step.id: step for step in old.steps}
    old_inputs, new_inputs = StepInputs(old, None), StepInputs(new, None)
    return frozenset(
        step.id
        for step in new.steps
        if step.id in before and old_inputs.for_step(before[step.id]) != new_inputs.for_step(step)
    )


def _input_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[InputChange, ...]:
    names = {**before, **after}
    return tuple(
        InputChange(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


@dataclass(frozen=True, slots=True)
class _InputSpec:
    """What the steps of one definition read from the order."""

    definition_text: str
    """The compared keys of the definition, as canonical text."""
    expressions: tuple[str, ...]
    """The expressions that read only the order."""
    paths: tuple[Path, ...]
    """What the other expressions read from the order."""


class StepInputs:
    """The inputs of a plan's steps. Each definition is analysed once."""

    def __init__(self, plan: Plan, definition_keys: Collection[str] | None = INPUT_KEYS) -> None:
        """Compares only `definition_keys`. None means all keys."""
        self._plan = plan
        self._definition_keys = definition_keys
        self._specs: dict[int, _InputSpec] = {}

    def for_step(self, step: PlannedStep) -> dict[str, Any]:
        """The value of each input, by its name as in expressions."""
        spec = self._specs.get(step.definition_position)
        if spec is None:
            spec = self._specs[step.definition_position] = _input_spec(
                self._plan.definitions[step.definition_position], self._definition_keys
            )
        inputs: dict[str, Any] = {DEFINITION_INPUT: spec.definition_text}
        if spec.expressions or spec.paths:
            names = step_bindings(self._plan, step)
            inputs.update((expression, _evaluate_or_error(expression, names)) for expression in spec.expressions)
            inputs.update((".".join(path), _value_at_path(names, path)) for path in spec.paths)
        return inputs


def _input_spec(planned: PlannedDefinition, definition_keys: Collection[str] | None) -> _InputSpec:
    written = planned.definition.model_dump(by_alias=True, exclude_defaults=True)
    compared = written if definition_keys is None else {key: written[key] for key in definition_keys if key in written}
    expressions: set[str] = set()
    paths: set[Path] = set()
    for site in find_expressions(compared, STEP_SHAPE):
        read = {use.path for use in path_uses(site.expression)}
        from_order = {path for path in read if path[0] in ORDER_NAMES}
        if from_order == read:
            expressions.add(site.expression)
        else:
            paths |= from_order
    return _InputSpec(
        json.dumps(compared, sort_keys=True, default=as_text), tuple(sorted(expressions)), tuple(sorted(paths))
    )


def _evaluate_or_error(expression: str, bindings: Mapping[str, Any]) -> Any:
    """The value, or the error's text: equal errors are equal inputs."""
    try:
        return evaluate(expression, bindings)
    except EvaluationError as error:
        return str(error)


def _value_at_path(bindings: Mapping[str, Any], path: Path) -> Any:
    value: Any = bindings
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _read_step_ids(plan: Plan, step: PlannedStep) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(plan.steps[position].id for position in positions) for positions in step.reads)


def _may_redo(old: Plan, new: Plan, changed: frozenset[str], unchanged: frozenset[str]) -> tuple[str, ...]:
    """Follows outputs from step to step: a step that may be redone may have another output."""
    read_before = {step.id: _read_step_ids(old, step) for step in old.steps}
    readers: dict[str, list[str]] = {}
    starts = set(changed)
    for step in new.steps:
        reads = _read_step_ids(new, step)
        if step.id in unchanged:
            for id_ in {id_ for ids in reads for id_ in ids}:
                readers.setdefault(id_, []).append(step.id)
            if reads != read_before[step.id]:
                starts.add(step.id)
    reached = set(walk(starts, lambda id_: readers.get(id_, ()))) - changed
    return tuple(step.id for step in new.steps if step.id in reached)
