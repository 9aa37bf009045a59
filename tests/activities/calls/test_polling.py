"""POLL_SYSTEM: asks until it holds, and nothing that a retry may cure ends the wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationErrorCategory

from activity_contract.calls import CONNECTION, DEFINITION_ERROR, NOT_YET, RETRY_LATER
from compiler.language.retry_policy import STANDARD_RETRY, RetryPolicy
from tests.activities.conftest import World
from tests.support.scripted_system import Reply

POLL: dict[str, Any] = {
    "method": "get",
    "path": "/subscriptions/S-1",
    "until": "response.body.state == 'active'",
    "every": 5.0,
    "retry": STANDARD_RETRY,
}


async def test_while_it_does_not_hold_it_is_asked_again_after_every(world: World) -> None:
    world.server.answers(Reply(200, {"state": "provisioning"}))
    failed = await world.poll_failure(**POLL)
    assert (failed.type, failed.retryable, failed.pause) == (NOT_YET, True, timedelta(seconds=5))
    assert failed.details.retry_after == 5.0
    assert failed.error.category is ApplicationErrorCategory.BENIGN, "waiting is no alarm"


async def test_when_it_holds_the_answer_is_the_steps_output(world: World) -> None:
    world.server.answers(Reply(200, {"state": "active", "id": "S-1"}))
    world.is_attempt(7)
    answer = await world.poll(**POLL, output={"id": "${response.body.id}"})
    assert (answer.output, answer.attempts) == ({"id": "S-1"}, 7)


async def test_askings_far_apart_are_the_workflows_timer(world: World) -> None:
    world.server.answers(Reply(200, {"state": "provisioning"}))
    failed = await world.poll_failure(**POLL | {"every": 3600.0}, earlier_attempts=3)
    assert (failed.type, failed.retryable, failed.details.code) == (RETRY_LATER, False, NOT_YET)
    assert (failed.details.retry_after, failed.details.attempts) == (3600.0, 4)


@pytest.mark.parametrize("attempt", [1, 50])
async def test_a_system_that_cannot_be_asked_for_a_while_does_not_end_the_wait(world: World, attempt: int) -> None:
    world.is_attempt(attempt)
    world.server.answers(Reply(503))
    failed = await world.poll_failure(**POLL)
    assert (failed.type, failed.retryable, failed.pause) == ("503", True, timedelta(seconds=5))
    await world.server.close()
    failed = await world.poll_failure(**POLL)
    assert (failed.type, failed.retryable, failed.pause) == (CONNECTION, True, timedelta(seconds=5))


async def test_a_system_that_says_when_to_come_again_is_not_asked_sooner(world: World) -> None:
    world.server.answers(Reply(429, headers={"Retry-After": "30"}))
    assert (await world.poll_failure(**POLL)).pause == timedelta(seconds=30)
    world.server.answers(Reply(429, headers={"Retry-After": "1"}))
    assert (await world.poll_failure(**POLL)).pause == timedelta(seconds=5)


async def test_what_a_retry_cannot_cure_ends_the_wait(world: World) -> None:
    world.server.answers(Reply(404))
    failed = await world.poll_failure(**POLL)
    assert (failed.type, failed.retryable) == ("404", False)
    world.server.answers(Reply(404))
    assert (await world.poll_failure(**POLL | {"retry": RetryPolicy()})).retryable


async def test_fail_when_is_judged_before_until_and_ends_the_wait(world: World) -> None:
    world.server.answers(Reply(200, {"state": "failed"}))
    case = {"if": "response.body.state == 'failed'", "code": "provisioning_failed", "message": "no luck"}
    failed = await world.poll_failure(**POLL, fail_when=[case])
    assert (failed.type, failed.retryable) == ("provisioning_failed", False)


async def test_a_condition_without_a_value_names_its_place_and_ends_the_wait(world: World) -> None:
    world.server.answers(Reply(200, {}))
    failed = await world.poll_failure(**POLL, places={str(POLL["until"]): "f.yaml:3:4"})
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)
    assert failed.message.startswith("f.yaml:3:4: ")


async def test_the_condition_sees_the_steps_scope(world: World) -> None:
    world.server.answers(Reply(200, {"online": 2}))
    wanted = POLL | {"until": "response.body.online >= quantity", "scope": {"quantity": 2}}
    assert (await world.poll(**wanted)).output == {"online": 2}
