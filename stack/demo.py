"""`demo`: one order from its submission to its end, on the whole stack."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from compiler.orders.reader import read_orders
from operations.client import OrderClient
from operations.reading.order_details import OrderDetails
from stack.console_visit import invite_to_console
from stack.demo_context import DemoContext
from stack.demo_output import DemoOutput
from stack.errors import StackError
from stack.lifecycle import EXIT_UNEXPECTED, run_until_signal
from stack.options import StackOptions
from stack.running_stack import RunningStack
from workflows.contract import actions
from workflows.contract.order_messages import Actor, StepAction
from workflows.contract.order_views import StepView
from workflows.contract.states import OrderState, StepState

SAMPLE_ORDER = Path("orders/home_security.yaml")
SANDBOX_DELAYS = {"delivery": 4.0, "booking": 2.0, "appointment": 60.0, "activation": 3.0}
"""Seconds that things take in the sandbox; in reality they take days."""
SIMPLIFICATIONS = (
    "A parcel takes 4 seconds instead of days, booking a technician 2, activating a subscription 3.",
    "The visit is a minute away, so the wait “until the day before the visit” ends at once.",
    "No technician drives out: the demo completes their task.",
)
FAULTS = (
    ({"kind": "status", "system": "inventory", "path": "/reservations", "times": 3},
     "Inventory answers its next three requests with 503 (unavailable)."),
    ({"kind": "drop", "system": "logistics", "path": "/shipments"},
     "Logistics handles its next request, but the connection breaks before it answers."),
)  # fmt: skip
TECHNICIAN = Actor(by="demo", reason="the demo plays the technician")
VISIT_RESULT = {"outcome": "done", "notes": "Mounted and tested"}
TASK_VISIBLE_SECONDS = 2.5
"""Seconds for which the task stays open, so that the viewer sees it wait for a person."""
STUCK_AFTER = 150.0
"""Seconds after which an order that has not ended is called stuck."""


def demo(options: StackOptions, console: Console, *, keep_running: bool) -> int:
    """Returns 0 if the order completed, 4 if it ended otherwise, 130 if the demo was interrupted.

    `keep_running`: the stack stays up after the order has ended, until Ctrl-C. Raises StackError and OperationError.
    """
    order = _load_order()
    output = DemoOutput(console)

    async def show(stack: RunningStack) -> int:
        await invite_to_console(stack, output, waits=keep_running)
        status = await _show_order(DemoContext(stack, output), order)
        output.show_next_steps(stack, order["id"], keep_running)
        return status

    return run_until_signal(
        options.for_demo(), output.print_line, show, sandbox_delays=SANDBOX_DELAYS, keep_running=keep_running
    )


def _load_order() -> dict[str, Any]:
    """The sample order, with dates that count from today."""
    try:
        text = SAMPLE_ORDER.read_text(encoding="utf-8")
    except OSError as error:
        raise StackError(
            f"The sample order {SAMPLE_ORDER} cannot be read: {error.strerror}. Run this in Ordo's folder."
        ) from error
    now = datetime.now(UTC).replace(microsecond=0)
    return read_orders(text, str(SAMPLE_ORDER))[0] | {
        "requested_start": now.isoformat(),
        "requested_completion": (now + timedelta(days=14)).isoformat(),
    }


async def _show_order(context: DemoContext, order: dict[str, Any]) -> int:
    output, order_id = context.output, order["id"]
    output.print_heading("Shortened for the demo")
    for sentence in SIMPLIFICATIONS:
        output.print_bullet(sentence)
    pretended = context.stack.addresses.pretend
    if pretended is None:
        output.print_heading("Faults that the demo switches on")
        for fault, sentence in FAULTS:
            await context.add_fault(**fault)
            output.print_bullet(sentence)
    await context.submit(order)
    output.print_heading("What one order line becomes")
    output.show_decomposition(await context.stack.orders.read(order_id))
    output.print_heading("The plan, live")
    ended = await _follow_order(context, order_id)
    output.print_heading("What the systems saw")
    if pretended is None:
        await _show_system_logs(context, order_id)
    else:
        output.print_bullet(
            f"{pretended}/_log shows the calls of pretend systems, {pretended}/_deliveries what they sent."
        )
    return 0 if ended.order.state is OrderState.COMPLETED else EXIT_UNEXPECTED


async def _follow_order(context: DemoContext, order_id: str) -> OrderDetails:
    technician = asyncio.create_task(_complete_first_task(context, order_id))
    try:
        return await context.follow_order(order_id, STUCK_AFTER)
    finally:
        technician.cancel()
        await asyncio.gather(technician, return_exceptions=True)


async def _complete_first_task(context: DemoContext, order_id: str) -> None:
    """Completes the first manual task once it is open, as a person would."""
    orders = context.stack.orders
    task = await _wait_for_open_task(orders, order_id)
    await asyncio.sleep(TASK_VISIBLE_SECONDS)
    result = StepAction(step=task.id, actor=TECHNICIAN, data=VISIT_RESULT, expected=StepState.IN_PROGRESS)
    await orders.perform_action(order_id, actions.COMPLETE, result)
    context.output.show_task_completed(context.stack, order_id, task, VISIT_RESULT)


async def _wait_for_open_task(orders: OrderClient, order_id: str) -> StepView:
    while True:
        page = await orders.read_steps_page(order_id, states=[StepState.IN_PROGRESS])
        for step in page.steps:
            if step.kind == "manual":
                return step
        await asyncio.sleep(0.3)


async def _show_system_logs(context: DemoContext, order_id: str) -> None:
    effects = await context.effects(order_id)
    changing = [request for request in await context.requests(order_id) if request["method"] != "GET"]
    context.output.show_exactly_once(
        requests=len(changing),
        failed=sum(1 for request in changing if request["status"] >= 500),
        repeated=sum(1 for request in changing if request["replayed"]),
        effects=len(effects),
        keys=len({effect["key"] for effect in effects}),
    )
