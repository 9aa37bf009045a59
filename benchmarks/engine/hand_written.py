"""The steps of definitions/twelve_steps.yaml as an engineer would write them without Ordo, as a workflow of their own.

`python -m benchmarks.engine.hand_written --address HOST:PORT --task-queue NAME` runs its worker. It has what the
generic workflow has: submission by update-with-start, search attributes, memo, summaries, activity ids, retries, and
idempotency keys.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import PollerBehaviorAutoscaling, Worker

STATE = SearchAttributeKey.for_keyword("OrderState")
CUSTOMER = SearchAttributeKey.for_keyword("CustomerId")
PRODUCTS = SearchAttributeKey.for_keyword_list("Products")
RETRY = RetryPolicy(maximum_attempts=5)


@dataclass
class Request:
    """One HTTP call."""

    path: str
    body: dict[str, Any]
    key: str


class HttpActivities:
    """The activity, with its pool of HTTP connections."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=10)

    @activity.defn
    async def call(self, request: Request) -> dict[str, Any]:
        response = await self._http.post(request.path, json=request.body, headers={"Idempotency-Key": request.key})
        response.raise_for_status()
        body: dict[str, Any] = response.json()
        return body


@workflow.defn(name="HandWrittenOrder", sandboxed=False)
class HandWrittenOrder:
    @workflow.init
    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._accepted = False

    @workflow.update
    async def accepted(self) -> str:
        await workflow.wait_condition(lambda: self._accepted)
        return "in_progress"

    @workflow.run
    async def run(self, order: dict[str, Any]) -> str:
        line = order["lines"][0]
        units, plan = line["attributes"].get("units", 2), line["attributes"].get("plan", "basic")
        quantity = line.get("quantity", 1) * units
        customer = order["customer"]["id"]
        workflow.upsert_search_attributes(
            [STATE.value_set("in_progress"), CUSTOMER.value_set(customer), PRODUCTS.value_set([line["product"]])]
        )
        workflow.upsert_memo({"steps": 12})
        self._accepted = True
        shipped, installed, provisioned = asyncio.Event(), asyncio.Event(), asyncio.Event()
        await asyncio.gather(
            self._device(quantity, shipped),
            self._access(customer, shipped, installed),
            self._service(customer, plan, installed, provisioned),
            self._account(customer, provisioned),
        )
        workflow.upsert_search_attributes([STATE.value_set("completed")])
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "completed"

    async def _device(self, quantity: int, shipped: asyncio.Event) -> None:
        reserved = await self._call("device.reserve", "/reservations", {"sku": "device", "quantity": quantity})
        shipment = await self._call("device.ship", "/shipments", {"reservation": reserved["id"]})
        shipped.set()
        await self._call("device.register", "/serials", {"shipment": shipment["id"]})

    async def _access(self, customer: str, shipped: asyncio.Event, installed: asyncio.Event) -> None:
        access = await self._call("access.order", "/accesses", {"customer": customer})
        await shipped.wait()
        await self._call("access.install", "/installations", {"access": access["id"]})
        installed.set()
        await self._call("access.test", "/tests", {"access": access["id"]})

    async def _service(self, customer: str, plan: str, installed: asyncio.Event, provisioned: asyncio.Event) -> None:
        service = await self._call("service.create", "/services", {"plan": plan, "customer": customer})
        await installed.wait()
        await self._call("service.provision", "/provisionings", {"service": service["id"]})
        provisioned.set()
        await self._call("service.welcome", "/letters", {"text": f"Welcome, {customer}"})

    async def _account(self, customer: str, provisioned: asyncio.Event) -> None:
        body = {"customer": customer, "reference": self._order["id"]}
        account = await self._call("account.open", "/accounts", body)
        await self._call("account.rate", "/ratings", {"account": account["id"]})
        await provisioned.wait()
        await self._call("account.activate", "/activations", {"account": account["id"]})

    def _call(self, step: str, path: str, body: dict[str, Any]) -> Coroutine[Any, Any, dict[str, Any]]:
        return workflow.execute_activity_method(
            HttpActivities.call,
            Request(path, body, f"{self._order['id']}/{step}@1/do/1"),
            activity_id=f"{step}@1",
            summary=step.replace(".", " · "),
            start_to_close_timeout=timedelta(seconds=15),
            retry_policy=RETRY,
        )


async def _run_worker(address: str, task_queue: str) -> None:
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    polling = PollerBehaviorAutoscaling()
    worker = Worker(
        client,
        task_queue=task_queue,
        workflows=[HandWrittenOrder],
        activities=[HttpActivities(os.environ["BENCHMARK_TARGET"]).call],
        workflow_task_poller_behavior=polling,
        activity_task_poller_behavior=polling,
    )
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with worker:
        sys.stderr.write("worker ready\n")
        sys.stderr.flush()
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="The worker of the hand-written workflow.")
    parser.add_argument("--address", required=True)
    parser.add_argument("--task-queue", required=True)
    options = parser.parse_args()
    asyncio.run(_run_worker(options.address, options.task_queue))


if __name__ == "__main__":
    main()
