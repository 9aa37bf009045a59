"""What the expressions of a step see, and their values. Errors name the expression's file, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.templates import render_template, split_template
from compiler.language.durations import parse_duration
from compiler.plan.bindings import line_bindings, lines_entry_bindings, sees_line_list
from compiler.plan.plan import PlannedDefinition, PlannedStep
from compiler.values import as_text
from workflows.contract.states import StepState
from workflows.core.state.amendment_state import PinnedStep
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

_MISSING = "there is no"


class StepExpressionError(Exception):
    """An expression of a step has no value. The message is for people; it says where the expression is."""

    def __init__(self, message: str, missing: bool = False, cause: str | None = None) -> None:
        super().__init__(message)
        self.cause = message if cause is None else cause
        """The message without the place in the definitions, for other systems."""
        self.missing = missing
        """Something that the expression reads does not exist (yet)."""


class StepScope:
    """The names that the expressions of one step see."""

    __slots__ = ("definition", "names", "run", "step")

    def __init__(
        self, run: OrderRun, step: StepRun, extra: Mapping[str, Any] | None = None, *, current: bool = False
    ) -> None:
        """`current`: use the order as it is now, even if the step began before an amendment."""
        self.run = run
        self.step = step
        pinned = None if current else run.amendments.pinned_steps.get(step.position)
        self.definition: PlannedDefinition = run.current_definition(step) if pinned is None else pinned.definition
        self.names = _bindings(run, step, self.definition, pinned)
        if extra:
            self.names.update(extra)

    def evaluate(self, expression: str) -> Any:
        """Raises StepExpressionError."""
        try:
            return evaluate(expression, self.names)
        except EvaluationError as error:
            raise self._error(error) from error

    def is_true(self, expression: str) -> bool:
        """Raises StepExpressionError if there is no value, or if it is neither true nor false."""
        value = self.evaluate(expression)
        if value is True or value is False:
            return value
        cause = f"`{expression}` is neither true nor false"
        raise StepExpressionError(f"{self._location(expression)}: {cause}", cause=cause)

    def render(self, template: Any) -> Any:
        """Raises StepExpressionError."""
        try:
            return render_template(template, self.names)
        except EvaluationError as error:
            raise self._error(error) from error

    def render_path(self, template: str) -> str:
        """Percent-encodes what expressions insert, so that no value adds a segment or a query.

        Raises StepExpressionError.
        """
        pieces = split_template(template)
        if len(pieces) == 1:
            return as_text(self.render(template))
        return "".join(
            piece if isinstance(piece, str) else quote(as_text(self.evaluate(piece[1])), safe="") for piece in pieces
        )

    def render_duration(self, duration: timedelta | str) -> float:
        """A duration, or a template that gives one, in seconds. Raises StepExpressionError."""
        value = self.render(duration) if isinstance(duration, str) else duration
        try:
            return parse_duration(value).total_seconds()
        except ValueError as error:
            raise StepExpressionError(f"{self._template_location(duration)}: {error}") from error

    def render_time(self, template: str) -> float:
        """Renders a template that gives a date or a date-time. In seconds since 1970. Raises StepExpressionError."""
        value = self.render(template)
        try:
            if isinstance(value, str):
                value = datetime.fromisoformat(value)
            if isinstance(value, date) and not isinstance(value, datetime):
                value = datetime(value.year, value.month, value.day, tzinfo=UTC)
            if isinstance(value, datetime):
                return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            pass
        raise StepExpressionError(
            f"{self._template_location(template)}: `{as_text(value)[:100]}` is not a date and time"
        )

    def _template_location(self, template: timedelta | str) -> str:
        pieces = split_template(template) if isinstance(template, str) else ()
        return self._location(next((piece[1] for piece in pieces if not isinstance(piece, str)), ""))

    def subset(self, names: frozenset[str]) -> dict[str, Any]:
        """The values of these names, for expressions that an activity evaluates."""
        return {name: self.names[name] for name in sorted(names) if name in self.names}

    def _location(self, expression: str) -> str:
        return (
            self.definition.expression_locations.get(expression)
            or f"step {self.definition.workstream}.{self.definition.step}"
        )

    def _error(self, error: EvaluationError) -> StepExpressionError:
        message = str(error)
        return StepExpressionError(
            f"{self._location(error.expression)}: {message}", message.startswith(_MISSING), message
        )


def attempt_timeout(scope: StepScope) -> float:
    """Timeout of one attempt of the step, in seconds. Raises StepExpressionError."""
    written = scope.definition.definition.timeout
    return scope.render_duration(written) if isinstance(written, str) else scope.definition.timeout


def _bindings(run: OrderRun, step: StepRun, definition: PlannedDefinition, pinned: PinnedStep | None) -> dict[str, Any]:
    plan, planned = (run.plan, run.plan.steps[step.position]) if pinned is None else (pinned.plan, pinned.step)
    names: dict[str, Any] = {"order": run.order_variables(plan)}
    lines, planned_definition = plan.step_lines(planned), plan.step_definition(planned)
    if sees_line_list(planned_definition.per):
        names["lines"] = [
            lines_entry_bindings(line, planned_definition.decimal_quantity, planned_definition.workstream)
            for line in lines
        ]
    else:
        names.update(line_bindings(lines[0], planned_definition.decimal_quantity, planned_definition.workstream))
    if planned.reads:
        _add_outputs(run, definition, planned, names, {} if pinned is None else pinned.outputs)
    if step.changing_in_place:
        names["output"] = step.output
    return names


def is_output_visible(step: StepRun) -> bool:
    """Whether later steps see the step's output. They no longer see it after the step is undone."""
    return step.has_output and step.state is not StepState.CANCELLED


def _add_outputs(
    run: OrderRun,
    definition: PlannedDefinition,
    planned: PlannedStep,
    names: dict[str, Any],
    pinned_outputs: Mapping[int, Any],
) -> None:
    for read, positions in zip(definition.reads, planned.reads, strict=True):
        group = names.setdefault(read.root, {})
        if read.root == "workstreams":
            group = group.setdefault(read.workstream, {})
        shown = group.setdefault(read.step, {})
        outputs = [
            pinned_outputs[at] if at in pinned_outputs else run.steps[at].output
            for at in positions
            if at in pinned_outputs or is_output_visible(run.steps[at])
        ]
        if read.is_list:
            shown["outputs"] = outputs
        elif outputs:
            shown["output"] = outputs[0]
