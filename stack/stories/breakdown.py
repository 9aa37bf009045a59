"""A system fails while orders need it, and comes back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from operations.reading.system_health import SystemHealth
from operations.systems import SystemStatus
from stack.demo_context import STUCK_AFTER, DemoContext
from stack.errors import StackError
from stack.stories.story import Story, expect
from views.infrastructure.systems import systems_table
from views.shared.value_format import pluralize
from workflows.contract.states import OrderState, StepState
from workflows.contract.switch_messages import SwitchState

BROKEN_SYSTEM = "subscription"
ORDER_COUNT = 6
DOWN_SECONDS = 3.0
"""Seconds for which the system stays down after its breaker has opened."""


async def run_breakdown(context: DemoContext) -> None:
    screen = context.output
    await context.add_fault("status", BROKEN_SYSTEM, times=100_000)
    screen.print_line("")
    screen.print_line(
        f"The subscription service answers 503 from now on. {pluralize(ORDER_COUNT, 'order')} for an app come in."
    )
    ids = [context.new_order_id("APP") for _ in range(ORDER_COUNT)]
    await asyncio.gather(*(context.submit(_order(id_)) for id_ in ids))
    opened = await _wait_for_switch(context, SwitchState.OPEN)
    screen.print_heading("A few calls have failed and the breaker is open: the other calls wait and use no attempt")
    screen.console.print(systems_table(SystemHealth([opened], None, None)))
    await context.wait_until(ids[0], lambda reading: any(step.state is StepState.ON_HOLD for step in reading.steps))
    _, reasons = await context.stack.orders.find_blockers(ids[0])
    context.print_cli_command(f"why {ids[0]}")
    for reason in reasons:
        screen.print_bullet(reason.sentence)
    await asyncio.sleep(DOWN_SECONDS)
    await context.clear_faults()
    screen.print_heading(
        "The service is back. Nobody tells Ordo: a probe finds out, and work continues at a rising pace"
    )
    await _wait_for_switch(context, SwitchState.HALF_OPEN, SwitchState.CLOSED)
    ended = await asyncio.gather(*(context.stack.orders.wait_until_ended(id_, timeout=STUCK_AFTER) for id_ in ids))
    for order in ended:
        screen.print_bullet(f"{order.order_id}  {order.state}")
    expect(all(order.state is OrderState.COMPLETED for order in ended), "Not every order has completed.")
    await _check_exactly_once(context, ids)


def _order(id_: str) -> dict[str, object]:
    return {
        "id": id_,
        "customer": {"id": f"C-{id_}", "name": "Elm Street 14"},
        "lines": [{"id": "1", "product": "monitoring_app", "attributes": {"seats": 2}}],
    }


async def _wait_for_switch(context: DemoContext, *states: SwitchState) -> SystemStatus:
    """The system once its switch is in one of `states`. Prints each change."""
    known: SwitchState | None = None
    began = datetime.now(UTC)
    while (datetime.now(UTC) - began).total_seconds() < STUCK_AFTER:
        for reading in await context.stack.orders.list_systems():
            if reading.view.system != BROKEN_SYSTEM:
                continue
            if reading.view.state is not known:
                known = reading.view.state
                context.output.print_line(
                    f"{datetime.now().astimezone():%H:%M:%S}  {BROKEN_SYSTEM}: {known.replace('_', ' ')}"
                )
            if known in states:
                return reading
        await asyncio.sleep(0.3)
    raise StackError(f"The switch of {BROKEN_SYSTEM} does not change: {context.stack.cli_command('systems')}")


async def _check_exactly_once(context: DemoContext, ids: list[str]) -> None:
    effects = [effect for id_ in ids for effect in await context.effects(id_)]
    made = [effect for effect in effects if effect["system"] == BROKEN_SYSTEM and effect["method"] == "POST"]
    context.output.print_bullet(
        f"{pluralize(len(made), 'subscription')} were created, one for each order. No person did anything."
    )
    expect(len(made) == ORDER_COUNT, f"{len(made)} subscriptions were created for {ORDER_COUNT} orders.")


STORY = Story(
    "breakdown",
    "A system fails: its calls wait, and continue by themselves when it is back",
    (
        "The system is down for some seconds. For Ordo a night or a week makes no difference.",
        "Activating a subscription takes 2 seconds.",
    ),
    run_breakdown,
)
