"""A delivery is late, and the order warns before that happens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.reading.order_details import OrderDetails
from stack.demo_context import DemoContext
from stack.stories.story import DEFAULT_DELAYS, Story, expect
from workflows.contract.states import Jeopardy, OrderState

DELIVERY_SECONDS = 21.0
REQUESTED_SECONDS = 21.0
"""Seconds from now until the requested completion."""
EXPECTED_EVENTS = ("ordo.order.at_risk", "ordo.step.escalated", "ordo.order.late", "ordo.order.completed")


async def run_delay(context: DemoContext) -> None:
    order = _order(context.new_order_id("DELAY"))
    id_ = order["id"]
    await context.submit(order)
    context.output.print_line("")
    context.output.print_line(
        f"Order {id_}, requested within {REQUESTED_SECONDS:.0f} seconds. The carrier has lost the parcel for a while."
    )
    forecasts = asyncio.create_task(_print_forecasts(context, id_))
    try:
        ended = await context.follow_order(id_)
    finally:
        forecasts.cancel()
        await asyncio.gather(forecasts, return_exceptions=True)
    context.output.print_heading("What the order reported, and when")
    _show_history(context, ended)
    expect(ended.order.state is OrderState.COMPLETED, f"The order ended {ended.order.state}, not completed.")
    reported = [entry.what for entry in ended.order.history]
    for words in ("at risk: its sla", "late: its sla", "escalated to customer_care"):
        expect(any(what.startswith(words) for what in reported), f"The step has not reported `{words}`.")
    expect(any(what.startswith("at risk: it will be late") for what in reported), "The order has not warned early.")
    context.output.print_heading("The notifications that customer care got")
    await _show_notifications(context, id_)


def _order(id_: str) -> dict[str, Any]:
    wanted = datetime.now(UTC) + timedelta(seconds=REQUESTED_SECONDS)
    return {
        "id": id_,
        "customer": {"id": "C-42", "name": "Elm Street 14", "tier": "gold"},
        "requested_completion": wanted.isoformat(),
        "lines": [{"id": "1", "product": "home_security", "attributes": {"install": False}}],
    }


async def _print_forecasts(context: DemoContext, id_: str) -> None:
    """Prints the forecast whenever the order's jeopardy changes."""
    known = Jeopardy.ON_TRACK
    while True:
        order = (await context.stack.orders.read(id_, steps=False)).order
        if order.jeopardy is not known and order.forecast is not None:
            known = order.jeopardy
            held_up = f", held up by {order.held_up_by}" if order.held_up_by else ""
            context.output.print_line(
                f"          → the order is {known.replace('_', ' ')}: forecast {_format_time(order.forecast)}{held_up}"
            )
        await asyncio.sleep(0.5)


def _show_history(context: DemoContext, ended: OrderDetails) -> None:
    for entry in ended.order.history:
        if entry.what.startswith(("at risk", "late", "escalated", "on track")):
            about = f"  {entry.step}" if entry.step else ""
            context.output.print_bullet(f"{_format_time(entry.at)}{about}  {entry.what}")
    wanted, end = ended.order.requested_completion, ended.order.ended_at
    if wanted and end:
        context.output.print_bullet(
            f"{_format_time(end)}  completed, {(end - wanted).total_seconds():.0f} s after the requested time"
        )


async def _show_notifications(context: DemoContext, id_: str) -> None:
    """Notifications arrive in order, at least once, and possibly after the order has ended."""
    for _ in range(50):
        types = [event["type"] for event in await context.notifications(id_)]
        if "ordo.order.completed" in types:
            break
        await asyncio.sleep(0.2)
    for event in await context.notifications(id_):
        about = event["subject"].partition("/")[2] or "the order"
        context.output.print_bullet(f"no. {int(event['sequence'])}  {event['type'].removeprefix('ordo.')}  {about}")
    missing = [type_ for type_ in EXPECTED_EVENTS if type_ not in types]
    expect(not missing, f"Customer care was not notified of {', '.join(missing)}.")


def _format_time(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")


STORY = Story(
    "delay",
    "A delivery is late: the order warns before that happens, and customer care is notified",
    (
        "A parcel is expected after 3 seconds, at risk after 7 and late after 12; in reality after 2, 2½ and 3 days.",
        f"This parcel takes {DELIVERY_SECONDS:.0f} seconds.",
    ),
    run_delay,
    {**DEFAULT_DELAYS, "delivery": DELIVERY_SECONDS},
)
