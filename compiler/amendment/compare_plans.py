"""What an amendment changes: two plans of one order compared by step id (docs/language.md, Changing an order).

What is compared is the input of a step that derives from the order: what its definition does, and the values of its
expressions, or, where these read outputs too, of the names from the order in them. What derives from other steps'
outputs is known only once these are there: such steps are told as `may_redo`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.syntax_tree import Path, path_uses
from compiler.plan.bindings import step_bindings
from compiler.plan.plan import Plan, PlannedDefinition, PlannedStep
from compiler.typecheck.expression_sites import STEP_SHAPE, find_expressions
from compiler.values import as_text

INPUT_KEYS = ("call", "activity", "with", "manual", "event", "wait", "when", "start")
"""The keys that say what a step does, when and whether. The others say what follows, and are nobody's input."""
ORDER_NAMES = frozenset({"order", "attributes", "quantity", "action", "previous", "each", "index", "lines"})
"""The names whose values the order decides."""
DEFINITION_INPUT = "definition"
"""Name of the change where the catalogue itself says something else by now."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """One input of a step: as expressions write it (`attributes.model`), and what it was and is. None: absent."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """Step ids, each in exactly one of the first four, in the order of their plans (`new` in the new one's)."""

    unchanged: tuple[str, ...] = ()
    changed: Mapping[str, tuple[InputChange, ...]] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    may_redo: tuple[str, ...] = ()
    """Of the unchanged: those that read what a changed step, or one of these, puts out, or other steps than before."""
    lines_added: tuple[str, ...] = ()
    """Ids of order lines."""
    lines_removed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True: the new order asks for what the old one did. What may be redone needs something that changed first."""
        return not (self.changed or self.removed or self.added or self.lines_added or self.lines_removed)


def compare_plans(old: Plan, new: Plan) -> PlanDiff:
    """How `new` differs from `old`; linear in the number of steps."""
    before = {step.id: step for step in old.steps}
    after = {step.id: step for step in new.steps}
    were, are = StepInputs(old), StepInputs(new)
    changed: dict[str, tuple[InputChange, ...]] = {}
    for id_, step in before.items():
        if id_ in after and (found := _input_changes(were.for_step(step), are.for_step(after[id_]))):
            changed[id_] = found
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
    )


def shares_order_lines(old: Plan, new: Plan) -> bool:
    """Whether any order line of `old` is left: an amendment in which none is was meant for another order."""
    return bool(_order_line_ids(old).keys() & _order_line_ids(new).keys())


def _order_line_ids(plan: Plan) -> dict[str, None]:
    return {line.id: None for line in plan.order_lines}


def steps_seeing_changes(old: Plan, new: Plan) -> frozenset[str]:
    """Ids of steps of both plans that read anything of the order, or of their definition, that is not as it was: not
    their input alone, but also what takes them back, what they put out and how long they may take."""
    before = {step.id: step for step in old.steps}
    were, are = StepInputs(old, None), StepInputs(new, None)
    return frozenset(
        step.id for step in new.steps if step.id in before and were.for_step(before[step.id]) != are.for_step(step)
    )


def _input_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[InputChange, ...]:
    names = {**before, **after}
    return tuple(
        InputChange(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


@dataclass(frozen=True, slots=True)
class _InputSpec:
    """What the steps of one definition read of the order."""

    definition_text: str
    """What the definition says that they do, as canonical text."""
    expressions: tuple[str, ...]
    """Those that read nothing else."""
    paths: tuple[Path, ...]
    """What the others read of it."""


class StepInputs:
    """The inputs of a plan's steps; what a definition reads is found out once."""

    def __init__(self, plan: Plan, definition_keys: Collection[str] | None = INPUT_KEYS) -> None:
        """`keys`: of the definition, those that count; None: all of them."""
        self._plan = plan
        self._definition_keys = definition_keys
        self._specs: dict[int, _InputSpec] = {}

    def for_step(self, step: PlannedStep) -> dict[str, Any]:
        """As expressions write it → its value."""
        reading = self._specs.get(step.definition_position)
        if reading is None:
            reading = self._specs[step.definition_position] = _input_spec(
                self._plan.definitions[step.definition_position], self._definition_keys
            )
        inputs: dict[str, Any] = {DEFINITION_INPUT: reading.definition_text}
        if reading.expressions or reading.paths:
            names = step_bindings(self._plan, step)
            inputs.update((expression, _evaluate_or_error(expression, names)) for expression in reading.expressions)
            inputs.update((".".join(path), _value_at_path(names, path)) for path in reading.paths)
        return inputs


def _input_spec(planned: PlannedDefinition, definition_keys: Collection[str] | None) -> _InputSpec:
    written = planned.definition.model_dump(by_alias=True, exclude_defaults=True)
    does = written if definition_keys is None else {key: written[key] for key in definition_keys if key in written}
    expressions: set[str] = set()
    paths: set[Path] = set()
    for standing in find_expressions(does, STEP_SHAPE):
        read = {use.path for use in path_uses(standing.expression)}
        from_order = {path for path in read if path[0] in ORDER_NAMES}
        if from_order == read:
            expressions.add(standing.expression)
        else:
            paths |= from_order
    return _InputSpec(
        json.dumps(does, sort_keys=True, default=as_text), tuple(sorted(expressions)), tuple(sorted(paths))
    )


def _evaluate_or_error(expression: str, bindings: Mapping[str, Any]) -> Any:
    """The same reason for having no value is the same input."""
    try:
        return evaluate(expression, bindings)
    except EvaluationError as error:
        return str(error)


def _value_at_path(bindings: Mapping[str, Any], path: Path) -> Any:
    found: Any = bindings
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _read_step_ids(plan: Plan, step: PlannedStep) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(plan.steps[position].id for position in positions) for positions in step.reads)


def _may_redo(old: Plan, new: Plan, changed: frozenset[str], unchanged: frozenset[str]) -> tuple[str, ...]:
    """Follows outputs from step to step: what may be redone may put out something else."""
    read_before = {step.id: _read_step_ids(old, step) for step in old.steps}
    readers: dict[str, list[str]] = {}
    found: dict[str, None] = {}
    ahead: list[str] = list(changed)
    for step in new.steps:
        reads = _read_step_ids(new, step)
        for id_ in {id_ for ids in reads for id_ in ids}:
            readers.setdefault(id_, []).append(step.id)
        if step.id in unchanged and reads != read_before[step.id]:
            found[step.id] = None
            ahead.append(step.id)
    while ahead:
        for reader in readers.get(ahead.pop(), ()):
            if reader in unchanged and reader not in found:
                found[reader] = None
                ahead.append(reader)
    return tuple(step.id for step in new.steps if step.id in found)
