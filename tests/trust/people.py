"""The people in a turmoil test: they do tasks and resolve fallout until every order has ended."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx
from temporalio.service import RPCError

from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_filter import WorkFilter
from operations.actions.amend_order import AmendCommand
from operations.errors import OperationError
from operations.reading.order_details import OrderDetails
from stack.running_stack import RunningStack
from tests.support.started_stack import processes_with
from tests.trust.books import Records
from tests.trust.turmoil import Deed, Turmoil, sent
from workflows.contract.actions import ACTIONS, COMPLETE, RECOVER, RESUME, RETRY, SKIP
from workflows.contract.order_messages import Actor, OrderAction, RecoverOrder, StepAction, order_workflow_id
from workflows.contract.order_views import StepView
from workflows.contract.states import OrderState, StepState

ANN = Actor(by="ann", reason="turmoil")
MAX_REVISED = 4
"""Cancelled orders that are submitted again, as a new revision."""
TRIES = 4
"""After so many a step in fallout is left out; an undo is tried for ever."""
RUNNING = (OrderState.ACKNOWLEDGED, OrderState.IN_PROGRESS, OrderState.HELD)
ANSWERS: dict[str, tuple[dict[str, Any], ...]] = {
    "installation_visit.install": (
        {"outcome": "done"},
        {"outcome": "done"},
        {"outcome": "failed_inspection"},
        {"outcome": "customer_absent"},
    ),
    "managed_wan.accept": ({"accepted_by": "B. Baker", "accepted_on": "2026-12-01"},),
}


class People:
    def __init__(self, stack: RunningStack, turmoil: Turmoil) -> None:
        self.stack, self.turmoil = stack, turmoil
        self.tries: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        """What was done, for whoever reads how much turmoil there was."""

    async def live_through(self, patience: float) -> list[OrderDetails]:
        """All orders as they ended. Raises AssertionError, with what they wait for, after `patience` seconds."""
        await asyncio.gather(*(self.stack.orders.submit(sent(order)) for order in self.turmoil.orders))
        tending = asyncio.create_task(self._tend())
        living = asyncio.create_task(self._live(time.monotonic(), patience))
        await asyncio.wait({tending, living}, return_when=asyncio.FIRST_COMPLETED)
        for task in (tending, living):
            task.cancel()
        await asyncio.gather(tending, living, return_exceptions=True)
        if not tending.cancelled():
            tending.result()
        return living.result()

    async def _live(self, began: float, patience: float) -> list[OrderDetails]:
        for deed in self.turmoil.deeds:
            await asyncio.sleep(max(0.0, began + deed.at - time.monotonic()))
            await self._do(deed)
        ids = [order["id"] for order in self.turmoil.orders]
        for id_ in ids:
            await self._wait_until_ended(id_, began + patience)
        for order in self.turmoil.orders:
            if _is_undone(await self.stack.orders.read(order["id"])) and self.done["revised"] < MAX_REVISED:
                await self.stack.orders.submit(sent(order), new_revision=True)
                self.done["revised"] += 1
                await self._wait_until_ended(order["id"], began + patience)
        return [await self.stack.orders.read(id_) for id_ in ids]

    async def _wait_until_ended(self, order_id: str, deadline: float) -> None:
        """By itself: an order that was terminated is recovered meanwhile."""
        try:
            while True:
                left = max(1.0, deadline - time.monotonic())
                ended = await self.stack.orders.wait_until_ended(order_id, timeout=left)
                if ended.interrupted is None:
                    return
                assert time.monotonic() < deadline, f"{self.name}: {order_id} is not recovered"
                await asyncio.sleep(0.3)
        except OperationError as error:
            raise AssertionError(f"{self.name}: {error}; {await self._why(order_id)}") from error

    @property
    def name(self) -> str:
        return f"seed {self.turmoil.seed}, {self.turmoil.size} orders"

    async def _why(self, id_: str) -> str:
        _, reasons = await self.stack.orders.find_blockers(id_)
        return " ".join(reason.sentence for reason in reasons)

    # deeds

    async def _do(self, deed: Deed) -> None:
        try:
            await self._tried(deed)
            self.done[deed.what] += 1
        except OperationError:
            self.done[f"{deed.what} refused"] += 1

    async def _tried(self, deed: Deed) -> None:
        orders = self.stack.orders
        if deed.what == "kill":
            for pid in processes_with("worker"):
                if self.stack.addresses.temporal in _words_of(pid):
                    os.kill(pid, signal.SIGKILL)
        elif deed.what == "fault":
            await self._sandbox("POST", "/_faults", json=deed.about)
        elif deed.what == "terminate":
            with suppress(RPCError):  # it has ended
                await orders.client.get_workflow_handle(order_workflow_id(deed.about)).terminate(reason="turmoil")
        elif deed.what == "amend":
            await orders.amend(AmendCommand(sent(deed.about), ANN))
        else:
            line = "1" if deed.what == "rollback" else None
            await orders.perform_action(deed.about, ACTIONS[deed.what], OrderAction(actor=ANN, line=line))

    async def _sandbox(self, method: str, path: str, **given: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.stack.addresses.sandbox, trust_env=False) as sandbox:
            answer = (await sandbox.request(method, path, **given)).raise_for_status()
        return answer.json() if answer.content else None

    async def records(self) -> Records:
        return Records(await self._sandbox("GET", "/_log"), await self._sandbox("GET", "/_state"))

    # tending

    async def _tend(self) -> None:
        while True:
            with suppress(OperationError):
                tasks = await self.stack.orders.list_tasks(WorkFilter(limit=500))
                fallout = await self.stack.orders.list_fallout(WorkFilter(limit=500))
                for interrupted in fallout.interrupted:
                    await self._recover(interrupted.order_id)
                for each in (*tasks.items, *fallout.items):
                    await self._tend_to(each.order_id, each.step)
                for held in (await self.stack.orders.list_orders(OrderFilter(states=(OrderState.HELD,)))).orders:
                    await self.stack.orders.perform_action(held.order_id, RESUME, OrderAction(actor=ANN))
            await asyncio.sleep(0.5)

    async def _recover(self, order_id: str) -> None:
        with suppress(OperationError):
            await self.stack.orders.perform_action(order_id, RECOVER, RecoverOrder(actor=ANN))
            self.done["recover"] += 1

    async def _tend_to(self, order_id: str, step: StepView) -> None:
        with suppress(OperationError):
            undoing = step.undo is not None and step.undo.state == StepState.FATALLY_FAILED
            if step.state is not StepState.FATALLY_FAILED and not undoing:
                await self._complete(order_id, step)
                return
            place = f"{order_id}/{step.id}"
            self.tries[place] += 1
            action = SKIP if self.tries[place] > TRIES and not undoing else RETRY
            data = {"id": "none", "tracking": "none"} if action is SKIP else None
            await self.stack.orders.perform_action(order_id, action, StepAction(step=step.id, actor=ANN, data=data))
            self.done[action.name] += 1

    async def _complete(self, order_id: str, step: StepView) -> None:
        answers = ANSWERS.get(step.id.partition("@")[0])
        if answers is None:
            return
        self.seen[step.id] += 1
        answer = answers[(sum(order_id.encode()) + self.seen[step.id]) % len(answers)]
        await self.stack.orders.perform_action(order_id, COMPLETE, StepAction(step=step.id, actor=ANN, data=answer))


def _is_undone(details: OrderDetails) -> bool:
    """Nothing of it stands, by no decision of a person: another revision may begin from nothing."""
    by_hand = (StepState.SKIPPED, StepState.FAILED_ACCEPTED)
    undos_left = any(step.undo is not None and step.undo.state == StepState.SKIPPED for step in details.steps)
    return (
        details.order.state is OrderState.CANCELLED
        and not undos_left
        and not any(step.state in by_hand for step in details.steps)
    )


def _words_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as line:
            return line.read()
    except OSError:
        return ""
