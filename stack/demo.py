"""`demo`: the product's first minute. One order from its submission to its end, on the whole stack."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from compiler.orders.reader import read_orders
from operations.errors import OperationRefused
from operations.reading.order_details import OrderDetails
from stack.demo_output import DemoOutput
from stack.errors import StackError
from stack.options import StackOptions
from stack.stack import RunningStack, ShutdownRequested, run_stack
from views.order.watch import follow
from workflows.contract import actions
from workflows.contract.order_messages import Actor, StepAction
from workflows.contract.order_views import StepView
from workflows.contract.states import OrderState, StepState

SANDBOX_DELAYS = {"delivery": 4.0, "booking": 2.0, "appointment": 60.0, "activation": 3.0}
"""Seconds in the sandbox, where life takes days."""
SIMPLIFICATIONS = (
    "A parcel takes 4 seconds where life takes days, booking a technician 2, activating a subscription 3.",
    "The visit is a minute away, so the wait “until the day before the visit” is over at once.",
    "And nobody drives out: the demo itself completes the technician's task.",
)
FAULTS = (
    ({"kind": "status", "system": "inventory", "path": "/reservations", "times": 3},
     "Inventory answers its next three requests with 503: unavailable."),
    ({"kind": "drop", "system": "logistics", "path": "/shipments"},
     "Logistics does its work the next time, but the line goes dead before it can say so."),
)  # fmt: skip
TECHNICIAN = Actor(by="demo", reason="the demo plays the technician")
VISIT_RESULT = {"outcome": "done", "notes": "Mounted and tested"}
TASK_VISIBLE_SECONDS = 2.5
"""Seconds that the task is left open, so that one sees it wait for a person."""
STUCK_AFTER = 150.0
"""Seconds after which an order that has not ended is called stuck."""
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class DemoOptions:
    stack: StackOptions
    order: Path = Path("orders/home_security.yaml")
    keep_running: bool = False
    """Whether the stack stays up until Ctrl-C once the order has ended, so that it can be visited."""


def demo(options: DemoOptions, console: Console) -> int:
    """Shows it on `console`. 0 where the order completed; 4 where it ended otherwise; 130 where it was interrupted.

    The demo has data of its own, new at each start, and takes free ports where the usual ones are taken.
    Raises OperationError, StackError among others, in words for the person who watches.
    """
    order = _load_order(options.order)
    own = replace(
        options.stack, data=options.stack.data / "demo", ports=options.stack.ports.with_free_ports(), fresh=True
    )
    return asyncio.run(_run_demo(replace(options, stack=own), order, DemoOutput(console)))


def _load_order(path: Path) -> dict[str, Any]:
    """The sample order, with its dates counted from today."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StackError(
            f"The sample order {path} cannot be read: {error.strerror}. Run this where Ordo lies."
        ) from error
    order = read_orders(text, str(path))[0]
    now = datetime.now(UTC).replace(microsecond=0)
    return order | {
        "requested_start": now.isoformat(),
        "requested_completion": (now + timedelta(days=14)).isoformat(),
    }


async def _run_demo(options: DemoOptions, order: dict[str, Any], output: DemoOutput) -> int:
    outcome: int = EXIT_INTERRUPTED

    async def show(stack: RunningStack) -> None:
        nonlocal outcome
        outcome = await _show_order(stack, order, output)
        output.show_next_steps(stack, order["id"], options.keep_running)
        if options.keep_running:
            await asyncio.Event().wait()

    output.print_line("Starting Temporal, the sandbox systems, the worker and the gateway …")
    try:
        await run_stack(options.stack, output.print_line, show, SANDBOX_DELAYS)
    except ShutdownRequested:
        output.print_line("Ended.")
    return outcome


async def _show_order(stack: RunningStack, order: dict[str, Any], output: DemoOutput) -> int:
    output.print_heading("Shortened for the demo")
    for sentence in SIMPLIFICATIONS:
        output.print_bullet(sentence)
    output.print_heading("Faults switched on, so that something goes wrong")
    for fault, sentence in FAULTS:
        await _add_fault(stack, fault)
        output.print_bullet(sentence)
    submission = await stack.orders.submit(order)
    if submission.decision is None:
        raise StackError(f"No worker has taken order {order['id']} up. Its log: {stack.folder.log_file('worker')}")
    if not submission.accepted:
        raise OperationRefused("rejected", f"Order {order['id']} was rejected", submission.decision.findings)
    reading = await stack.orders.read(order["id"])
    output.print_heading("What one order line becomes")
    output.show_decomposition(reading)
    output.print_heading("The plan, live")
    ended = await _follow_order(stack, order["id"], output)
    output.print_heading("What the systems saw")
    await _show_system_logs(stack, order["id"], output)
    return 0 if ended.order.state is OrderState.COMPLETED else 4


async def _add_fault(stack: RunningStack, fault: dict[str, Any]) -> None:
    async with httpx.AsyncClient(base_url=stack.addresses.sandbox, trust_env=False) as sandbox:
        (await sandbox.post("/_faults", json=fault)).raise_for_status()


async def _follow_order(stack: RunningStack, order_id: str, output: DemoOutput) -> OrderDetails:
    technician = asyncio.create_task(_complete_first_task(stack, order_id, output))
    try:
        return await follow(stack.orders, order_id, output.console, STUCK_AFTER)
    finally:
        technician.cancel()
        await asyncio.gather(technician, return_exceptions=True)


async def _complete_first_task(stack: RunningStack, order_id: str, output: DemoOutput) -> None:
    """Completes the first manual task once it is open, as a person would."""
    task = await _wait_for_open_task(stack, order_id)
    await asyncio.sleep(TASK_VISIBLE_SECONDS)
    result = StepAction(step=task.id, actor=TECHNICIAN, data=VISIT_RESULT, expected=StepState.IN_PROGRESS)
    await stack.orders.perform_action(order_id, actions.COMPLETE, result)
    output.show_task_completed(stack, order_id, task, VISIT_RESULT)


async def _wait_for_open_task(stack: RunningStack, order_id: str) -> StepView:
    while True:
        page = await stack.orders.read_steps_page(order_id, states=[StepState.IN_PROGRESS])
        for step in page.steps:
            if step.kind == "manual":
                return step
        await asyncio.sleep(0.3)


async def _show_system_logs(stack: RunningStack, order_id: str, output: DemoOutput) -> None:
    async with httpx.AsyncClient(base_url=stack.addresses.sandbox, trust_env=False) as sandbox:
        prefix = {"key_prefix": f"{order_id}/"}
        requests = (await sandbox.get("/_requests", params=prefix)).raise_for_status().json()
        effects = (await sandbox.get("/_log", params=prefix)).raise_for_status().json()
    changing = [request for request in requests if request["method"] != "GET"]
    output.show_exactly_once(
        requests=len(changing),
        failed=sum(1 for request in changing if request["status"] >= 500),
        repeated=sum(1 for request in changing if request["replayed"]),
        effects=len(effects),
        keys=len({effect["key"] for effect in effects}),
    )
