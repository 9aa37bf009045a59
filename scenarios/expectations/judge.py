"""The verdict about what happened in a scenario."""

from __future__ import annotations

from compiler.language.scenario_expectations import MomentExpectation, RejectedOrder
from compiler.source.document import KeyPath
from scenarios.expectations.calls import check_calls
from scenarios.expectations.checklist import Checklist, show_time
from scenarios.expectations.events import check_events, check_notifications
from scenarios.expectations.open_work import open_work
from scenarios.expectations.sequence import check_sequence
from scenarios.expectations.snapshots import check_lines, check_steps
from scenarios.record import Record, Snapshot
from scenarios.scenario_order import ScenarioEntry
from scenarios.verdict import Failure


def judge_record(entry: ScenarioEntry, record: Record) -> list[Failure]:
    """What does not hold, sorted by place."""
    checklist = Checklist(entry)
    for problem in record.problems:
        checklist.fail(problem.path, problem.message, at=problem.at, location=problem.location)
    if record.final is None and record.rejected is None:
        return checklist.failures
    expect = entry.model.expect
    _check_outcome(checklist, entry, record)
    if record.rejected is not None and not _expects_rejection(entry):
        return checklist.failures  # all that follows from it would only hide it
    if expect.warnings is not None:
        found = sorted({finding.code for finding in record.warnings})
        wanted = sorted(set(expect.warnings))
        if wanted != found:
            message = f"the order is warned of {', '.join(found) or 'nothing'}, not {', '.join(wanted) or 'nothing'}"
            checklist.fail(("expect", "warnings"), message, ", ".join(wanted), ", ".join(found))
    check_calls(checklist, expect.calls, record.calls)
    check_events(checklist, expect.events, record.events)
    check_notifications(checklist, expect.notifications, record.notifications)
    check_sequence(checklist, expect.sequence, record.begins)
    if record.final is None:
        for key in sorted(expect.model_fields_set & _OF_A_RUN):
            checklist.fail(("expect", key), "this cannot be: the order is rejected, so nothing runs", key=True)
    else:
        check_lines(checklist, ("expect",), expect.lines, record.final)
        check_steps(checklist, ("expect",), expect.steps, record.final)
        checklist.in_range(("expect", "took"), "it was over", expect.took, record.took)
        for position, moment in enumerate(expect.moments):
            _check_moment(checklist, position, moment, record.moments.get(position))
    return sorted(checklist.failures, key=lambda failure: (failure.location.line, failure.location.column))


_OF_A_RUN = frozenset({"lines", "steps", "took", "moments"})
"""What only an order has that is accepted."""


def _expects_rejection(entry: ScenarioEntry) -> bool:
    expected = entry.model.expect.order
    return isinstance(expected, RejectedOrder) or expected == "rejected"


def _check_outcome(checklist: Checklist, entry: ScenarioEntry, record: Record) -> None:
    expected = entry.model.expect.order
    path: KeyPath = ("expect", "order")
    if record.rejected is not None:
        codes = sorted({finding.code for finding in record.rejected})
        reasons = "; ".join(finding.message for finding in record.rejected[:3])
        if isinstance(expected, RejectedOrder):
            wanted = sorted(set(expected.rejected))
            if wanted != codes:
                given = ", ".join(wanted), ", ".join(codes)
                message = f"the order is rejected with {given[1]}, not {given[0]}: {reasons}"
                checklist.fail((*path, "rejected"), message, *given, at=0.0)
        elif expected != "rejected":
            place = path if expected is not None else ("order",)
            message = f"the order is rejected: {reasons} ({', '.join(codes)})"
            checklist.fail(place, message, expected or "accepted", "rejected", at=0.0)
        return
    state = record.final.order.state.value if record.final is not None else "nothing"
    if isinstance(expected, RejectedOrder):
        rejected = f"rejected ({', '.join(expected.rejected)})"
        checklist.fail(path, f"the order is not rejected: it is {state}", rejected, state)
    elif expected is not None and expected != state:
        message = f"the order is {state}, not {expected}{_why_open(record)}"
        checklist.fail(path, message, expected, state, at=record.took)
    elif expected is None and record.stopped:
        checklist.fail(("expect",), f"the scenario was stopped: {record.stopped}", key=True, at=record.took)


def _why_open(record: Record) -> str:
    """What the order waits for, if it has not ended."""
    final = record.final
    if record.stopped:
        return f": {record.stopped}"
    if final is None or final.order.ended_at is not None:
        return ""
    work = open_work(final.steps)
    return f": {work}" if work else ""


def _check_moment(checklist: Checklist, position: int, moment: MomentExpectation, snapshot: Snapshot | None) -> None:
    path: KeyPath = ("expect", "moments", position)
    if snapshot is None:
        reason = f"{moment.when.step} was never {moment.when.state}" if moment.when else "the scenario was over before"
        checklist.fail(path, f"this moment has not come: {reason}")
        return
    at, order = snapshot.at, snapshot.order
    when = f"after {show_time(at)}, "
    checklist.equal((*path, "order"), f"{when}the order", moment.order, order.state.value, at=at)
    checklist.equal((*path, "jeopardy"), f"{when}the order", moment.jeopardy, order.jeopardy.value, at=at)
    checklist.equal((*path, "fallout"), f"{when}the number of steps in fallout", moment.fallout, order.fallout, at=at)
    checklist.equal((*path, "tasks"), f"{when}the number of tasks", moment.tasks, order.open_tasks, at=at)
    check_lines(checklist, path, moment.lines, snapshot, at)
    check_steps(checklist, path, moment.steps, snapshot, at)
    forecast = None if order.forecast is None else (order.forecast - order.started_at).total_seconds()
    checklist.in_range((*path, "forecast"), f"{when}the order will end", moment.forecast, forecast, at=at)
