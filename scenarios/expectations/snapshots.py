"""Compares the order, its lines and its steps at a moment, or at the end, with what is expected of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from compiler.language.scenario_expectations import LineExpectation, StepExpectation
from compiler.source.document import KeyPath
from scenarios.expectations.checklist import Checklist, near
from scenarios.record import Snapshot
from scenarios.step_references import instances
from workflows.contract.order_views import LineView, StepView


def check_lines(
    checklist: Checklist,
    path: KeyPath,
    expected: Mapping[str, LineExpectation],
    snapshot: Snapshot,
    at: float | None = None,
) -> None:
    lines = {line.id: line for line in (*snapshot.order.order_lines, *snapshot.order.lines)}
    for name, one in expected.items():
        line, place = lines.get(name), (*path, "lines", name)
        if line is None:
            if one.state != "absent":
                known = near(name, lines) or f"; it has {', '.join(list(lines)[:8])}"
                checklist.fail(
                    place, f"the order has no line {name}{known}", one.state or "a line", "no line", key=True
                )
        elif one.state == "absent":
            checklist.fail(
                place, f"line {name} is {line.state.value}, and is not expected to be there", "absent", "there"
            )
        else:
            _check_line(checklist, place, one, line, at)


def _check_line(
    checklist: Checklist, path: KeyPath, expected: LineExpectation, line: LineView, at: float | None
) -> None:
    subject = f"line {line.id}"
    checklist.equal(_inner(checklist, path, "state"), subject, expected.state, line.state.value, at=at)
    checklist.equal((*path, "product"), f"{subject}: its product", expected.product, line.product, at=at)
    checklist.equal((*path, "quantity"), f"{subject}: its quantity", expected.quantity, line.quantity, at=at)
    checklist.equal((*path, "action"), f"{subject}: its action", expected.action, line.action, at=at)
    checklist.equal((*path, "jeopardy"), f"{subject}: it", expected.jeopardy, line.jeopardy.value, at=at)
    if expected.attributes is not None:
        checklist.partial((*path, "attributes"), f"{subject}: attributes", expected.attributes, line.attributes, at=at)


def check_steps(
    checklist: Checklist,
    path: KeyPath,
    expected: Mapping[str, StepExpectation],
    snapshot: Snapshot,
    at: float | None = None,
) -> None:
    steps = {step.id: step for step in snapshot.steps}
    for name, one in expected.items():
        place, found = (*path, "steps", name), instances(name, steps)
        if one.instances is not None and one.instances != len(found):
            count = "1 instance" if len(found) == 1 else f"{len(found)} instances"
            message = f"{name} has {count}, not {one.instances}"
            checklist.fail((*place, "instances"), message, one.instances, len(found))
        if one.state == "absent":
            if found:
                message = f"the plan has {', '.join(found)}, which is not expected to be there"
                checklist.fail(place, message, "absent", steps[found[0]].state.value, step=found[0])
            continue
        if not found and one.instances != 0:
            hint = near(name, [*steps, *(id_.partition("@")[0] for id_ in steps)])
            checklist.fail(place, f"the plan has no step {name}{hint}", one.state or "a step", "no such step", key=True)
        for step_id in found:
            check_step(checklist, place, one, steps[step_id], snapshot, at)


def check_step(
    checklist: Checklist,
    path: KeyPath,
    expected: StepExpectation,
    step: StepView,
    snapshot: Snapshot,
    at: float | None,
) -> None:
    def equal(key: str, wanted: Any, actual: Any, what: str = "") -> None:
        place = _inner(checklist, path, key) if key == "state" else (*path, key)
        checklist.equal(place, f"{step.id}{what}", wanted, actual, at=at, step=step.id)

    error = step.undo.error if step.undo and step.undo.error else step.error
    equal("state", expected.state, step.state.value)
    equal("attempts", expected.attempts, step.attempts, ": the number of its attempts")
    equal("error", None if expected.error is None else str(expected.error), error and error.code, ": its error")
    equal("undo", expected.undo, step.undo.state if step.undo else "none", ": its undo")
    equal("queue", expected.queue, step.queue, ": its queue")
    equal("holder", expected.holder, step.holder, ": its holder")
    equal("jeopardy", expected.jeopardy, step.jeopardy.value, " by its sla")
    if "output" in expected.model_fields_set:
        checklist.partial((*path, "output"), f"{step.id}: output", expected.output, step.output, at=at, step=step.id)
    if expected.waits_for is not None and expected.waits_for not in (step.waits_for or ""):
        waits = step.waits_for or "nothing"
        message = f"{step.id} waits for {waits}, not for {expected.waits_for}"
        checklist.fail((*path, "waits_for"), message, expected.waits_for, waits, at=at, step=step.id)
    started, ended = _since(snapshot, step.started_at), _since(snapshot, step.ended_at)
    checklist.in_range((*path, "started"), f"{step.id} started", expected.started, started, step=step.id)
    checklist.in_range((*path, "ended"), f"{step.id} ended", expected.ended, ended, step=step.id)


def _inner(checklist: Checklist, path: KeyPath, key: str) -> KeyPath:
    """The place of a state, which may be written without the mapping around it."""
    return (*path, key) if checklist.is_mapping(path) else path


def _since(snapshot: Snapshot, moment: datetime | None) -> float | None:
    return None if moment is None else (moment - snapshot.order.started_at).total_seconds()
