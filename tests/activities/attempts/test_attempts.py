"""What follows from a failed attempt: when and how often it is retried, and whether the work may be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.attempts.retry_decision import MAX_RETRY_AFTER, retry_delay
from activity_contract.calls import CONNECTION, MAX_BACKOFF, RETRY_LATER, TIMEOUT
from compiler.language.retry_policy import STANDARD_RETRY, RetryPolicy
from tests.activities.conftest import World
from tests.support.servers.scripted_system import Reply

REFUSED = Reply(409, {"error": {"code": "out_of_stock", "message": "no camera is left"}})


async def test_refusal_has_the_systems_code_and_message(world: World) -> None:
    world.definition["error_code"] = "response.body.error.code"
    world.server.answers(REFUSED)
    failed = await world.failure(retry=STANDARD_RETRY)
    assert (failed.type, failed.details.code, failed.details.status) == ("out_of_stock", "out_of_stock", 409)
    assert "no camera is left" in failed.message
    assert "Inventory Management" in failed.message
    assert failed.message == failed.details.message


async def test_status_is_the_code_if_the_system_sends_none(world: World) -> None:
    world.definition["error_code"] = "response.body.error.code"
    world.server.answers(Reply(502, b"<html>Bad gateway</html>"))
    failed = await world.failure()
    assert (failed.type, failed.details.status) == ("502", 502)
    assert "Bad gateway" in failed.message


@pytest.mark.parametrize(
    ("status", "policy", "retryable"),
    [
        (404, ["4xx"], False),
        (408, ["4xx"], True),
        (425, ["4xx"], True),
        (429, ["4xx"], True),
        (429, ["429"], False),
        (503, ["4xx"], True),
        (503, ["5xx"], False),
        (404, [], True),
        (404, ["out_of_stock"], False),
        (404, ["404"], False),
        (404, ["something_else"], True),
    ],
)
async def test_give_up_on_matches_codes_statuses_and_classes_except_temporary_4xx(
    world: World, status: int, policy: list[str], retryable: bool
) -> None:
    world.definition["error_code"] = "response.body.error.code"
    world.server.answers(Reply(status, REFUSED.body))
    failed = await world.failure(retry=RetryPolicy(give_up_on=policy))
    assert failed.retryable is retryable


async def test_pause_grows_by_backoff_up_to_max_interval(world: World) -> None:
    world.server.answers(Reply(503))
    policy = RetryPolicy(initial="2s", backoff=3, max_interval="10s", max_attempts=4)
    for attempt, seconds in ((1, 2), (2, 6), (3, 10)):
        world.is_attempt(attempt)
        failed = await world.failure(retry=policy)
        assert (failed.retryable, failed.pause) == (True, timedelta(seconds=seconds))
        assert failed.details.attempts == attempt
    world.is_attempt(4)
    last = await world.failure(retry=policy)
    assert (last.retryable, last.pause, last.type, last.details.attempts) == (False, None, "503", 4)


async def test_intervals_give_the_pauses_and_one_more_attempt(world: World) -> None:
    world.server.answers(Reply(503))
    policy = RetryPolicy(intervals=["5s", "7s", "3s"])
    for attempt, seconds in ((1, 5), (2, 7), (3, 3)):
        world.is_attempt(attempt)
        assert (await world.failure(retry=policy)).pause == timedelta(seconds=seconds)
    world.is_attempt(4)
    assert not (await world.failure(retry=policy)).retryable


async def test_long_pause_is_a_timer_of_the_workflow(world: World) -> None:
    world.server.answers(Reply(503))
    failed = await world.failure(retry=RetryPolicy(intervals=["10m", "15m"]))
    assert (failed.type, failed.retryable) == (RETRY_LATER, False)
    assert (failed.details.code, failed.details.retry_after, failed.details.attempts) == ("503", 600.0, 1)
    again = await world.failure(retry=RetryPolicy(intervals=["10m", "15m"]), earlier_attempts=1)
    assert (again.type, again.details.retry_after, again.details.attempts) == (RETRY_LATER, 900.0, 2)
    last = await world.failure(retry=RetryPolicy(intervals=["10m", "15m"]), earlier_attempts=2)
    assert (last.type, last.retryable, last.details.attempts) == ("503", False, 3)


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_in_seconds_sets_the_pause(world: World, status: int) -> None:
    world.server.answers(Reply(status, headers={"Retry-After": "7"}))
    failed = await world.failure(retry=STANDARD_RETRY)
    assert (failed.retryable, failed.pause, failed.details.retry_after) == (True, timedelta(seconds=7), 7.0)


async def test_retry_after_as_a_date_sets_the_pause(world: World) -> None:
    moment = datetime.now(UTC) + timedelta(hours=2)
    world.server.answers(Reply(503, headers={"Retry-After": format_datetime(moment, usegmt=True)}))
    failed = await world.failure()
    assert failed.type == RETRY_LATER
    assert failed.details.retry_after is not None
    asked_at = datetime.now(UTC) + timedelta(seconds=failed.details.retry_after)
    assert moment - timedelta(seconds=2) < asked_at < moment + timedelta(seconds=60)


@pytest.mark.parametrize(
    "value", ["soon", "-3", "", "Thu, 99 Foo 2026", "1e400", "9" * 400, "Mon, 01 Jan 0001 00:00:00 +2359"]
)
async def test_malformed_retry_after_is_ignored(world: World, value: str) -> None:
    world.server.answers(Reply(503, headers={"Retry-After": value}))
    failed = await world.failure()
    assert failed.type in ("503", RETRY_LATER)
    assert failed.details.retry_after is not None
    assert 0 <= failed.details.retry_after <= MAX_RETRY_AFTER


@given(
    attempt=st.integers(1, 1000),
    backoff=st.floats(1, 100),
    after=st.none() | st.floats(allow_nan=False),
)
def test_pause_is_never_negative_or_unlimited(attempt: int, backoff: float, after: float | None) -> None:
    assert 0 <= retry_delay(RetryPolicy(backoff=backoff), attempt, after) <= MAX_RETRY_AFTER


async def test_refused_connection_certainly_did_no_work(world: World) -> None:
    await world.server.close()
    failed = await world.failure()
    assert (failed.type, failed.retryable) == (CONNECTION, True)
    assert failed.details.outcome_known
    assert f"127.0.0.1:{world.server.port}" in failed.message


async def test_connection_lost_after_sending_may_have_done_the_work(world: World) -> None:
    world.server.answers(Reply(200, {"id": 1}, drops=True))
    failed = await world.failure()
    assert (failed.type, failed.retryable) == (CONNECTION, True)
    assert not failed.details.outcome_known


async def test_timeout_after_sending_may_have_done_the_work(world: World) -> None:
    world.server.answers(Reply(hangs=True))
    failed = await world.failure(timeout=0.2)
    assert (failed.type, failed.retryable) == (TIMEOUT, True)
    assert not failed.details.outcome_known
    assert "0.2 s" in failed.message


@pytest.mark.parametrize(
    ("status", "known"), [(400, True), (409, True), (429, True), (500, False), (503, False), (501, True)]
)
async def test_outcome_is_known_for_a_refusal_and_unknown_for_a_breakdown(
    world: World, status: int, known: bool
) -> None:
    world.server.answers(Reply(status))
    assert (await world.failure()).details.outcome_known is known


async def test_unknown_outcome_stays_unknown_if_a_later_attempt_cannot_connect(
    world: World,
) -> None:
    world.server.answers(Reply(200, {"id": 1}, drops=True))
    await world.failure()
    await world.server.close()
    world.is_attempt(2)
    assert not (await world.failure()).details.outcome_known


async def test_definitive_refusal_settles_an_earlier_unknown_outcome(world: World) -> None:
    world.server.answers(Reply(200, {"id": 1}, drops=True), REFUSED)
    await world.failure()
    world.is_attempt(2)
    assert (await world.failure()).details.outcome_known


@pytest.mark.parametrize("status", [401, 403, 404, 407, 408, 425, 429, 302])
async def test_status_unrelated_to_the_work_settles_no_outcome(world: World, status: int) -> None:
    world.server.answers(Reply(status))
    failed = await world.failure(earlier_attempts=1, outcome_known=False)
    assert not failed.details.outcome_known


async def test_attempt_lost_with_its_worker_does_not_count_but_may_have_done_the_work(world: World) -> None:
    await world.server.close()
    world.is_attempt(1)
    await world.failure()
    world.is_attempt(3)  # the second one left nothing
    failed = await world.failure()
    assert failed.details.attempts == 2
    assert not failed.details.outcome_known


async def test_first_attempt_lost_with_its_worker_has_an_unknown_outcome(world: World) -> None:
    await world.server.close()
    world.is_attempt(2, heartbeat_details=[])
    failed = await world.failure()
    assert (failed.details.attempts, failed.details.outcome_known) == (1, False)


async def test_attempts_of_earlier_activities_count(world: World) -> None:
    world.server.answers(Reply(200, {}))
    assert (await world.call(earlier_attempts=3)).attempts == 4
    world.server.answers(Reply(503))
    failed = await world.failure(earlier_attempts=4, retry=RetryPolicy(max_attempts=5))
    assert (failed.retryable, failed.details.attempts) == (False, 5)


async def test_reset_activity_counts_attempts_from_one(world: World) -> None:
    world.server.answers(Reply(503))
    for attempt in (1, 2, 3):
        world.is_attempt(attempt)
        await world.failure()
    world.is_attempt(1)
    assert (await world.failure()).details.attempts == 1


@pytest.mark.parametrize("code", ["", None, {"a": 1}, ["x"], "x" * 5000, RETRY_LATER], ids=repr)
async def test_unusual_error_codes_are_handled(world: World, code: Any) -> None:
    world.definition["error_code"] = "response.body.code"
    world.server.answers(Reply(422, {"code": code}))
    failed = await world.failure(retry=RetryPolicy(max_attempts=1))
    assert failed.type not in (RETRY_LATER, "", None)
    assert len(str(failed.type)) <= 100
    assert failed.details.code == failed.type


async def test_message_length_is_limited(world: World) -> None:
    world.server.answers(Reply(500, {"message": "x" * 100_000}))
    assert len((await world.failure()).message) < 1_000


def test_standard_policy_needs_no_workflow_timer() -> None:
    assert all(
        retry_delay(STANDARD_RETRY, attempt) <= MAX_BACKOFF for attempt in range(1, STANDARD_RETRY.attempt_count)
    )
