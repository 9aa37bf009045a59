"""The state of a bulk job: what comes next, what is watched, and whether too many have failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from activity_contract.bulk import BulkAnswer, StepOutcome
from workflows.contract.actions import ACTIONS
from workflows.contract.bulk_messages import (
    BulkJobInput,
    BulkJobTarget,
    BulkOutcome,
    BulkResultsPage,
    BulkResultsRequest,
    BulkState,
    BulkTargetResult,
)
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import StepState

BATCH_SECONDS = 2.0
"""How much work one batch is, at the job's pace: progress shows as often, and a stop takes effect as soon."""
MAX_BATCH = 100
WRONG_COMMAND_CODES = frozenset({RefusalCode.INVALID.value, "server_error"})
"""Codes of refusals that blame the job. Others mean that the step has changed in the meantime."""
UNDER_WAY = frozenset(
    {StepState.PENDING.value, StepState.READY.value, StepState.IN_PROGRESS.value, StepState.FAILED.value}
)
FAILED = frozenset({StepState.FATALLY_FAILED.value, StepState.FAILED.value})

KIND_OUTCOMES = {
    "done": BulkOutcome.DONE,
    "already": BulkOutcome.ALREADY,
    "refused": BulkOutcome.REFUSED,
    "unanswered": BulkOutcome.UNANSWERED,
}


@dataclass
class TargetRun:
    outcome: BulkOutcome = BulkOutcome.WAITING
    message: str = ""
    code: str | None = None


@dataclass
class BulkRun:
    """Deterministic: the time comes from outside."""

    input: BulkJobInput
    started_at: float
    targets: list[TargetRun] = field(default_factory=list)
    next_position: int = 0
    watched: dict[int, float] = field(default_factory=dict)
    """Position → when to stop watching it, for targets whose outcome is not known yet."""
    failures: int = 0
    paused: bool = False
    stop_reason: str | None = None
    changed_by: str | None = None
    ended_at: float | None = None

    def __post_init__(self) -> None:
        if not self.targets:
            self.targets = [TargetRun() for _ in self.input.targets]

    @property
    def has_work(self) -> bool:
        return self.stop_reason is None and self.next_position < len(self.targets)

    @property
    def state(self) -> BulkState:
        if self.ended_at is not None:
            return "done" if self.stop_reason is None else "stopped"
        return "paused" if self.paused and self.stop_reason is None else "running"

    def take_batch(self) -> list[int]:
        """The positions of the targets to try now: none while one more failure could exceed the limit. Targets that
        somebody else holds are left."""
        size = max(1, min(MAX_BATCH, round(self.input.per_second * BATCH_SECONDS)))
        limit = self.input.max_failures
        if limit is not None:
            size = min(size, limit - self.failures - len(self.watched))
        batch: list[int] = []
        while len(batch) < size and self.next_position < len(self.targets):
            position = self.next_position
            self.next_position += 1
            holder = self.input.targets[position].holder
            if holder not in (None, "", self.input.order.actor.holder) and not self.input.order.take_over:
                self.targets[position] = TargetRun(BulkOutcome.LEFT, f"{holder} holds it")
            else:
                batch.append(position)
        return batch

    @property
    def _may_fail_again(self) -> bool:
        return ACTIONS[self.input.order.action].may_fail_again

    def record(self, answer: BulkAnswer, now: float) -> None:
        outcome = KIND_OUTCOMES[answer.kind]
        self.targets[answer.position] = TargetRun(outcome, answer.message, answer.code)
        if outcome is BulkOutcome.DONE and self._may_fail_again and self.input.targets[answer.position].step:
            self.watched[answer.position] = now + self.input.watch_seconds
        if outcome is BulkOutcome.UNANSWERED or answer.code in WRONG_COMMAND_CODES:
            self._count_failure()

    def record_step(self, position: int, outcome: StepOutcome | None, now: float) -> None:
        """What has become of a step that was tried again."""
        if outcome is not None and outcome.state in UNDER_WAY and now < self.watched[position]:
            return
        del self.watched[position]
        if outcome is None or outcome.state not in FAILED:
            return
        self.targets[position] = TargetRun(BulkOutcome.FAILED_AGAIN, outcome.message or "failed again", outcome.code)
        self._count_failure()

    def _count_failure(self) -> None:
        self.failures += 1
        limit = self.input.max_failures
        if limit is not None and self.failures >= limit and self.next_position < len(self.targets):
            self.stop(f"{self.failures} {'has' if self.failures == 1 else 'have'} failed")

    def stop(self, reason: str) -> None:
        if self.stop_reason is None:
            self.stop_reason = reason

    def end(self, now: float) -> None:
        """What was not tried is left."""
        self.ended_at = now
        for position, target in enumerate(self.targets):
            if target.outcome is BulkOutcome.WAITING:
                self.targets[position] = TargetRun(BulkOutcome.LEFT, "not tried")

    @property
    def counts(self) -> dict[BulkOutcome, int]:
        counted = Counter(target.outcome for target in self.targets)
        return {outcome: counted[outcome] for outcome in BulkOutcome if counted[outcome]}

    def target(self, position: int) -> BulkJobTarget:
        return self.input.targets[position]

    def results_page(self, request: BulkResultsRequest) -> BulkResultsPage:
        fitting = [
            position
            for position, target in enumerate(self.targets)
            if request.outcome is None or target.outcome is request.outcome
        ]
        end = request.offset + request.limit
        results = [
            BulkTargetResult(position=position, target=self.input.targets[position], **vars(self.targets[position]))
            for position in fitting[request.offset : end]
        ]
        return BulkResultsPage(results=results, next_offset=end if end < len(fitting) else None)


def dump_run(run: BulkRun) -> dict[str, Any]:
    """What a continued run begins with, besides the input."""
    return {
        "started_at": run.started_at,
        "targets": [[each.outcome.value, each.message, each.code] for each in run.targets],
        "next_position": run.next_position,
        "watched": [[position, until] for position, until in run.watched.items()],
        "failures": run.failures,
        "paused": run.paused,
        "stop_reason": run.stop_reason,
        "changed_by": run.changed_by,
    }


def load_run(given: BulkJobInput, dumped: dict[str, Any]) -> BulkRun:
    return BulkRun(
        given,
        started_at=dumped["started_at"],
        targets=[TargetRun(BulkOutcome(outcome), message, code) for outcome, message, code in dumped["targets"]],
        next_position=dumped["next_position"],
        watched=dict(dumped["watched"]),
        failures=dumped["failures"],
        paused=dumped["paused"],
        stop_reason=dumped.get("stop_reason"),
        changed_by=dumped.get("changed_by"),
    )
