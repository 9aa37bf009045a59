"""What a step's expressions see, and their values; a mistake is told with the expression's file, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from compiler.cel import evaluation
from compiler.language.durations import parse_duration
from compiler.plan.bindings import line_bindings, listed_line, serves_several
from compiler.plan.plan import PlannedDefinition, PlannedStep
from workflows.contract.states import StepState
from workflows.core.state.amendment_state import Sight
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

_MISSING = "there is no"


class NoValue(Exception):
    """An expression of a step has no value. The message is for people and names the place."""

    def __init__(self, message: str, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing
        """Something that the expression reads is not there (yet)."""


class Scope:
    """The names that the expressions of one step see; each is put together when it is asked for."""

    __slots__ = ("_names", "definition", "run", "step")

    def __init__(
        self, run: OrderRun, step: StepRun, further: Mapping[str, Any] | None = None, *, current: bool = False
    ) -> None:
        """`current`: as the order is now, also where the step began before an amendment."""
        self.run = run
        self.step = step
        sight = None if current else run.revisions.sights.get(step.position)
        self.definition: PlannedDefinition = run.planned_definition(step) if sight is None else sight.definition
        self._names = _bindings_of(run, step, self.definition, sight)
        if further:
            self._names.update(further)

    @property
    def names(self) -> Mapping[str, Any]:
        return self._names

    def evaluate(self, expression: str) -> Any:
        """Raises NoValue."""
        try:
            return evaluation.evaluate(expression, self._names)
        except evaluation.EvaluationError as error:
            raise self._no_value(error) from error

    def holds(self, expression: str) -> bool:
        """Raises NoValue, also where the value is neither true nor false."""
        value = self.evaluate(expression)
        if value is True or value is False:
            return value
        raise NoValue(f"{self._place(expression)}: `{expression}` is neither true nor false")

    def render(self, template: Any) -> Any:
        """Raises NoValue."""
        try:
            return evaluation.render(template, self._names)
        except evaluation.EvaluationError as error:
            raise self._no_value(error) from error

    def path(self, template: str) -> str:
        """A path; what expressions put into it is percent-encoded, so that no value adds a segment or a query."""
        pieces = evaluation.split_template(template)
        if len(pieces) == 1:
            return evaluation.as_text(self.render(template))
        return "".join(
            piece if isinstance(piece, str) else quote(evaluation.as_text(self.evaluate(piece[1])), safe="")
            for piece in pieces
        )

    def seconds(self, duration: timedelta | str) -> float:
        """A duration, or a template of one. Raises NoValue."""
        value = self.render(duration) if isinstance(duration, str) else duration
        try:
            return parse_duration(value).total_seconds()
        except ValueError as error:
            raise NoValue(f"{self._place_of(duration)}: {error}") from error

    def moment(self, template: str) -> float:
        """A date-time, or a template of one, as seconds since 1970. Raises NoValue."""
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
        raise NoValue(f"{self._place_of(template)}: `{evaluation.as_text(value)[:100]}` is no date and time")

    def _place_of(self, template: timedelta | str) -> str:
        pieces = evaluation.split_template(template) if isinstance(template, str) else ()
        return self._place(next((piece[1] for piece in pieces if not isinstance(piece, str)), ""))

    def only(self, names: frozenset[str]) -> dict[str, Any]:
        """The bindings of these names, for expressions that are judged elsewhere."""
        return {name: self._names[name] for name in sorted(names) if name in self._names}

    def _place(self, expression: str) -> str:
        return self.definition.places.get(expression) or f"step {self.definition.workstream}.{self.definition.step}"

    def _no_value(self, error: evaluation.EvaluationError) -> NoValue:
        message = str(error)
        return NoValue(f"{self._place(error.expression)}: {message}", message.startswith(_MISSING))


def timeout_of(scope: Scope) -> float:
    """Seconds for one attempt of the step. Raises NoValue."""
    written = scope.definition.definition.timeout
    return scope.seconds(written) if isinstance(written, str) else scope.definition.timeout


def _bindings_of(run: OrderRun, step: StepRun, definition: PlannedDefinition, sight: Sight | None) -> dict[str, Any]:
    plan, planned = (run.plan, run.plan.steps[step.position]) if sight is None else (sight.plan, sight.step)
    names: dict[str, Any] = {"order": run.order_names(plan)}
    lines = plan.lines_of(planned)
    if serves_several(plan.definition_of(planned).per):
        names["lines"] = [listed_line(line) for line in lines]
    else:
        names.update(line_bindings(lines[0]))
    if planned.reads:
        _add_outputs(run, definition, planned, names, {} if sight is None else sight.outputs)
    if step.patching:
        names["output"] = step.output
    return names


def is_seen(step: StepRun) -> bool:
    """Whether later steps see what it put out: not what has been taken back since."""
    return step.has_output and step.state is not StepState.CANCELLED


def _add_outputs(
    run: OrderRun,
    definition: PlannedDefinition,
    planned: PlannedStep,
    names: dict[str, Any],
    remembered: Mapping[int, Any],
) -> None:
    for read, positions in zip(definition.reads, planned.reads, strict=True):
        known = names.setdefault(read.name, {})
        if read.name == "workstreams":
            known = known.setdefault(read.workstream, {})
        shown = known.setdefault(read.step, {})
        if remembered:
            outputs = [
                remembered.get(at, run.steps[at].output)
                for at in positions
                if at in remembered or is_seen(run.steps[at])
            ]
        else:
            outputs = [step.output for step in (run.steps[position] for position in positions) if is_seen(step)]
        if read.many:
            shown["outputs"] = outputs
        elif outputs:
            shown["output"] = outputs[0]
