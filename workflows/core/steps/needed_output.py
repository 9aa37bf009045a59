"""What the steps that are still to come read of a step's output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.catalogue.catalogue import OutputReference
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.syntax_tree import path_uses
from compiler.typecheck.expression_sites import STEP_SHAPE, find_expressions
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.expression_scope import StepScope


def missing_fields(run: OrderRun, step: StepRun, output: Any) -> dict[str, str]:
    """Fields that a step still to come reads of the step's output, and that `output` lacks → the id of that step.

    A step whose `when` is false with this output reads nothing, and neither does an expression that allows for the
    field to be missing.
    """
    found: dict[str, str] = {}
    for reader in run.open_readers(step):
        planned = run.plan.steps[reader.position]
        references = [
            reference
            for reference, positions in zip(run.definition(reader).reads, planned.reads, strict=True)
            if step.position in positions and not reference.is_list
        ]
        if reader.position != step.position and references:
            for field in _missing_for(run, reader, references, output):
                found.setdefault(field, planned.id)
    return found


def _missing_for(run: OrderRun, reader: StepRun, references: list[OutputReference], output: Any) -> Iterator[str]:
    scope = StepScope(run, reader)
    paths = [_path(reference) for reference in references]
    for path in paths:
        _set(scope.names, path, output)
    definition = scope.definition.definition
    if definition.when is not None and _value(definition.when, scope) is False:
        return
    written = definition.model_dump(by_alias=True, exclude_defaults=True)
    for site in find_expressions(written, STEP_SHAPE):
        fields = {
            use.path[len(path)]
            for use in path_uses(site.expression)
            for path in paths
            if use.path[: len(path)] == path and len(use.path) > len(path)
        }
        lacking = [field for field in sorted(fields) if not isinstance(output, dict) or field not in output]
        if lacking and _value(site.expression, scope) is _NO_VALUE:
            yield from lacking


def _path(reference: OutputReference) -> tuple[str, ...]:
    middle = (reference.workstream,) if reference.root == "workstreams" else ()
    return (reference.root, *middle, reference.step, "output")


def _set(names: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        names = names.setdefault(name, {})
    names[path[-1]] = value


_NO_VALUE: Any = object()


def _value(expression: str, scope: StepScope) -> Any:
    try:
        return evaluate(expression, scope.names)
    except EvaluationError:
        return _NO_VALUE
