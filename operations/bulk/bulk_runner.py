"""One act on many steps or orders: who is meant, and doing it so that a wrong fix does not burn a thousand of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Literal

from operations.blockers.step_blocker import work_state
from operations.errors import SERVER_ERROR, NoWorker, OperationError, ServerUnreachable
from operations.reading.read_order import StepOfOrder
from workflows.contract.order_messages import ActAnswer, Refusal
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState

PATIENCE = 10.0
"""Seconds after which a step that was tried again, and has not failed by then, counts as going well."""
LOOK_EVERY = 0.25

Outcome = Literal["done", "already", "refused", "failed_again", "left"]

WRONG = (Refusal.INVALID, SERVER_ERROR)
"""Codes of refusals that say that the command is wrong, rather than that the step has gone on meanwhile."""

UNDER_WAY = (StepState.PENDING, StepState.READY, StepState.IN_PROGRESS, StepState.FAILED)


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
    def names_steps(self) -> bool:
        return any(value is not None for value in (self.system, self.code, self.queue))


@dataclass(frozen=True, eq=False)
class Target:
    """A step, or, without one, a whole order."""

    order_id: str
    step: StepView | None = None

    @property
    def named(self) -> str:
        return f"{self.order_id}, step {self.step.number} ({self.step.id})" if self.step else self.order_id


@dataclass(frozen=True)
class Pace:
    per_second: float = 5.0
    stop_after: int | None = 5
    """So many that fail end it; never are more than that tried and not known to go well. None: no end."""
    patience: float = PATIENCE


@dataclass(frozen=True)
class Result:
    """A target may have two: `done`, and later `failed_again`."""

    target: Target
    outcome: Outcome
    message: str
    code: str | None = None


@dataclass
class Summary:
    """What became of all targets; each is in one list."""

    results: dict[Target, Result] = field(default_factory=dict)
    stopped: str | None = None
    """Why it ended before all were done."""

    def add(self, result: Result) -> None:
        self.results[result.target] = result

    def of(self, outcome: Outcome) -> list[Result]:
        return [result for result in self.results.values() if result.outcome == outcome]

    @property
    def well(self) -> bool:
        return self.stopped is None and all(result.outcome in ("done", "already") for result in self.results.values())


def waits_since(step: StepView) -> datetime | None:
    """Since when the step, or its undo, waits for a person."""
    for error in (step.undo.error if step.undo else None, step.error):
        if error is not None and error.at is not None:
            return error.at
    return step.started_at


def code_of(step: StepView) -> str | None:
    undo = step.undo.error if step.undo else None
    error = undo or step.error
    return error.code if error else None


def fits(wanted: BulkFilter, found: StepOfOrder) -> bool:
    step = found.step
    since = waits_since(step)
    return (
        wanted.system in (None, step.system)
        and wanted.code in (None, code_of(step))
        and (wanted.product is None or wanted.product in found.products)
        and wanted.customer in (None, found.customer_id)
        and wanted.queue in (None, step.queue, step.escalated_to)
        and (wanted.since is None or (since is not None and since >= wanted.since))
    )


def chosen(wanted: BulkFilter, found: Iterable[StepOfOrder]) -> list[StepOfOrder]:
    """Those that fit, what has waited longest first."""
    fitting = [each for each in found if fits(wanted, each)]
    fitting.sort(key=lambda each: (_seconds(waits_since(each.step)), each.order_id, each.step.number))
    return fitting[: wanted.limit]


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


Doing = Callable[[Target], Awaitable[ActAnswer]]
Looking = Callable[[Target], Awaitable[StepView | None]]


class Runner:
    """Does one act to each target in turn. `look`: the step as it is now, for acts that try something again; None: the
    act is over once it is answered."""

    def __init__(
        self, do: Doing, look: Looking | None, pace: Pace, by: str, now: Callable[[], float] = monotonic
    ) -> None:
        self._do, self._look, self._pace, self._by, self._now = do, look, pace, by, now
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._trying: dict[Target, float] = {}
        """Tried again, and not known yet how it goes → until when that is waited for."""
        self._failed = 0
        self.summary = Summary()

    async def run(self, targets: Sequence[Target]) -> AsyncIterator[Result]:
        """Each result as it is known; `summary` has all of them. Ending the iteration leaves what is not done yet."""
        left = list(targets)
        next_at = self._now()
        while left:
            async for failed in self._looked_at(len(left)):
                yield failed
            if self.summary.stopped:
                break
            await self.sleep(max(0.0, next_at - self._now()))
            next_at = max(next_at, self._now() - 1.0) + 1.0 / self._pace.per_second
            result = await self._done_to(left[0])
            if result is None:
                break
            left.pop(0)
            self.summary.add(result)
            yield result
        while self._trying:
            async for failed in self._looked_at(0, wait=True):
                yield failed
        for target in left:
            result = Result(target, "left", "not tried")
            self.summary.add(result)
            yield result

    def interrupt(self, targets: Sequence[Target]) -> None:
        """Somebody has ended it: what has no result yet is left."""
        self.summary.stopped = "interrupted"
        for target in targets:
            if target not in self.summary.results:
                self.summary.add(Result(target, "left", "not tried"))

    async def _done_to(self, target: Target) -> Result | None:
        """None: it is of no use to go on."""
        holder = target.step.holder if target.step else None
        if holder is not None and holder != self._by:
            return Result(target, "left", f"{holder} has it")
        try:
            answer = await self._do(target)
        except (NoWorker, ServerUnreachable) as error:
            self.summary.stopped = error.message
            return None
        except OperationError as error:
            self._failed += error.code in WRONG
            return Result(target, "refused", error.message, error.code)
        if self._look is not None and not answer.already:
            self._trying[target] = self._now() + self._pace.patience
        return Result(target, "already" if answer.already else "done", answer.message)

    async def _looked_at(self, ahead: int, *, wait: bool = False) -> AsyncIterator[Result]:
        """Those that have failed again; waits as long as one more could be one too many."""
        while self._trying or self._failed:
            for target, until in list(self._trying.items()):
                result = await self._how_it_goes(target, until)
                if result is not None:
                    self.summary.add(result)
                    yield result
            most = self._pace.stop_after
            if most is not None and self._failed >= most:
                if ahead:
                    self.summary.stopped = f"{self._failed} {'has' if self._failed == 1 else 'have'} failed"
                    return
                ahead = 0
            enough = most is None or self._failed + len(self._trying) < most
            if not self._trying or (enough and not wait):
                return
            await self.sleep(LOOK_EVERY)

    async def _how_it_goes(self, target: Target, until: float) -> Result | None:
        """Its failure; None: it has not failed, or not yet."""
        step = await self._seen(target)
        state = work_state(step) if step is not None else None
        patient = self._now() < until
        if state in UNDER_WAY and patient:
            return None
        del self._trying[target]
        if step is None or state not in (StepState.FATALLY_FAILED, StepState.FAILED):
            return None
        self._failed += 1
        error = (step.undo.error if step.undo and step.undo.error else None) or step.error
        return Result(target, "failed_again", error.message if error else "failed again", error.code if error else None)

    async def _seen(self, target: Target) -> StepView | None:
        if self._look is None:
            return None
        try:
            return await self._look(target)
        except OperationError:
            return None
