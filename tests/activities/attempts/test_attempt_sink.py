"""What activities report of their attempts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.attempts.attempt_sink import AttemptRecord, clear_attempt_sink, install_attempt_sink
from activities.registry import BusinessFailure, run_step
from activity_contract.calls import StepActivity
from tests.activities.conftest import World, call_of
from tests.support.servers.scripted_system import Reply


class Reports(list[AttemptRecord]):
    def offer_attempt(self, attempt: AttemptRecord) -> None:
        self.append(attempt)


class BrokenSink:
    def offer_attempt(self, attempt: AttemptRecord) -> None:
        raise RuntimeError(attempt.order_id)


@pytest.fixture
def reports() -> Iterator[Reports]:
    sink = Reports()
    install_attempt_sink(sink)
    yield sink
    clear_attempt_sink()


def _step() -> StepActivity:
    call = call_of()
    return StepActivity(
        order_id=call.order_id, step_id=call.step_id, idempotency_key=call.idempotency_key, timeout=5, retry=call.retry
    )


async def test_a_call_that_succeeds_is_an_attempt(world: World, reports: Reports) -> None:
    before = datetime.now(UTC)
    world.server.answers(Reply(201, {"id": "R-1"}))
    await world.call()
    (attempt,) = reports
    assert (attempt.order_id, attempt.step_id) == ("HS-1001", "security_camera.reserve@1")
    assert (attempt.idempotency_key, attempt.number) == ("HS-1001/security_camera.reserve@1/do/1", 1)
    assert (attempt.system, attempt.succeeded, attempt.status, attempt.code) == ("inventory", True, 201, None)
    assert before <= attempt.started_at <= attempt.ended_at <= datetime.now(UTC)


async def test_a_call_that_fails_says_when_the_next_attempt_is(world: World, reports: Reports) -> None:
    world.server.answers(Reply(503, {"error": "maintenance"}))
    await world.failure()
    (attempt,) = reports
    assert (attempt.succeeded, attempt.status, attempt.code) == (False, 503, "503")
    assert attempt.message is not None
    assert "maintenance" in attempt.message
    assert attempt.next_attempt_at is not None
    assert timedelta() < attempt.next_attempt_at - attempt.ended_at <= timedelta(minutes=1)


async def test_secrets_stay_masked(world: World, reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVENTORY_TOKEN", "s3cr3t-t0ken")
    world.definition["auth"] = {"bearer": {"env": "INVENTORY_TOKEN"}}
    world.environment["INVENTORY_TOKEN"] = "s3cr3t-t0ken"
    world.server.answers(Reply(400, {"error": "bad token s3cr3t-t0ken"}))
    await world.failure()
    (attempt,) = reports
    assert attempt.message is not None
    assert "bad token" in attempt.message
    assert "s3cr3t-t0ken" not in str(attempt)


async def test_a_poll_that_finds_nothing_yet_is_no_attempt(world: World, reports: Reports) -> None:
    world.server.answers(Reply(200, {"state": "busy"}), Reply(500), Reply(200, {"state": "done"}))
    await world.poll_failure(until="response.body.state == 'done'")
    assert reports == []
    world.is_attempt(2)
    await world.poll_failure(until="response.body.state == 'done'")
    world.is_attempt(3)
    await world.poll(until="response.body.state == 'done'")
    assert [(each.number, each.succeeded, each.status) for each in reports] == [(2, False, 500), (3, True, 200)]


async def test_python_activities_report_theirs(reports: Reports) -> None:
    def fails(step: StepActivity) -> None:
        raise BusinessFailure("not_ready", f"{step.order_id} is not ready")

    environment = ActivityEnvironment()
    await environment.run(run_step, lambda _: {"ok": True}, _step())
    with pytest.raises(Exception, match="not ready"):
        await environment.run(run_step, fails, _step())
    found = [(each.system, each.succeeded, each.code, each.status) for each in reports]
    assert found == [(None, True, None, None), (None, False, "not_ready", None)]


async def test_a_sink_that_fails_fails_no_attempt(world: World) -> None:
    install_attempt_sink(BrokenSink())
    try:
        world.server.answers(Reply(200, {"id": "R-1"}))
        assert (await world.call()).output == {"id": "R-1"}
    finally:
        clear_attempt_sink()
