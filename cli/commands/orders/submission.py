"""Submits the orders of `start`, waits for their end on request, and reports what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cli.commands.publishing.catalogue_in_force import note_catalogue_of_order
from cli.framework.errors import EXIT_NOT_COMPLETED, EXIT_REFUSED, EXIT_TIMED_OUT, parse_finding, report_error
from cli.framework.session import Session
from cli.user_input.order_files import LoadedOrder, id_refusal
from operations.client import OrderClient
from operations.errors import OperationError
from operations.responses import submission_response
from operations.submission.submit_order import SubmissionResult
from views.order.watch import follow
from views.shared.findings import finding_lines
from views.shared.value_format import in_words, pluralize
from workflows.contract.states import OrderState

EXIT_STATUSES = {OrderState.COMPLETED: 0, OrderState.REJECTED: EXIT_REFUSED}
"""By the state of an ended order; all others: EXIT_NOT_COMPLETED."""
MAX_CONCURRENT = 8
WORKER_TIMEOUT = 15.0
"""Seconds to wait for a worker's decision."""
SHORT_WORKER_TIMEOUT = 2.0
"""The same, after one order has found no worker."""


@dataclass(frozen=True)
class WaitOptions:
    wait_for_end: bool
    show_progress: bool
    timeout: float | None
    """Seconds; None waits without a limit."""


async def submit_orders(
    session: Session, server: OrderClient, orders: Sequence[LoadedOrder], revision: bool, wait_options: WaitOptions
) -> int:
    """Submits several at a time, and reports in the order given. Returns the highest exit status."""
    reporter = SubmissionReporter(session, is_batch=len(orders) > 1)
    submitter = _Submitter(server, revision)
    submissions = [asyncio.create_task(submitter.submit(order)) for order in orders]
    statuses, running, noted = [0], [], False
    for order, task in zip(orders, submissions, strict=True):
        outcome = await task
        if isinstance(outcome, OperationError):
            statuses.append(reporter.report_failure(order.order.get("id"), order.label, outcome))
            continue
        is_waiting = outcome.accepted and wait_options.wait_for_end
        if is_waiting:
            reporter.report_accepted(outcome)
            reporter.report_warnings(order, outcome)
        else:
            statuses.append(reporter.report_submitted(order, outcome))
        if not noted and (version := _compiled_with(outcome)):
            noted = True
            await note_catalogue_of_order(session, server, version)
        if is_waiting:
            running.append((outcome, asyncio.create_task(_wait_for_end(session, server, outcome, wait_options))))
    for submission, end in running:
        statuses.append(reporter.report_ended(submission, await end))
    return max(statuses)


def _compiled_with(submission: SubmissionResult) -> str | None:
    """The version of the catalogue that the order was compiled with just now; None if it was compiled before."""
    if submission.decision is None or submission.already_running:
        return None
    return submission.decision.catalogue_version


class _Submitter:
    """Waits less for a decision once an order has found no worker."""

    def __init__(self, server: OrderClient, revision: bool) -> None:
        self._server = server
        self._revision = revision
        self._semaphore = asyncio.Semaphore(MAX_CONCURRENT)
        self._timeout = WORKER_TIMEOUT

    async def submit(self, order: LoadedOrder) -> SubmissionResult | OperationError:
        if refusal := id_refusal(order):
            return refusal
        async with self._semaphore:
            try:
                submission = await self._server.submit(
                    order.order, new_revision=self._revision, decision_timeout=self._timeout
                )
            except OperationError as error:
                return error
        self._timeout = SHORT_WORKER_TIMEOUT if submission.waiting_for_worker else WORKER_TIMEOUT
        return submission


async def _wait_for_end(
    session: Session, server: OrderClient, submission: SubmissionResult, wait_options: WaitOptions
) -> OrderState | OperationError:
    try:
        if wait_options.show_progress:
            return (await follow(server, submission.order_id, session.console, wait_options.timeout)).order.state
        return (await server.wait_until_ended(submission.order_id, wait_options.timeout)).state
    except OperationError as error:
        return error


class SubmissionReporter:
    """Reports each order: sentences for people; for programs one document, or one a line in a batch."""

    def __init__(self, session: Session, is_batch: bool) -> None:
        self._session = session
        self._write_json = session.print_json_line if is_batch else session.print_json
        self._is_batch = is_batch

    def report_failure(self, order_id: object, name: str, error: OperationError) -> int:
        if not self._is_batch:
            return report_error(self._session, error)
        if self._session.is_json:
            document = {"code": error.code, "message": error.message, "findings": error.findings}
            self._write_json({"order_id": order_id, "error": document})
        self._session.print_note(f"Error: {name}: {error.message}")
        for line in finding_lines(map(parse_finding, error.findings)):
            self._session.print_note(line)
        return error.exit_status

    def report_submitted(self, order: LoadedOrder, submission: SubmissionResult) -> int:
        """For an order that is rejected, or that is not waited for."""
        if self._session.is_json:
            self._write_json(submission_response(submission))
        if submission.accepted:
            self.report_accepted(submission)
            self.report_warnings(order, submission)
            return 0
        findings = submission.decision.findings if submission.decision else []
        self._session.print_note(f"Error: Order {submission.order_id} is rejected:")
        for line in finding_lines(parse_finding(finding, order.file) for finding in findings):
            self._session.print_note(line)
        return EXIT_REFUSED

    def report_accepted(self, submission: SubmissionResult) -> None:
        if not submission.same_content:
            self._session.print_note(
                f"Order {submission.order_id} is running already, with different content; it goes on with that."
            )
        if submission.note is not None:
            self._session.print_note(submission.note)
        if not self._session.is_json:
            self._session.print(_accepted_message(submission))

    def report_warnings(self, order: LoadedOrder, submission: SubmissionResult) -> None:
        """A later submission of the same order repeats the answer to the first one, with its warnings."""
        if submission.decision is None or submission.already_running or self._session.is_json:
            return
        for line in finding_lines(parse_finding(each, order.file) for each in submission.decision.warnings):
            self._session.print_note(line)

    def report_ended(self, submission: SubmissionResult, outcome: OrderState | OperationError) -> int:
        if isinstance(outcome, OperationError):
            if self._session.is_json and outcome.exit_status == EXIT_TIMED_OUT:
                self._write_json(submission_response(submission).model_dump(mode="json") | {"timed_out": True})
                self._session.print_note(outcome.message)
                return EXIT_TIMED_OUT
            return self.report_failure(submission.order_id, f"order {submission.order_id}", outcome)
        if self._session.is_json:
            self._write_json(submission_response(submission).model_dump(mode="json") | {"state": outcome.value})
        else:
            why = f"; `show {submission.order_id}` says why" if outcome is OrderState.REJECTED else ""
            self._session.print(f"Order {submission.order_id} ended: {in_words(outcome)}{why}.")
        return EXIT_STATUSES.get(outcome, EXIT_NOT_COMPLETED)


def _accepted_message(submission: SubmissionResult) -> str:
    order_id = submission.order_id
    if submission.waiting_for_worker:
        return (
            f"Order {order_id} is stored and waits for a worker; none has answered yet. "
            "Start one with `python worker.py`."
        )
    if submission.already_running:
        return f"Order {order_id} is running already ({in_words(submission.state)}); nothing new was started."
    decision = submission.decision
    size = ""
    if decision is not None:
        lines = (pluralize(decision.order_lines, "order line"), pluralize(decision.lines, "fulfilment line"))
        size = f": {', '.join(lines)}, {pluralize(decision.steps, 'step')}"
    return f"Order {order_id} is accepted{size}. `watch {order_id}` follows it."
