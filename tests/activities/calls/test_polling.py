"""POLL_SYSTEM repeats the request until `until` holds. Errors that a retry can resolve do not end it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationErrorCategory

from activity_contract.calls import CONNECTION, DEFINITION_ERROR, NOT_YET, RETRY_LATER
from compiler.language.retry_policy import STANDARD_RETRY, RetryPolicy
from tests.activities.conftest import World
from tests.support.servers.scripted_system import Reply

POLL: dict[str, Any] = {
    "method": "get",
    "path": "/subscriptions/S-1",
    "until": "response.body.state == 'active'",
    "every": 5.0,
    "retry": STANDARD_RETRY,
}


async def test_poll_is_repeated_after_every_while_until_does_not_hold(world: World) -> None:
    world.server.answers(Reply(200, {"state": "provisioning"}))
    failed = await world.poll_failure(**POLL)
    assert (failed.type, failed.retryable, failed.pause) == (NOT_YET, True, timedelta(seconds=5))
    assert failed.details.retry_after == 5.0
    assert failed.error.category is ApplicationErrorCategory.BENIGN, "waiting is not an error"


async def test_poll_returns_the_output_once_until_holds(world: World) -> None:
    world.server.answers(Reply(200, {"state": "active", "id": "S-1"}))
    world.is_attempt(7)
    answer = await world.poll(**POLL, output={"id": "${response.body.id}"})
    assert (answer.output, answer.attempts) == ({"id": "S-1"}, 7)


async def test_long_poll_interval_is_a_timer_of_the_workflow(world: World) -> None:
    world.server.answers(Reply(200, {"state": "provisioning"}))
    failed = await world.poll_failure(**POLL | {"every": 3600.0}, earlier_attempts=3)
    assert (failed.type, failed.retryable, failed.details.code) == (RETRY_LATER, False, NOT_YET)
    assert (failed.details.retry_after, failed.details.attempts) == (3600.0, 4)


@pytest.mark.parametrize("attempt", [1, 50])
async def test_unavailable_system_does_not_end_polling(world: World, attempt: int) -> None:
    world.is_attempt(attempt)
    world.server.answers(Reply(503))
    failed = await world.poll_failure(**POLL)
    assert (failed.type, failed.retryable, failed.pause) == ("503", True, timedelta(seconds=5))
    await world.server.close()
    failed = await world.poll_failure(**POLL)
    assert (failed.type, failed.retryable, failed.pause) == (CONNECTION, True, timedelta(seconds=5))


async def test_retry_after_delays_the_next_poll(world: World) -> None:
    world.server.answers(Reply(429, headers={"Retry-After": "30"}))
    assert (await world.poll_failure(**POLL)).pause == timedelta(seconds=30)
    world.server.answers(Reply(429, headers={"Retry-After": "1"}))
    assert (await world.poll_failure(**POLL)).pause == timedelta(seconds=5)


async def test_error_that_a_retry_cannot_resolve_ends_polling(world: World) -> None:
    world.server.answers(Reply(404))
    failed = await world.poll_failure(**POLL)
    assert (failed.type, failed.retryable) == ("404", False)
    world.server.answers(Reply(404))
    assert (await world.poll_failure(**POLL | {"retry": RetryPolicy()})).retryable


async def test_fail_when_is_evaluated_before_until_and_ends_polling(world: World) -> None:
    world.server.answers(Reply(200, {"state": "failed"}))
    case = {"if": "response.body.state == 'failed'", "code": "provisioning_failed", "message": "no luck"}
    failed = await world.poll_failure(**POLL, fail_when=[case])
    assert (failed.type, failed.retryable) == ("provisioning_failed", False)


async def test_until_without_a_value_is_reported_with_its_location_and_ends_polling(world: World) -> None:
    world.server.answers(Reply(200, {}))
    failed = await world.poll_failure(**POLL, places={str(POLL["until"]): "f.yaml:3:4"})
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)
    assert failed.message.startswith("f.yaml:3:4: ")


async def test_until_sees_the_scope_of_the_step(world: World) -> None:
    world.server.answers(Reply(200, {"online": 2}))
    wanted = POLL | {"until": "response.body.online >= quantity", "scope": {"quantity": 2}}
    assert (await world.poll(**wanted)).output == {"online": 2}
