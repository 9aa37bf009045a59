"""A bulk job on the terminal: its page, and the lines that follow it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console, RenderableType

from operations.bulk.job_reading import JobDetails, JobStatus, ListedJob
from views.order.bulk_job import job_page, progress_text
from workflows.contract.bulk_messages import (
    BulkJobCard,
    BulkJobTarget,
    BulkOrder,
    BulkOutcome,
    BulkProgress,
    BulkState,
    BulkTargetResult,
)
from workflows.contract.order_messages import Actor

EIGHT = datetime(2026, 12, 1, 8, tzinfo=UTC)
CARD = BulkJobCard(action="retry", by="portal for ann", reason="crm is back", total=9, about="steps in fallout")


def job(
    state: BulkState = "running",
    status: JobStatus = "running",
    counts: dict[BulkOutcome, int] | None = None,
    stop_reason: str | None = None,
    changed_by: str | None = None,
) -> JobDetails:
    progress = BulkProgress(
        job="j-1",
        order=BulkOrder(action="retry", actor=Actor(by="portal", on_behalf_of="ann")),
        state=state,
        total=9,
        counts=counts or {BulkOutcome.WAITING: 9},
        failures=1,
        per_second=5,
        max_failures=5,
        started_at=EIGHT,
        stop_reason=stop_reason,
        changed_by=changed_by,
    )
    return JobDetails(ListedJob("j-1", CARD, EIGHT, None, status), progress)


def text(parts: Sequence[RenderableType]) -> str:
    console = Console(width=160, no_color=True)
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    return capture.get()


def result(order_id: str, outcome: BulkOutcome, message: str = "") -> BulkTargetResult:
    target = BulkJobTarget(order_id=order_id, step="a.b@1", number=3)
    return BulkTargetResult(position=0, target=target, outcome=outcome, message=message)


def test_progress_counts_what_was_tried() -> None:
    assert progress_text(job()).plain == "0 of 9 tried"
    counts = {BulkOutcome.DONE: 3, BulkOutcome.REFUSED: 1, BulkOutcome.WAITING: 5}
    assert progress_text(job(counts=counts)).plain == "4 of 9 tried: 3 done, 1 refused"
    stopped = job(counts={BulkOutcome.FAILED_AGAIN: 2, BulkOutcome.LEFT: 7})
    assert progress_text(stopped).plain == "2 of 9 tried: 2 failed again, 7 left"


def test_the_page_lists_problems_or_the_outcome_that_is_asked_for() -> None:
    results = [
        result("O-1", BulkOutcome.DONE),
        result("O-2", BulkOutcome.REFUSED, "no"),
        result("O-3", BulkOutcome.LEFT),
    ]
    problems = text([*job_page(job(), results)])
    assert ("O-1" in problems, "O-2" in problems, "O-3" in problems) == (False, True, False)
    assert "\nProblems\n" in problems
    left = text([*job_page(job(), results[2:], BulkOutcome.LEFT)])
    assert "\nLeft\n" in left
    assert "O-3" in left


def test_the_state_says_who_and_why() -> None:
    assert "State     paused by kim\n" in text([*job_page(job("paused", changed_by="kim"), [])])
    stopped = job("stopped", "ended", stop_reason="5 have failed")
    assert "State     stopped: 5 have failed\n" in text([*job_page(stopped, [])])
    assert "State     terminated\n" in text([*job_page(job("running", "terminated"), [])])


def test_only_what_is_all_done_is_a_success() -> None:
    assert job("done", "ended", {BulkOutcome.DONE: 8, BulkOutcome.ALREADY: 1}).is_success
    assert not job("done", "ended", {BulkOutcome.DONE: 8, BulkOutcome.LEFT: 1}).is_success
    assert not job("running", "terminated").is_open
