"""However events by key, time limits, people and mailboxes interleave: N events complete the N steps that need them."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from compiler.plan.codec import encode_plan
from tests.support.core.order_driver import ANN, OrderDriver
from tests.support.core.plans import plan_of, with_instances
from workflows.contract.order_messages import StepAction
from workflows.contract.states import StepState
from workflows.core.continue_as_new import order_snapshot
from workflows.core.state.commands import SubscribeEvents, UnsubscribeEvents

SCAN = {"name": "scan", "key": "${order.id}"}


class MailboxTrial(OrderDriver):
    """An order and the mailbox of its event. Requests to the mailbox take their time; each takes effect at its end."""

    mailboxes_answer = False

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        equal, matching = self.random.randint(1, 4), self.random.randint(0, 2)
        within: dict[str, Any] = {"within": "1h"} if self.random.random() < 0.7 else {}
        steps: dict[str, Any] = {f"m{n}": {"event": {**SCAN, "match": f"payload.n == {n}"}} for n in range(matching)}
        steps["equal"] = {"event": {**SCAN, **within, "match": "payload.n == 9"}}
        steps["last"] = {"event": {**SCAN, "match": "payload.n == 8"}, "after": ["equal"]}
        self.to_send = [*range(matching), *[9] * equal, 8]
        self.random.shuffle(self.to_send)
        self.sent = self.seen_commands = 0
        self.kept: list[dict[str, Any]] = []
        self.subscribed = False
        super().__init__(with_instances(plan_of(steps), "equal", equal))

    def run_to_end(self) -> None:
        while not (self.run.ended and not self.open_requests()):
            self.random.choice([self.send, self.send, self.answer_request, self.pass_time, self.retry, self.next_run])()
            assert self.sent < 1_000, "the order does not end"
        assert {step.state for step in self.run.steps} == {StepState.COMPLETED}
        assert not self.subscribed
        assert not self.kept
        assert not self.run.inbox.early_events

    def send(self) -> None:
        self.sent += 1
        if self.to_send:
            self.kept.append({"event_id": f"e-{len(self.to_send)}", "payload": {"n": self.to_send.pop()}})
        self.hand_over()

    def hand_over(self) -> None:
        while self.subscribed and self.kept:
            self.signal_event("scan", "O-1", **self.kept.pop(0))

    def open_requests(self) -> list[SubscribeEvents | UnsubscribeEvents]:
        requests = [each for each in self.commands if isinstance(each, SubscribeEvents | UnsubscribeEvents)]
        return requests[self.seen_commands :]

    def answer_request(self) -> None:
        """Any of those in flight: Temporal keeps no order among activities."""
        requests = self.open_requests()
        assert len(requests) <= 1, "one request overtakes another"
        if requests:
            self.seen_commands += 1
            self.subscribed = isinstance(requests[0], SubscribeEvents)
            self.end_requests(requests[0])
            self.hand_over()

    def pass_time(self) -> None:
        if self.random.random() < 0.3:
            self.wait(self.random.choice([10, 3_600]))

    def retry(self) -> None:
        parked = [step for step in self.run.steps if step.state is StepState.FATALLY_FAILED]
        if parked:
            step = self.random.choice(parked)
            self.perform("retry", StepAction(step=self.run.step_id(step), actor=ANN))

    def next_run(self) -> None:
        if not self.open_requests() and not self.run.ended:
            snapshot = order_snapshot.snapshot_order(self.run, encode_plan(self.plan))
            self.run, _ = order_snapshot.restore_order(snapshot, self.run.now)
            self.commands, self.seen_commands = [], 0
            self.advance()


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_n_events_complete_n_steps(first: int) -> None:
    for seed in range(first, first + 100):
        try:
            MailboxTrial(seed).run_to_end()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
