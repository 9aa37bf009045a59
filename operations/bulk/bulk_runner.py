"""One act on many steps or orders: who is meant, and doing it so that a wrong fix does not burn a thousand of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Literal

from operations.errors import SERVER_ERROR, NoWorker, OperationError, ServerUnreachable
from operations.reading.worklists import WorklistItem
from operations.step_views import effective_state
from workflows.contract.order_messages import ActionResult, RefusalCode
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState

WATCH_SECONDS = 10.0
"""Seconds after which a step that was tried again, and has not failed by then, counts as going well."""
POLL_SECONDS = 0.25

BulkOutcome = Literal["done", "already", "refused", "failed_again", "left"]

WRONG_COMMAND_CODES = (RefusalCode.INVALID, SERVER_ERROR)
"""Codes of refusals that say that the command is wrong, rather than that the step has gone on meanwhile."""

UNDER_WAY_STATES = (StepState.PENDING, StepState.READY, StepState.IN_PROGRESS, StepState.FAILED)


@dataclass(frozen=True)
class BulkFilter:
    """Which steps; what is None does not matter."""

    system: str | None = None
    """That the step calls."""
    code: str | None = None
    """Of its failure."""
    product: str | None = None
    """A commercial product of its order."""
    customer: str | None = None
    queue: str | None = None
    since: datetime | None = None
    """It has waited for a person since then, or a shorter time."""
    limit: int | None = None
    """So many, those that have waited longest."""

    @property
    def has_step_criteria(self) -> bool:
        return any(value is not None for value in (self.system, self.code, self.queue))


@dataclass(frozen=True, eq=False)
class BulkTarget:
    """A step, or, without one, a whole order."""

    order_id: str
    step: StepView | None = None

    @property
    def label(self) -> str:
        return f"{self.order_id}, step {self.step.number} ({self.step.id})" if self.step else self.order_id


@dataclass(frozen=True)
class BulkPacing:
    per_second: float = 5.0
    max_failures: int | None = 5
    """So many that fail end it; never are more than that tried and not known to go well. None: no end."""
    watch_seconds: float = WATCH_SECONDS


@dataclass(frozen=True)
class BulkResult:
    """A target may have two: `done`, and later `failed_again`."""

    target: BulkTarget
    outcome: BulkOutcome
    message: str
    code: str | None = None


@dataclass
class BulkSummary:
    """What became of all targets; each is in one list."""

    results: dict[BulkTarget, BulkResult] = field(default_factory=dict)
    stop_reason: str | None = None
    """Why it ended before all were done."""

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
    """Since when the step, or its undo, waits for a person."""
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
        and criteria.queue in (None, step.queue, step.escalated_to)
        and (criteria.since is None or (since is not None and since >= criteria.since))
    )


def select_matching(criteria: BulkFilter, items: Iterable[WorklistItem]) -> list[WorklistItem]:
    """Those that fit, what has waited longest first."""
    fitting = [each for each in items if matches_filter(criteria, each)]
    fitting.sort(key=lambda each: (_timestamp(waiting_since(each.step)), each.order_id, each.step.number))
    return fitting[: criteria.limit]


def _timestamp(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


TargetAction = Callable[[BulkTarget], Awaitable[ActionResult]]
StepProbe = Callable[[BulkTarget], Awaitable[StepView | None]]


class BulkRunner:
    """Does one act to each target in turn. `look`: the step as it is now, for acts that try something again; None: the
    act is over once it is answered."""

    def __init__(
        self,
        action: TargetAction,
        probe: StepProbe | None,
        pacing: BulkPacing,
        actor_name: str,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._action, self._probe, self._pacing, self._actor_name, self._clock = (
            action,
            probe,
            pacing,
            actor_name,
            clock,
        )
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._watched_until: dict[BulkTarget, float] = {}
        """Tried again, and not known yet how it goes → until when that is waited for."""
        self._failure_count = 0
        self.summary = BulkSummary()

    async def run(self, targets: Sequence[BulkTarget]) -> AsyncIterator[BulkResult]:
        """Each result as it is known; `summary` has all of them. Ending the iteration leaves what is not done yet."""
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
        """Somebody has ended it: what has no result yet is left."""
        self.summary.stop_reason = "interrupted"
        for target in targets:
            if target not in self.summary.results:
                self.summary.add(BulkResult(target, "left", "not tried"))

    async def _act_on(self, target: BulkTarget) -> BulkResult | None:
        """None: it is of no use to go on."""
        holder = target.step.holder if target.step else None
        if holder is not None and holder != self._actor_name:
            return BulkResult(target, "left", f"{holder} has it")
        try:
            answer = await self._action(target)
        except (NoWorker, ServerUnreachable) as error:
            self.summary.stop_reason = error.message
            return None
        except OperationError as error:
            self._failure_count += error.code in WRONG_COMMAND_CODES
            return BulkResult(target, "refused", error.message, error.code)
        if self._probe is not None and not answer.already:
            self._watched_until[target] = self._clock() + self._pacing.watch_seconds
        return BulkResult(target, "already" if answer.already else "done", answer.message)

    async def _check_watched(self, remaining: int, *, wait: bool = False) -> AsyncIterator[BulkResult]:
        """Those that have failed again; waits as long as one more could be one too many."""
        while self._watched_until or self._failure_count:
            for target, until in list(self._watched_until.items()):
                result = await self._check_target(target, until)
                if result is not None:
                    self.summary.add(result)
                    yield result
            most = self._pacing.max_failures
            if most is not None and self._failure_count >= most:
                if remaining:
                    self.summary.stop_reason = (
                        f"{self._failure_count} {'has' if self._failure_count == 1 else 'have'} failed"
                    )
                    return
                remaining = 0
            enough = most is None or self._failure_count + len(self._watched_until) < most
            if not self._watched_until or (enough and not wait):
                return
            await self.sleep(POLL_SECONDS)

    async def _check_target(self, target: BulkTarget, until: float) -> BulkResult | None:
        """Its failure; None: it has not failed, or not yet."""
        step = await self._probe_step(target)
        state = effective_state(step) if step is not None else None
        patient = self._clock() < until
        if state in UNDER_WAY_STATES and patient:
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
