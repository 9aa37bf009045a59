"""SIGKILL of a process while orders are at every possible point: all complete, and each effect exists once per key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from temporalio.api.enums.v1 import PendingActivityState, PendingWorkflowTaskState

from tests.durability.site import Site, running, until
from workflows.contract.states import OrderState

LONG, SHORT = 5.0, 2.0
"""Seconds that a system takes to answer: past the kill, and while the worker is stopped."""
CALLS = {
    "before": ["before.register"],
    "during": ["during.reserve"],
    "answered": ["answered.open"],
    "told": ["told.reserve"],
    "paused": [],
    "called_back": ["called_back.book"],
    "polled": ["polled.provision"],
}
"""Product → its steps that call a system, before the invoice."""


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with running(tmp_path_factory.mktemp("durability") / "data") as site:
        yield site


@dataclass
class Scene:
    """Orders, one at each moment, with the worker stopped so that they stay there."""

    site: Site
    name: str
    callback_url: str

    def order(self, product: str) -> str:
        return f"{self.name}-{product}"

    async def post(self, url: str, **body: Any) -> None:
        """As systems do: again and again until it is taken, or is for an order that has ended: it had been taken."""
        token = self.site.plan.folder.load_secrets()["ORDO_GATEWAY_TOKEN"]
        async with httpx.AsyncClient(timeout=8, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as http:

            async def taken() -> bool:
                try:
                    answer = await http.post(url, json=body)
                except httpx.HTTPError:
                    return False
                return answer.is_success or answer.status_code == httpx.codes.GONE

            await until(taken)

    def system_calls_back(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.post(self.callback_url, request="SIR-1"))

    def system_tells(self) -> asyncio.Task[None]:
        event = {"name": "arrived", "key": self.order("told"), "event_id": f"{self.name}-1"}
        return asyncio.create_task(self.post(f"{self.site.plan.addresses.gateway}/events", **event))


async def arrange(site: Site, name: str) -> Scene:
    scene = Scene(site, name, "")
    for product in ("called_back", "told", "paused", "polled"):
        await site.submit(product, scene.order(product))
    await site.step_is(scene.order("told"), "told.arrived@1", "in_progress")
    await site.step_is(scene.order("called_back"), "called_back.book@1", "in_progress")
    await until(partial(site.effects, scene.order("called_back")))
    scene.callback_url = await site.callback_url(scene.order("called_back"))

    await site.fault("status", "warranty", "/warranties", times=10_000, status=503)
    await site.submit("before", scene.order("before"))
    await until(partial(site.requests, scene.order("before")))
    slow = (("during", "inventory", "/reservations", LONG), ("answered", "billing", "/accounts", SHORT))
    for product, system, path, seconds in slow:
        await site.fault("slow", system, path, seconds=seconds)
        await site.submit(product, scene.order(product))
    for product, *_ in slow:
        await until(partial(site.effects, scene.order(product)))
    await stop_before_a_call(site, scene.order("before"))
    return scene


async def answer_while_stopped(scene: Scene) -> None:
    """A system's answer waits for the worker. From now on, systems answer at once."""
    await until(partial(scene.site.requests, scene.order("answered")))
    await scene.site.sandbox.delete("/_faults")


async def stop_before_a_call(site: Site, order_id: str) -> None:
    """The worker has been given a further attempt, and made no call: it is stopped, at whatever it was."""
    while True:
        site.stop("worker")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await until(partial(dispatched, site, order_id))
                return
        site.go_on("worker")  # it was stopped while it did not ask for work
        await asyncio.sleep(0.1)


async def dispatched(site: Site, order_id: str) -> bool:
    states = [(each.state, each.attempt) for each in (await site.described(order_id)).pending_activities]
    return any(state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED and n > 1 for state, n in states)


async def handling(site: Site, order_id: str) -> bool:
    """The order has been given to the worker, which is stopped, with something to take up. It has asked for few orders,
    so timers of others must not come before."""
    task = (await site.described(order_id)).pending_workflow_task
    return bool(task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED)


async def all_complete_with_each_effect_once(scene: Scene) -> None:
    for product, steps in CALLS.items():
        order_id = scene.order(product)
        ended = await scene.site.orders.wait_until_ended(order_id, timeout=90)
        assert ended.state is OrderState.COMPLETED, order_id
        keys = [effect["key"].rpartition("/") for effect in await scene.site.effects(order_id)]
        assert sorted(key for key, _, _ in keys) == sorted(
            f"{order_id}/{step}@1/do/1" for step in (*steps, "invoicing.invoice")
        )
        assert len({token for _, _, token in keys}) == 1


async def test_each_effect_exists_once_after_the_worker_is_killed(site: Site) -> None:
    scene = await arrange(site, "worker")
    calling_back = scene.system_calls_back()
    await until(partial(handling, site, scene.order("called_back")))
    await answer_while_stopped(scene)
    await site.kill("worker")
    telling = scene.system_tells()
    await site.start("worker")
    await asyncio.gather(calling_back, telling)
    await all_complete_with_each_effect_once(scene)


@pytest.mark.parametrize("process", ["gateway", "temporal"])
async def test_each_effect_exists_once_after_gateway_or_server_is_killed(site: Site, process: str) -> None:
    """The server's data is on disk. Events and callbacks are on their way into orders that have not taken them yet."""
    scene = await arrange(site, process)
    calling_back, telling = scene.system_calls_back(), scene.system_tells()
    await until(partial(handling, site, scene.order("called_back")))
    await answer_while_stopped(scene)
    await site.kill(process)
    site.go_on("worker")
    await site.start(process)
    await asyncio.gather(calling_back, telling)
    await all_complete_with_each_effect_once(scene)
