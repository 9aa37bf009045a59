"""What a bulk job does next, and that it goes on from what it has written down."""

from __future__ import annotations

from typing import Any

from activity_contract.bulk import BulkAnswer, StepOutcome
from workflows.contract.bulk_messages import BulkJobInput, BulkJobTarget, BulkOrder, BulkOutcome, BulkResultsRequest
from workflows.contract.order_messages import Actor
from workflows.contract.states import StepState
from workflows.core.bulk.bulk_run import BulkRun, dump_run, load_run


def job(count: int = 5, holder: str | None = None, **further: Any) -> BulkJobInput:
    targets = [
        BulkJobTarget(order_id=f"O-{n}", step="s@1", number=1, state=StepState.FATALLY_FAILED, holder=holder)
        for n in range(count)
    ]
    return BulkJobInput(job="j", order=BulkOrder(action="retry", actor=Actor(by="ann")), targets=targets, **further)


def done(position: int) -> BulkAnswer:
    return BulkAnswer(position=position, kind="done", message="was retried")


def test_a_job_never_tries_more_than_may_still_fail() -> None:
    run = BulkRun(job(per_second=50, max_failures=2), 0.0)
    assert run.take_batch() == [0, 1]
    for position in (0, 1):
        run.record(done(position), 0.0)
    assert run.take_batch() == []
    run.record_step(0, StepOutcome(state="completed"), 1.0)
    assert run.take_batch() == [2]
    run.record_step(1, StepOutcome(state="in_progress"), 1.0)
    assert list(run.watched) == [1]
    run.record_step(1, StepOutcome(state="in_progress"), 11.0)
    assert run.watched == {}


def test_failures_stop_the_job_and_the_rest_is_left() -> None:
    run = BulkRun(job(per_second=50, max_failures=1), 0.0)
    assert run.take_batch() == [0]
    run.record(done(0), 0.0)
    run.record_step(0, StepOutcome(state="fatally_failed", code="down", message="still down"), 1.0)
    assert (run.has_work, run.stop_reason) == (False, "1 has failed")
    run.end(2.0)
    assert run.counts == {BulkOutcome.FAILED_AGAIN: 1, BulkOutcome.LEFT: 4}
    assert run.state == "stopped"


def test_a_refusal_that_blames_the_job_counts_as_a_failure() -> None:
    run = BulkRun(job(max_failures=1), 0.0)
    run.take_batch()
    run.record(BulkAnswer(position=0, kind="refused", message="is completed", code="not_now"), 0.0)
    assert run.has_work
    run.record(BulkAnswer(position=0, kind="refused", message="unknown input", code="invalid"), 0.0)
    assert not run.has_work


def test_what_others_hold_is_left_unless_it_is_taken_over() -> None:
    held = BulkRun(job(2, holder="ben"), 0.0)
    assert held.take_batch() == []
    assert held.counts == {BulkOutcome.LEFT: 2}
    assert not held.has_work
    own = BulkRun(job(2, holder="ann"), 0.0)
    assert own.take_batch() == [0, 1]


def test_a_continued_run_knows_what_the_earlier_one_did() -> None:
    run = BulkRun(job(per_second=50, max_failures=None), 3.0)
    run.take_batch()
    run.record(done(1), 5.0)
    run.record(BulkAnswer(position=0, kind="already", message="was"), 5.0)
    run.paused, run.changed_by = True, "kim"
    message = BulkJobInput.model_validate_json(run.input.model_dump_json())
    assert message == run.input
    later = load_run(message, dump_run(run))
    assert later == run
    page = later.results_page(BulkResultsRequest(limit=1, outcome=BulkOutcome.WAITING))
    assert ([each.position for each in page.results], page.next_offset) == ([2], 1)
