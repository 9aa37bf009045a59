"""What `start` does: submits orders, waits for them where that is wanted, and says what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cli.framework.errors import ENDED_OTHERWISE, REFUSED, TIMED_OUT, as_finding, report
from cli.framework.session import Session
from cli.user_input.order_files import GivenOrder
from operations.client import Orders
from operations.errors import OperationError
from operations.json_views import submission_json
from operations.submission.submit_order import Submission
from views.order.follow import follow
from views.shared.findings import findings_text
from views.shared.value_format import counted, in_words
from workflows.contract.states import OrderState

EXITS = {OrderState.COMPLETED: 0, OrderState.REJECTED: REFUSED}
"""Of an order that was waited for; all other states are ENDED_OTHERWISE."""
AT_ONCE = 8
PATIENCE = 15.0
"""Seconds to wait for a worker's word."""
LITTLE_PATIENCE = 2.0
"""The same, once one order has found no worker."""


@dataclass(frozen=True)
class Waiting:
    until_ended: bool
    shown: bool
    patience: float | None
    """Seconds; None: as long as it takes."""


async def start_all(
    session: Session, server: Orders, given: Sequence[GivenOrder], revision: bool, waiting: Waiting
) -> int:
    """Submits all, several at a time, and tells in their order. Returns the most serious exit status of all."""
    tell = Teller(session, several=len(given) > 1)
    sending = _Sending(server, revision)
    sent = [asyncio.create_task(sending.send(each)) for each in given]
    statuses, running = [0], []
    for each, task in zip(given, sent, strict=True):
        outcome = await task
        if isinstance(outcome, OperationError):
            statuses.append(tell.refused(each, outcome))
        elif not outcome.accepted or not waiting.until_ended:
            statuses.append(tell.submitted(each, outcome))
        else:
            tell.accepted(outcome)
            running.append((outcome, asyncio.create_task(_ended(session, server, outcome, waiting))))
    for submission, ending in running:
        statuses.append(tell.ended(submission, await ending))
    return max(statuses)


class _Sending:
    """Submits with patience, and with little of it once one order has found no worker."""

    def __init__(self, server: Orders, revision: bool) -> None:
        self._server = server
        self._revision = revision
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._patience = PATIENCE

    async def send(self, given: GivenOrder) -> Submission | OperationError:
        async with self._gate:
            try:
                submission = await self._server.submit(given.order, revision=self._revision, deadline=self._patience)
            except OperationError as error:
                return error
        self._patience = LITTLE_PATIENCE if submission.waiting_for_worker else PATIENCE
        return submission


async def _ended(
    session: Session, server: Orders, submission: Submission, waiting: Waiting
) -> OrderState | OperationError:
    try:
        if waiting.shown:
            return (await follow(server, submission.order_id, session.console, waiting.patience)).order.state
        return (await server.wait(submission.order_id, waiting.patience)).state
    except OperationError as error:
        return error


class Teller:
    """Says what became of each order: sentences for people; a document, or one a line, for programs."""

    def __init__(self, session: Session, several: bool) -> None:
        self._session = session
        self._write = session.line if several else session.document
        self._several = several

    def refused(self, given: GivenOrder, error: OperationError) -> int:
        return self._failed(given.order.get("id"), given.name, error)

    def _failed(self, order_id: object, name: str, error: OperationError) -> int:
        if not self._several:
            return report(self._session, error)
        if self._session.json:
            said = {"code": error.code, "message": error.message, "findings": error.findings}
            self._write({"order_id": order_id, "error": said})
        self._session.remark(f"Error: {name}: {error.message}")
        return error.exit_status

    def submitted(self, given: GivenOrder, submission: Submission) -> int:
        """Of an order that is rejected, or not waited for."""
        if self._session.json:
            self._write(submission_json(submission))
        if submission.accepted:
            self.accepted(submission)
            return 0
        findings = submission.decision.findings if submission.decision else []
        self._session.remark(f"Error: Order {submission.order_id} is rejected:")
        for line in findings_text(as_finding(finding, given.file) for finding in findings):
            self._session.remark(line)
        return REFUSED

    def accepted(self, submission: Submission) -> None:
        if not submission.same_order:
            self._session.remark(
                f"Order {submission.order_id} runs already, with another content than what was sent now; "
                "it goes on with what it has."
            )
        if self._session.json:
            return
        self._session.show(_sentence(submission))

    def ended(self, submission: Submission, outcome: OrderState | OperationError) -> int:
        if isinstance(outcome, OperationError):
            if self._session.json and outcome.exit_status == TIMED_OUT:
                self._write(submission_json(submission) | {"timed_out": True})
                self._session.remark(outcome.message)
                return TIMED_OUT
            return self._failed(submission.order_id, f"order {submission.order_id}", outcome)
        if self._session.json:
            self._write(submission_json(submission) | {"state": outcome.value})
        else:
            why = f"; `show {submission.order_id}` tells why" if outcome is OrderState.REJECTED else ""
            self._session.show(f"Order {submission.order_id} ended: {in_words(outcome)}{why}.")
        return EXITS.get(outcome, ENDED_OTHERWISE)


def _sentence(submission: Submission) -> str:
    order_id = submission.order_id
    if submission.waiting_for_worker:
        return (
            f"Order {order_id} is kept, and waits for a worker; none has answered yet. "
            "Start one with `python worker.py`."
        )
    if submission.already_running:
        return f"Order {order_id} runs already ({in_words(submission.state)}); nothing new was started."
    decision = submission.decision
    size = ""
    if decision is not None:
        lines = (counted(decision.order_lines, "order line"), counted(decision.lines, "fulfilment line"))
        size = f": {', '.join(lines)}, {counted(decision.steps, 'step')}"
    return f"Order {order_id} is accepted{size}. `watch {order_id}` follows it."
