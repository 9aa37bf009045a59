"""Runs one action on many steps or orders, and stops before a wrong fix has failed on all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Literal

from operations.errors import SERVER_ERROR, NoWorker, OperationError, ServerUnreachable
from workflows.contract.order_messages import ActionResult, RefusalCode
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState
from workflows.contract.step_facts import effective_state
from workflows.contract.worklists import WorklistItem, is_in_queue

WATCH_SECONDS = 10.0
"""Seconds after which a retried step counts as a success, unless it has failed by then."""
POLL_SECONDS = 0.25

BulkOutcome = Literal["done", "already", "refused", "failed_again", "left"]

WRONG_COMMAND_CODES = (RefusalCode.INVALID, SERVER_ERROR)
"""Codes of refusals that blame the command. Other refusals mean that the step has changed in the meantime."""

UNDER_WAY_STATES = (StepState.PENDING, StepState.READY, StepState.IN_PROGRESS, StepState.FAILED)


@dataclass(frozen=True)
class BulkFilter:
    """Selects steps or orders. If a criterion is None, it does not matter."""

    system: str | None = None
    """The system that the step calls."""
    code: str | None = None
    """The code of its failure."""
    product: str | None = None
    """A commercial product of its order."""
    customer: str | None = None
    queue: str | None = None
    since: datetime | None = None
    """Selects steps that began to wait for a person at this moment or later."""
    limit: int | None = None
    """At most this many targets. Those that have waited longest come first."""

    @property
    def has_step_criteria(self) -> bool:
        return any(value is not None for value in (self.system, self.code, self.queue))


@dataclass(frozen=True, eq=False)
class BulkTarget:
    """A step, or a whole order."""

    order_id: str
    step: StepView | None = None

    @property
    def label(self) -> str:
        return f"{self.order_id}, step {self.step.number} ({self.step.id})" if self.step else self.order_id


@dataclass(frozen=True)
class BulkPacing:
    per_second: float = 5.0
    max_failures: int | None = 5
    """The run stops after this many failures. None means no limit. The targets that have failed, together with those
    whose outcome is not known yet, never exceed it."""
    watch_seconds: float = WATCH_SECONDS


@dataclass(frozen=True)
class BulkResult:
    """A target may have two results: `done`, and later `failed_again`."""

    target: BulkTarget
    outcome: BulkOutcome
    message: str
    code: str | None = None


@dataclass
class BulkSummary:
    """The last result of every target."""

    results: dict[BulkTarget, BulkResult] = field(default_factory=dict)
    stop_reason: str | None = None
    """Why the run ended before all targets were done."""

    def add(self, result: BulkResult) -> None:
        self.results[result.target] = result

    def with_outcome(self, outcome: BulkOutcome) -> list[BulkResult]:
        return [result for result in self.results.values() if result.outcome == outcome]

    @property
    def is_success(self) -> bool:
        return self.stop_reason is None and all(
            result.outcome in ("done", "already") for result in self.results.values()
        )


def waiting_since(step: StepView) -> datetime | None:
    """When the step or its undo began to wait for a person."""
    for error in (step.undo.error if step.undo else None, step.error):
        if error is not None and error.at is not None:
            return error.at
    return step.started_at


def error_code(step: StepView) -> str | None:
    undo = step.undo.error if step.undo else None
    error = undo or step.error
    return error.code if error else None


def matches_filter(criteria: BulkFilter, item: WorklistItem) -> bool:
    step = item.step
    since = waiting_since(step)
    return (
        criteria.system in (None, step.system)
        and criteria.code in (None, error_code(step))
        and (criteria.product is None or criteria.product in item.products)
        and criteria.customer in (None, item.customer_id)
        and (criteria.queue is None or is_in_queue(step, criteria.queue))
        and (criteria.since is None or (since is not None and since >= criteria.since))
    )


def select_matching(criteria: BulkFilter, items: Iterable[WorklistItem]) -> list[WorklistItem]:
    """The items that match. Those that have waited longest come first."""
    matching = [item for item in items if matches_filter(criteria, item)]
    matching.sort(key=lambda item: (_timestamp(waiting_since(item.step)), item.order_id, item.step.number))
    return matching[: criteria.limit]


def _timestamp(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


TargetAction = Callable[[BulkTarget], Awaitable[ActionResult]]
StepProbe = Callable[[BulkTarget], Awaitable[StepView | None]]


class BulkRunner:
    """Performs one action on each target in turn.

    `probe` reads a step's present state, because the step may fail again after the action. If it is None, the action's
    result is final. `actor_name` is who acts. Steps that somebody else holds are left alone, unless it is None.
    """

    def __init__(
        self,
        action: TargetAction,
        probe: StepProbe | None,
        pacing: BulkPacing,
        actor_name: str | None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._action, self._probe, self._pacing = action, probe, pacing
        self._actor_name, self._clock = actor_name, clock
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._watched_until: dict[BulkTarget, float] = {}
        """Targets whose outcome is not known yet → when to stop watching them."""
        self._failure_count = 0
        self.summary = BulkSummary()

    async def run(self, targets: Sequence[BulkTarget]) -> AsyncIterator[BulkResult]:
        """Yields each result as soon as it is known. `summary` has all results. If the iterator is closed, the other
        targets are left alone."""
        left = list(targets)
        next_at = self._clock()
        while left:
            async for failed in self._check_watched(len(left)):
                yield failed
            if self.summary.stop_reason:
                break
            await self.sleep(max(0.0, next_at - self._clock()))
            next_at = max(next_at, self._clock() - 1.0) + 1.0 / self._pacing.per_second
            result = await self._act_on(left[0])
            if result is None:
                break
            left.pop(0)
            self.summary.add(result)
            yield result
        while self._watched_until:
            async for failed in self._check_watched(0, wait=True):
                yield failed
        for target in left:
            result = BulkResult(target, "left", "not tried")
            self.summary.add(result)
            yield result

    def interrupt(self, targets: Sequence[BulkTarget]) -> None:
        """The run was interrupted: targets without a result are left."""
        self.summary.stop_reason = "interrupted"
        for target in targets:
            if target not in self.summary.results:
                self.summary.add(BulkResult(target, "left", "not tried"))

    async def _act_on(self, target: BulkTarget) -> BulkResult | None:
        """Returns None if the run should not continue."""
        holder = target.step.holder if target.step else None
        if self._actor_name is not None and holder not in (None, self._actor_name):
            return BulkResult(target, "left", f"{holder} holds it")
        try:
            result = await self._action(target)
        except (NoWorker, ServerUnreachable) as error:
            self.summary.stop_reason = error.message
            return None
        except OperationError as error:
            self._failure_count += error.code in WRONG_COMMAND_CODES
            return BulkResult(target, "refused", error.message, error.code)
        if self._probe is not None and not result.already:
            self._watched_until[target] = self._clock() + self._pacing.watch_seconds
        return BulkResult(target, "already" if result.already else "done", result.message)

    async def _check_watched(self, remaining: int, *, wait: bool = False) -> AsyncIterator[BulkResult]:
        """Yields targets that have failed again. Waits while one more failure could exceed the limit. With `wait`, it
        waits until every outcome is known."""
        while self._watched_until or self._failure_count:
            for target, until in list(self._watched_until.items()):
                result = await self._check_target(target, until)
                if result is not None:
                    self.summary.add(result)
                    yield result
            limit = self._pacing.max_failures
            if limit is not None and self._failure_count >= limit:
                if remaining:
                    verb = "has" if self._failure_count == 1 else "have"
                    self.summary.stop_reason = f"{self._failure_count} {verb} failed"
                    return
                remaining = 0
            may_continue = limit is None or self._failure_count + len(self._watched_until) < limit
            if not self._watched_until or (may_continue and not wait):
                return
            await self.sleep(POLL_SECONDS)

    async def _check_target(self, target: BulkTarget, until: float) -> BulkResult | None:
        """Returns the target's failure. None if it has not failed, or has not failed yet."""
        step = await self._probe_step(target)
        state = effective_state(step) if step is not None else None
        if state in UNDER_WAY_STATES and self._clock() < until:
            return None
        del self._watched_until[target]
        if step is None or state not in (StepState.FATALLY_FAILED, StepState.FAILED):
            return None
        self._failure_count += 1
        error = (step.undo.error if step.undo and step.undo.error else None) or step.error
        return BulkResult(
            target, "failed_again", error.message if error else "failed again", error.code if error else None
        )

    async def _probe_step(self, target: BulkTarget) -> StepView | None:
        if self._probe is None:
            return None
        try:
            return await self._probe(target)
        except OperationError:
            return None
