"""A pretended system: what it does with each call depends only on the call's key and on a seed.

It keeps its own books, by step and number of the effect, for comparison with the order's states.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from random import Random
from typing import Any

from activity_contract.calls import SystemCall
from compiler.cel.templates import render_template
from workflows.core.state.commands import StartActivity, StartCall
from workflows.core.state.step_run import StepFailure

Start = StartCall | StartActivity

FATES = {"answers": 62, "refuses": 9, "later": 7, "lost": 8, "gives_up": 5, "nothing": 4, "interrupted": 5}
"""What happens to an attempt, with weights. lost: the work is done, but no response arrives; gives_up: the same, for
the last attempt; nothing: no work, and no response."""
PAUSE = 90.0
"""Seconds until the next attempt, if the workflow's own timer waits for it."""


@dataclass(frozen=True)
class Landing:
    """How an activity ended. Neither: it was interrupted."""

    answer: dict[str, Any] | None = None
    failure: StepFailure | None = None


@dataclass(frozen=True)
class PendingCallback:
    step: str
    key: str
    payload: dict[str, Any]


class Shop:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.benign = False
        """From now on, every call succeeds."""
        self.attempts: Counter[str] = Counter()
        self.done: set[str] = set()
        """Keys with which work was done."""
        self.refused: set[str] = set()
        self.effects: dict[str, set[int]] = defaultdict(set)
        """Step → the numbers of its effects that exist."""
        self.callbacks: list[PendingCallback] = []

    def land(self, command: Start, step: str, number: int) -> Landing:
        """`number`: of the step's current effect."""
        request, key = command.request, command.request.idempotency_key
        polls = isinstance(request, SystemCall) and request.until is not None
        self.attempts[key] += 1
        fate = self._fate(key)
        if polls:
            return self._polled(request, step, number, fate)
        if fate == "refuses" or key in self.refused:
            self.refused.add(key)
            return Landing(failure=StepFailure("refused", "the shop refuses", attempts=1))
        if fate == "later":
            known = request.outcome_known  # only the shop can say what an earlier attempt has done
            return Landing(failure=StepFailure("http_503", "not now", known, attempts=1, retry_after=PAUSE))
        worked = fate != "nothing"
        if worked and key not in self.done:
            self.done.add(key)
            self._work(request, key, step, number)
        if fate in ("gives_up", "nothing"):
            return Landing(failure=StepFailure("timeout", "no answer", outcome_known=False, attempts=5))
        if fate == "lost":
            later = StepFailure("connection", "connection lost", outcome_known=False, attempts=1, retry_after=PAUSE)
            return Landing(failure=later)
        if fate == "interrupted":
            return Landing()
        return Landing(answer={"output": _output(request, step, number), "attempts": 1})

    def _fate(self, key: str) -> str:
        if self.benign:
            return "answers"
        weights = dict(FATES)
        if key in self.done:
            weights["refuses"] = 0  # a system that honours the key answers as before
        drawn = Random(f"{self.seed}/{key}/{self.attempts[key]}")
        return drawn.choices(list(weights), list(weights.values()))[0]

    def _work(self, request: Any, key: str, step: str, number: int) -> None:
        if "/change/" in key:
            return  # the effect is changed in place
        if "/undo/" in key:
            self.effects[step].discard(number)
        else:
            self.effects[step].add(number)
        if getattr(request, "callback", False):
            well = "/undo/" in key or self.benign or Random(f"{self.seed}/{key}/called").random() < 0.85
            self.callbacks.append(PendingCallback(step, key, {"id": f"{step}.{number}", "ok": well}))

    def _polled(self, request: Any, step: str, number: int, fate: str) -> Landing:
        if fate == "refuses" and request.fail_when:
            self.effects[step].discard(number)
            return Landing(failure=StepFailure("refused", "the work has failed", attempts=1))
        if fate in ("later", "lost"):
            return Landing(failure=StepFailure("http_503", "not now", attempts=1, retry_after=PAUSE))
        if fate == "gives_up":
            return Landing(failure=StepFailure("http_500", "cannot say", attempts=5))
        if fate == "interrupted":
            return Landing()
        return Landing(answer={"output": _output(request, step, number), "attempts": 1})

    def settled_with(self, callback: PendingCallback) -> None:
        """The order has accepted the callback. If it reports a failure, the effect does not exist any more."""
        if not callback.payload["ok"]:
            self.effects[callback.step].discard(int(callback.key.rsplit("/", 1)[1]))


def _output(request: Any, step: str, number: int) -> Any:
    body = {"id": f"{step}.{number}", "ready": True}
    template = getattr(request, "output", None)
    if template is None:
        return body
    return render_template(template, {"response": {"status": 200, "headers": {}, "body": body}})
