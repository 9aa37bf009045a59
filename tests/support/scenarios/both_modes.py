"""What the record of a scenario on the server has that the one on the core has not, and the other way round."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from scenarios.record import Record
from scenarios.verdict import ScenarioResult

CALLBACK = re.compile(r"https?://[^\s\"']+/callbacks/[^\s\"']+")
COUNTED = re.compile(r"\b([A-Z]{1,4})-\d+\b")
"""An id that a pretend system has counted: of calls at the same moment, either may get the first one."""
RUN_ID = re.compile(r"/rejected/\w+$")
"""In the id of the one event of a rejected order."""
DECIMALS = 1
"""Of seconds."""


def differences(core: ScenarioResult, server: ScenarioResult) -> list[str]:
    """Of verdicts, states, calls, events, notifications, beginnings and moments; empty if there are none."""
    found = []
    for name, lines in (("core", [*_all_lines(core)]), ("server", [*_all_lines(server)])):
        other = Counter(_all_lines(server if name == "core" else core))
        found += [f"only on the {name}: {line}" for line in (Counter(lines) - other).elements()]
    return found


def _all_lines(result: ScenarioResult) -> Iterator[str]:
    return (_plain(line) for line in _lines(result))


def _plain(line: str) -> str:
    return COUNTED.sub(r"\1-n", CALLBACK.sub("(callback)", line))


def _lines(result: ScenarioResult) -> Iterator[str]:
    record = result.record
    for failure in result.failures:
        yield f"failure {failure.location.line}:{failure.location.column}: {failure.message}"
    yield from _states(record)
    yield from _calls(record)
    for begin in record.begins:
        yield f"{round(begin.at, DECIMALS)} begins {begin.step}{' undo' if begin.undo else ''}"
    for event in record.events:
        yield f"{round(event.at, DECIMALS)} tells {event.type} {event.step} {','.join(event.receivers)}"
    for each in record.notifications:
        envelope = {**each.event, "id": RUN_ID.sub("/rejected/(run)", str(each.event["id"]))}
        yield f"{round(each.at, DECIMALS)} to {each.receiver} after {each.attempts} attempts: {_text(envelope)}"
    for position, snapshot in record.moments.items():
        states = [(step.id, step.state.value) for step in snapshot.steps]
        yield f"moment {position} {round(snapshot.at, DECIMALS)} {snapshot.order.state.value} {sorted(states)}"


def _states(record: Record) -> Iterator[str]:
    if record.rejected is not None:
        yield f"rejected {sorted(finding.code for finding in record.rejected)}"
    if record.final is None:
        return
    yield f"order {record.final.order.state.value} took {round(record.took, DECIMALS)}"
    for step in record.final.steps:
        error = step.error.code if step.error else None
        undo = f" undo={step.undo.state}" if step.undo else ""
        yield (
            f"step {step.id} {step.state.value}{undo} attempts={step.attempts} error={error} "
            f"output={_text(step.output)}"
        )


def _calls(record: Record) -> Iterator[str]:
    for call in record.calls:
        yield (
            f"{round(call.at, DECIMALS)} {call.key} {call.effect} poll={call.is_poll} {call.system} {call.method} "
            f"{call.path} {_text(call.query)} {_text(call.body)} {call.outcome}"
        )


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
