"""A system that breaks down while orders need it, and comes back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from operations.reading.systems import SystemReading
from stack.errors import StackError
from stack.stories.stage import LONGEST, Stage
from stack.stories.story import Story, expect
from views.infrastructure.systems import systems_table
from views.shared.value_format import counted
from workflows.contract.states import OrderState, StepState
from workflows.contract.switch_messages import SwitchState

SYSTEM = "subscription"
ORDERS = 6
WATCHED = 3.0
"""Seconds for which the system stays away once its breaker has opened."""


async def told(stage: Stage) -> None:
    screen = stage.screen
    await stage.break_down(SYSTEM)
    screen.say("")
    screen.say(f"The subscription service answers 503 from now on. {counted(ORDERS, 'order')} for an app come in.")
    ids = [stage.order_id("APP") for _ in range(ORDERS)]
    await asyncio.gather(*(stage.submit(_order(id_)) for id_ in ids))
    opened = await _until(stage, SwitchState.OPEN)
    screen.heading("A few calls have failed, and the breaker is open: the others wait, and burn no attempt")
    screen.console.print(systems_table([opened]))
    await stage.until(ids[0], lambda reading: any(step.state is StepState.ON_HOLD for step in reading.steps))
    _, reasons = await stage.stack.orders.why(ids[0])
    stage.say_by_hand(f"why {ids[0]}")
    for reason in reasons:
        screen.point(reason.sentence)
    await asyncio.sleep(WATCHED)
    await stage.mend()
    screen.heading("The service is back. Nobody tells Ordo: the next probe finds out, and work goes on, paced")
    await _until(stage, SwitchState.HALF_OPEN, SwitchState.CLOSED)
    ended = await asyncio.gather(*(stage.stack.orders.wait(id_, timeout=LONGEST) for id_ in ids))
    for order in ended:
        screen.point(f"{order.order_id}  {order.state}")
    expect(all(order.state is OrderState.COMPLETED for order in ended), "Not every order has completed.")
    await _show_once(stage, ids)


def _order(id_: str) -> dict[str, object]:
    return {
        "id": id_,
        "customer": {"id": f"C-{id_}", "name": "Elm Street 14"},
        "lines": [{"id": "1", "product": "monitoring_app", "attributes": {"seats": 2}}],
    }


async def _until(stage: Stage, *states: SwitchState) -> SystemReading:
    """The system as soon as its switch stands there, said as it moves."""
    known: SwitchState | None = None
    began = datetime.now(UTC)
    while (datetime.now(UTC) - began).total_seconds() < LONGEST:
        for reading in await stage.stack.orders.systems():
            if reading.view.system != SYSTEM:
                continue
            if reading.view.state is not known:
                known = reading.view.state
                stage.screen.say(f"{datetime.now().astimezone():%H:%M:%S}  {SYSTEM}: {known.replace('_', ' ')}")
            if known in states:
                return reading
        await asyncio.sleep(0.3)
    raise StackError(f"The switch of {SYSTEM} does not move: {stage.by_hand('systems')}")


async def _show_once(stage: Stage, ids: list[str]) -> None:
    effects = [effect for id_ in ids for effect in await stage.effects(id_)]
    made = [effect for effect in effects if effect["system"] == SYSTEM and effect["method"] == "POST"]
    stage.screen.point(f"{counted(len(made), 'subscription')} were made, one an order; no person did anything.")
    expect(len(made) == ORDERS, f"{len(made)} subscriptions were made for {ORDERS} orders.")


STORY = Story(
    "breakdown",
    "A system that breaks down: its calls wait, and go on by themselves when it is back",
    (
        "The system is away for some seconds; for Ordo it makes no difference if that is a night or a week.",
        "Activating a subscription takes 2 seconds.",
    ),
    told,
)
