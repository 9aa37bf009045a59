"""The registry of Python activities, which steps name with `activity: NAME` (docs/activities.md).

All modules of `activities.custom` are imported; `@step_activity("NAME")` registers a function.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import structlog
from pydantic_core import PydanticSerializationError, to_jsonable_python
from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from activities import custom
from activities.attempts.attempt import Attempt
from activities.attempts.failure import AttemptFailure, definition_error
from activities.calls.response_outcome import MAX_OUTPUT_BYTES
from activity_contract.activity_names import ACTIVITY_NAMES
from activity_contract.calls import CONFIGURATION_ERROR, RESPONSE_TOO_LARGE, TIMEOUT, StepActivity, StepActivityResult
from compiler.catalogue.catalogue import Catalogue, Step
from compiler.source.findings import did_you_mean

logger = structlog.get_logger("activities")

ACTIVITY_FAILED = "activity_failed"
"""Code of a failure for any exception but BusinessFailure."""
StepFunction = Callable[[StepActivity], Any]
"""`async def`, or `def`, which runs in a thread. Returns the step's output: any JSON value."""

_registered: dict[str, Callable[..., Any]] = {}


class BusinessFailure(Exception):
    """A step's function raises it if it is certain that nothing was done. `on_failure` compares `code`.

    `retryable`: whether another attempt may help. If not, the step has no further attempts.
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


def step_activity(name: str) -> Callable[[StepFunction], StepFunction]:
    """Registers a function as `activity: NAME`. It may run more than once with the same `idempotency_key`.

    Raises ValueError if the name is taken, also by an activity of Ordo's own.
    """
    if name in ACTIVITY_NAMES or name in _registered:
        raise ValueError(f"there already is an activity {name}; choose another name")

    def register(function: StepFunction) -> StepFunction:
        async def run(step: StepActivity) -> StepActivityResult:
            return await run_step(function, step)

        run.__doc__ = function.__doc__
        _registered[name] = activity.defn(name=name)(run)
        return function

    return register


def registered_activities() -> dict[str, Callable[..., Any]]:
    """Every Python activity by its name, as Temporal runs it: StepActivity → StepActivityResult."""
    for module in pkgutil.iter_modules(custom.__path__, f"{custom.__name__}."):
        importlib.import_module(module.name)
    return dict(_registered)


async def run_step(function: StepFunction, step: StepActivity) -> StepActivityResult:
    """An attempt of a step's activity, done by `function`."""
    attempt = Attempt(step)
    try:
        with attempt.heartbeats():
            output = _to_json_output(await _call_function(function, step), step)
    except AttemptFailure as failure:
        raise attempt.record_failure(failure) from None
    attempt.record_success()
    return StepActivityResult(output=output, attempts=attempt.number)


@activity.defn(dynamic=True)
async def fail_unregistered(arguments: Sequence[RawValue]) -> StepActivityResult:
    """Runs in place of a step's activity that this worker lacks.

    Another worker may have it, so the step is tried again as its policy says, and then fails like any other step.
    Without this, Temporal would try it again for ever.
    """
    name = activity.info().activity_type
    try:
        step: StepActivity = activity.payload_converter().from_payload(arguments[0].payload, StepActivity)
    except (IndexError, ValueError):  # not of a step: an activity of another version of the engine
        raise ApplicationError(
            f"Activity function {name} is not registered on this worker", type="NotFoundError"
        ) from None
    message = f"this worker has no activity `{name}`: no module of activities/custom registered it at its start"
    raise Attempt(step).record_failure(AttemptFailure(CONFIGURATION_ERROR, message))


async def _call_function(function: StepFunction, step: StepActivity) -> Any:
    """The function's result. Raises AttemptFailure for any error in it."""
    try:
        async with asyncio.timeout(step.timeout) as limit:
            if inspect.iscoroutinefunction(function):
                return await function(step)
            return await asyncio.to_thread(function, step)
    except BusinessFailure as failure:
        raise AttemptFailure(failure.code, str(failure), retryable=failure.retryable) from None
    except Exception as error:
        if isinstance(error, TimeoutError) and limit.expired():
            raise AttemptFailure(TIMEOUT, f"not done within {step.timeout:g} s", outcome_known=False) from None
        logger.exception("a step's function failed", order_id=step.order_id, step_id=step.step_id)
        message = f"{type(error).__name__}: {error}"
        raise AttemptFailure(ACTIVITY_FAILED, message, outcome_known=False) from None


def _to_json_output(value: Any, step: StepActivity) -> Any:
    try:
        output = to_jsonable_python(value)
        size = len(json.dumps(output).encode())
    except (PydanticSerializationError, TypeError, ValueError, RecursionError):
        message = f"the activity of step {step.step_id} did not return a JSON value"
        raise definition_error(message, outcome_known=False) from None
    if size > MAX_OUTPUT_BYTES:
        message = f"the activity returned {size // 1024} KiB; at most {MAX_OUTPUT_BYTES // 1024} are allowed"
        raise AttemptFailure(RESPONSE_TOO_LARGE, message, retryable=False, outcome_known=False)
    return output


def activity_check(known: Collection[str]) -> Callable[[Catalogue], list[str]]:
    """A check of catalogues for a worker whose activities are `known`.

    They are those of its start: a module that is added later registers nothing with a worker that already runs.
    """
    return lambda catalogue: list(_unknown_activities(catalogue, known))


def _unknown_activities(catalogue: Catalogue, known: Collection[str]) -> Iterator[str]:
    """A message with its location for each activity that steps name and the worker lacks."""
    for workstream in catalogue.workstreams.values():
        for step in workstream.steps.values():
            for name in _activity_names(step):
                if name not in known:
                    hint = did_you_mean(name, known) or "; if it is new, restart the worker"
                    yield (
                        f"{step.location}: step {step.reference} names the activity `{name}`, which no module of "
                        f"activities/custom had registered when the worker started{hint}"
                    )


def _activity_names(step: Step) -> Iterator[str]:
    definition = step.definition
    for name in (definition.activity, definition.undo.activity if definition.undo else None):
        if name is not None:
            yield name
