"""Temporal with its data on disk, sandbox, worker and gateway: processes that a test can stop, kill and restart."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from operations.client import OrderClient
from stack import temporal_server
from stack.data_folder import DataFolder
from stack.options import Ports, StackOptions, free_port
from stack.services import StackSpec, build_services
from stack.supervisor import ServiceProcess, Watchdog
from workflows.contract.order_messages import order_workflow_id

DEFINITIONS = Path(__file__).with_name("definitions")
DEADLINE = 90.0
"""Seconds that anything may take before a test gives up; nothing is measured by it."""
Json = dict[str, Any]


async def until(holds: Callable[[], Awaitable[Any]]) -> Any:
    """The first value of `holds` that is true."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if value := await holds():
            return value
        await asyncio.sleep(0.02)
    raise AssertionError(f"waited in vain for {holds}")


class Site:
    def __init__(self, plan: StackSpec, watchdog: Watchdog, sandbox: httpx.AsyncClient) -> None:
        self.plan = plan
        self.orders = OrderClient(plan.client)
        self.sandbox = sandbox
        told: list[str] = []  # nobody reads it: nothing is started again by itself
        self._children = {
            service.name: ServiceProcess(service, watchdog, told.append) for service in build_services(plan).values()
        }

    async def start(self, *names: str) -> None:
        """These, or all in their order; returns when they are ready."""
        for name in names or self._children:
            await self._children[name].start()

    def _signal(self, name: str, number: signal.Signals) -> int:
        pid = self._children[name].pid
        assert pid
        os.kill(pid, number)
        return pid

    def stop(self, name: str) -> None:
        """It lives, holds its connections and its work, and does nothing."""
        self._signal(name, signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    async def kill(self, *names: str) -> None:
        """SIGKILL: no chance to tidy up."""
        for pid in [self._signal(name, signal.SIGKILL) for name in names]:

            async def gone(pid: int = pid) -> bool:
                with suppress(ProcessLookupError):
                    os.kill(pid, 0)
                    return False
                return True

            await until(gone)

    async def close(self) -> None:
        for child in self._children.values():
            if child.pid:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
                await child.stop()

    async def submit(self, product: str, order_id: str, *, deadline: float = 30.0) -> None:
        order = {"id": order_id, "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": product}]}
        assert (await self.orders.submit(order, decision_timeout=deadline)).accepted

    async def step_is(self, order_id: str, step: str, state: str) -> None:
        async def reached() -> bool:
            steps = (await self.orders.read(order_id)).steps
            return any(each.id == step and each.state == state for each in steps)

        await until(reached)

    async def described(self, order_id: str) -> Any:
        """As Temporal's own API has it."""
        handle = self.orders.client.get_workflow_handle(order_workflow_id(order_id))
        return (await handle.describe()).raw_description

    async def effects(self, order_id: str) -> list[Json]:
        """What the systems really did for an order, oldest first."""
        return await self._asked("/_log", order_id)

    async def requests(self, order_id: str) -> list[Json]:
        """What reached the systems and was answered."""
        return await self._asked("/_requests", order_id)

    async def _asked(self, path: str, order_id: str) -> list[Json]:
        response = await self.sandbox.get(path, params={"key_prefix": f"{order_id}/"})
        found: list[Json] = response.json()
        return found

    async def fault(self, kind: str, system: str, path: str, **more: Any) -> None:
        wanted = {"kind": kind, "system": system, "path": path, **more}
        (await self.sandbox.post("/_faults", json=wanted)).raise_for_status()

    async def callback_url(self, order_id: str) -> str:
        """The address that the order gave to the installation system."""
        (effect,) = await self.effects(order_id)
        state = (await self.sandbox.get("/_state")).json()
        (request,) = [each for each in state["installation"]["request"] if each["id"] == effect["resource"]]
        return str(request["callback"])


@asynccontextmanager
async def running(folder: Path, definitions: Path = DEFINITIONS) -> AsyncIterator[Site]:
    ports = Ports(free_port(), free_port(), free_port(), free_port(), free_port())
    options = StackOptions(definitions, folder, ports)
    kept = DataFolder(folder)
    with kept.locked():
        client = await temporal_server.connect(ports)
        plan = StackSpec(options, kept, client, {"booking": 86_400.0, "activation": 5.0, "redelivery": 0.2})
        watchdog = Watchdog()
        async with httpx.AsyncClient(base_url=plan.addresses.sandbox, timeout=30, trust_env=False) as sandbox:
            site = Site(plan, watchdog, sandbox)
            try:
                await site.start()
                yield site
            finally:
                await site.close()
                watchdog.close()
