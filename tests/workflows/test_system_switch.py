"""A system's switch and circuit breaker on real servers: what waits, what it costs, how it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import RateLimitSource, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode, WorkflowService
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.calls.system_probe import QueueRates
from activity_contract.calls import system_task_queue
from activity_contract.system_switch import QueueRateInput
from operations.errors import NotFound
from tests.support.servers.scripted_system import Reply
from tests.support.servers.temporal import BINARY
from tests.support.workers.deployment import ANN, Deployment, deployment, until
from workers import switches
from workflows.contract.states import StepState
from workflows.contract.switch_messages import switch_workflow_id
from workflows.core.systems import circuit_breaker
from workflows.core.systems.circuit_breaker import RAMP_RATES


@pytest.fixture
async def site(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Deployment]:
    async with deployment(temporal.client, tmp_path, "probe: /health\n") as made:
        yield made


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probes follow each other quickly, and the pace rises quickly."""
    monkeypatch.setattr(circuit_breaker, "INITIAL_PAUSE", timedelta(milliseconds=300))
    monkeypatch.setattr(circuit_breaker, "MAX_PAUSE", timedelta(seconds=1))
    monkeypatch.setattr(circuit_breaker, "RAMP_INTERVAL", timedelta(milliseconds=300))


@pytest.fixture
def quick_healing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switches, "HEAL_INTERVAL", 0.2)


async def limit_of(site: Deployment) -> Any:
    request = DescribeTaskQueueRequest(
        namespace=site.client.namespace,
        task_queue=TaskQueue(name=system_task_queue(site.task_queue, "shop")),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_config=True,
    )
    return (await site.client.workflow_service.describe_task_queue(request)).effective_rate_limit


async def test_calls_to_a_system_that_is_off_wait_without_an_attempt_and_go_on_paced(site: Deployment) -> None:
    answer = await site.orders.switch_system("shop", "off", ANN)
    assert (answer.system.state, answer.system.by, answer.already) == ("off", "ann", False)
    ids = await site.submit(12)

    async def waiting() -> bool:
        reading = await site.system()
        return reading is not None and reading.waiting_calls == 12

    await until(waiting)
    step = await site.step(ids[0])
    assert (step.state, step.attempts) == (StepState.ON_HOLD, 0)
    _, (reason,) = await site.orders.find_blockers(ids[0])
    assert "system shop is switched off by ann since" in reason.sentence
    assert "(month-end closing)" in reason.sentence
    assert reason.actions[0].parameters == {"system": "shop"}
    assert site.shop.at == []
    await site.orders.switch_system("shop", "on", ANN)
    assert await site.ended(ids) == ["completed"] * 12
    assert {(await site.step(id_)).attempts for id_ in ids} == {1}
    # At 5 a second, with a burst of twice that at the beginning: twelve at once they were not.
    assert site.shop.at[-1] - site.shop.at[0] > 0.2


@pytest.mark.usefixtures("soon")
async def test_a_call_that_pauses_between_two_attempts_waits_too(site: Deployment) -> None:
    site.shop.refuses = Reply(500, {"code": "broken"})
    (id_,) = await site.submit(1)
    await until(lambda: site.shop.at)
    await site.orders.switch_system("shop", "off", ANN)
    before = len(site.shop.at)

    async def held() -> bool:
        return (await site.step(id_)).state is StepState.ON_HOLD

    await until(held)
    made = len(site.shop.at)
    assert made <= before + 1, "at most the one that was under way"
    await asyncio.sleep(1.0)  # five pauses of the policy
    step = await site.step(id_)
    assert len(site.shop.at) == made
    assert step.attempts == made
    assert step.error is not None
    site.shop.refuses = None
    await site.orders.switch_system("shop", "on", ANN)
    assert await site.ended([id_]) == ["completed"]
    assert (await site.step(id_)).attempts == made + 1


@pytest.mark.usefixtures("soon")
async def test_the_breaker_opens_when_the_system_fails_again_and_again_and_the_probe_closes_it(
    site: Deployment,
) -> None:
    site.shop.down = True
    ids = await site.submit(5)
    reading = await until(lambda: site.is_("open"))
    assert "503" in reading.view.error
    await until(lambda: len(site.shop.probes) >= 2)
    while_open = len(site.shop.at)
    _, reasons = await site.orders.find_blockers(ids[0])
    assert "system shop has failed repeatedly since" in reasons[0].sentence
    assert reasons[0].responsible == "the called system's"
    assert len(site.shop.at) == while_open <= 20, "a policy of twenty attempts each would have made a hundred"
    site.shop.down = False
    assert await site.ended(ids) == ["completed"] * 5
    assert set(site.shop.probes) == {"/api/health"}
    await until(lambda: site.is_("closed"))
    assert (await limit_of(site)).rate_limit_source != RateLimitSource.RATE_LIMIT_SOURCE_API


@pytest.mark.parametrize("status", [409, 422, 429, 500, 501])
async def test_errors_of_the_business_never_open_the_breaker(site: Deployment, status: int) -> None:
    site.shop.refuses = Reply(status, {"code": "not_today"})
    ids = await site.submit(8)
    await until(lambda: len(site.shop.at) >= 8)
    reading = await site.system()
    assert reading is not None
    assert (reading.view.state, reading.view.since) == ("closed", None)
    site.shop.refuses = None
    for id_ in ids:
        step = await site.step(id_)
        assert step.state is not StepState.ON_HOLD


@pytest.mark.usefixtures("soon")
async def test_an_operator_goes_before_the_breaker(site: Deployment) -> None:
    site.shop.down = True
    ids = await site.submit(3)
    await until(lambda: site.is_("open"))
    answer = await site.orders.switch_system("shop", "off", ANN)
    assert (answer.system.state, "503" in (answer.system.error or "")) == ("off", True)
    assert (await site.orders.switch_system("shop", "off", ANN)).already
    site.shop.down = False
    probed = len(site.shop.probes)
    await asyncio.sleep(1.5)
    assert len(site.shop.probes) <= probed + 1, "at most the one that was under way"
    await site.orders.switch_system("shop", "on", ANN)
    assert await site.ended(ids) == ["completed"] * 3


@pytest.mark.usefixtures("soon")
async def test_it_stays_off_when_the_worker_is_another_one(site: Deployment) -> None:
    await site.orders.switch_system("shop", "off", ANN)
    ids = await site.submit(3)
    await site.stop_working()
    reading = await site.system()
    assert reading is not None, "the list needs no worker"
    assert reading.view.state == "off"
    await site.work()
    await until(lambda: _on_hold(site, ids[0]))
    assert site.shop.at == []
    await site.orders.switch_system("shop", "on", ANN)
    assert await site.ended(ids) == ["completed"] * 3


async def _on_hold(site: Deployment, order_id: str) -> bool:
    return (await site.step(order_id)).state is StepState.ON_HOLD


@pytest.mark.usefixtures("soon")
async def test_the_pace_ends_at_the_systems_own_limit_which_holds_on(
    temporal: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with deployment(temporal.client, tmp_path, "limits: {per_second: 4}\n") as site:
        await site.orders.switch_system("shop", "off", ANN)
        ids = await site.submit(4)
        await site.orders.switch_system("shop", "on", ANN)
        assert await site.ended(ids) == ["completed"] * 4
        await until(lambda: site.is_("closed"))
        limit = await limit_of(site)
        assert (limit.requests_per_second, limit.rate_limit_source) == (4, RateLimitSource.RATE_LIMIT_SOURCE_WORKER)


async def test_a_system_without_breaker_is_never_held_back(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    async with deployment(temporal.client, tmp_path, "breaker: false\n") as site:
        site.shop.down = True
        ids = await site.submit(3)
        await until(lambda: len(site.shop.at) >= 12)
        assert await site.is_("closed")
        site.shop.down = False
        assert await site.ended(ids) == ["completed"] * 3


async def test_a_system_that_nobody_knows_is_refused_with_the_nearest_name(site: Deployment) -> None:
    with pytest.raises(NotFound, match="shop"):
        await site.orders.switch_system("shopp", "off", ANN)


async def test_a_limit_set_past_the_switch_is_shown_and_ended_by_switching_on(site: Deployment) -> None:
    queue = system_task_queue(site.task_queue, "shop")
    wanted = QueueRateInput(system="none", queue=queue, per_second=0, reason="by hand")
    await ActivityEnvironment().run(QueueRates(site.client, _NoSystems()).set_queue_rate, wanted)
    (reading,) = await until(site.orders.list_systems)
    assert (reading.view.state, reading.manual_rate_limit) == ("closed", 0.0)
    answer = await site.orders.switch_system("shop", "on", ANN)
    assert answer.already
    reading = await site.system()
    assert reading is not None
    assert reading.manual_rate_limit is None


class _NoSystems:
    def system(self, id_: str) -> None:
        del id_


async def _unknown(*_: Any, **__: Any) -> None:
    """What a server says that knows no limits of task queues."""
    raise RPCError("unknown method", RPCStatusCode.UNIMPLEMENTED, b"")


async def test_on_a_server_without_such_limits_calls_go_on_and_it_is_said(
    site: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WorkflowService, "update_task_queue_config", _unknown)
    answer = await site.orders.switch_system("shop", "off", ANN)
    monkeypatch.undo()
    assert answer.system.problem is not None
    assert "too old" in answer.system.problem
    assert "not held back" in answer.message
    (id_,) = await site.submit(1)
    assert await site.ended([id_]) == ["completed"]


async def test_it_stays_off_when_the_server_is_started_again(tmp_path: Path) -> None:
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    database = str(tmp_path / "temporal.sqlite")
    async with await _server(database) as first, deployment(first.client, definitions) as site:
        await site.orders.switch_system("shop", "off", ANN)
        (id_,) = await site.submit(1)
        await until(lambda: _on_hold(site, id_))
        queue = site.task_queue
    async with await _server(database) as second, deployment(second.client, definitions) as site:
        await site.stop_working()
        site.task_queue = queue
        site.orders.task_queue = queue
        await site.work()
        assert await site.is_("off")
        await until(lambda: _on_hold(site, id_))
        assert site.shop.at == []
        await site.orders.switch_system("shop", "on", ANN)
        assert await site.ended([id_]) == ["completed"]


async def _server(database: str) -> WorkflowEnvironment:
    from tests.support.servers.temporal import FAST, SEARCH_ATTRIBUTES, SERVER_START_TIMEOUT, dynamic_config

    return await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(BINARY),
        dev_server_log_level="error",
        dev_server_startup_timeout=SERVER_START_TIMEOUT,
        dev_server_database_filename=database,
        dev_server_extra_args=dynamic_config(FAST),
    )


async def test_a_switch_continues_as_new_where_it_stands(site: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows import system_switch

    await site.orders.switch_system("shop", "off", ANN)
    handle = site.client.get_workflow_handle(switch_workflow_id("shop", site.task_queue))
    first = (await handle.describe()).run_id
    monkeypatch.setattr(system_switch, "should_continue_as_new", lambda: True)
    await site.orders.switch_system("shop", "off", ANN)

    async def another() -> bool:
        return (await handle.describe()).run_id != first

    await until(another)
    monkeypatch.undo()
    assert await until(lambda: site.is_("off"))
    answer = await site.orders.switch_system("shop", "on", ANN)
    assert (answer.system.state, answer.system.per_second) == ("half_open", RAMP_RATES[0])
    assert answer.system.name == "The shop"


async def terminate_switch(site: Deployment) -> None:
    switch = site.client.get_workflow_handle(switch_workflow_id("shop", site.task_queue))
    await switch.terminate(reason="by mistake")


@pytest.mark.usefixtures("quick_healing")
async def test_terminated_switch_heals_by_itself_and_keeps_its_position(site: Deployment) -> None:
    await site.orders.switch_system("shop", "off", ANN)
    (order_id,) = await site.submit(1)
    await terminate_switch(site)

    async def runs_again() -> bool:
        record = await site.client.get_workflow_handle(switch_workflow_id("shop", site.task_queue)).describe()
        return record.status is WorkflowExecutionStatus.RUNNING

    await until(runs_again)
    shown = (await site.orders.list_systems())[0].view
    assert (shown.state, shown.by, shown.reason, shown.name) == ("off", "ann", "month-end closing", "The shop")
    assert site.shop.at == []
    await site.orders.switch_system("shop", "on", ANN)
    assert await site.ended([order_id]) == ["completed"]


async def test_terminated_switch_is_listed_and_obeys_at_once(site: Deployment) -> None:
    await site.orders.switch_system("shop", "off", ANN)
    (order_id,) = await site.submit(1)
    await terminate_switch(site)
    assert [status.view.state for status in await site.orders.list_systems()] == ["off"]
    answer = await site.orders.switch_system("shop", "on", ANN)
    assert not answer.already
    assert await site.ended([order_id]) == ["completed"]


async def test_switch_that_was_terminated_while_closed_can_be_switched_off(site: Deployment) -> None:
    await terminate_switch(site)
    assert (await site.orders.switch_system("shop", "off", ANN)).system.is_off
    (order_id,) = await site.submit(1)
    await site.orders.switch_system("shop", "on", ANN)
    assert await site.ended([order_id]) == ["completed"]
