"""A running order is amended: the difference is shown first, and then only the difference is done."""

from __future__ import annotations

from collections import Counter
from typing import Any

from operations.actions.amend_order import AmendCommand
from operations.reading.order_details import OrderDetails
from stack.demo_context import STORY_ACTOR, DemoContext, SystemRecord, home_security_order
from stack.stories.story import Story, expect
from views.order.amendment import render_amendment
from workflows.contract.states import OrderState, StepState

ATTRIBUTES_BEFORE: dict[str, Any] = {"cameras": 4, "plan": "household"}
ATTRIBUTES_AFTER: dict[str, Any] = {"cameras": 4, "plan": "premium", "install": False, "warranty_years": 3}
EXPECTED_RECORDS = {
    ("account", "active"): 1,
    ("reservation", "shipped"): 2,
    ("shipment", "delivered"): 1,
    ("request", "cancelled"): 1,
    ("invoice", "credited"): 1,
    ("invoice", "issued"): 1,
    ("credit", "issued"): 1,
    ("subscription", "active"): 1,
    ("warranty", "registered"): 1,
}
"""(kind of record, state) → how many there are at the end"""


async def run_change(context: DemoContext) -> None:
    screen = context.output
    id_ = context.new_order_id("CHANGE")
    await context.submit(home_security_order(id_, ATTRIBUTES_BEFORE))
    screen.print_line("")
    screen.print_line(f"Order {id_}: the devices are delivered, and a technician will come to mount them.")
    await context.wait_until(id_, _is_waiting_for_visit)
    context.show_records(await context.records(id_))
    screen.print_line("")
    screen.print_line(
        "The customer calls: no technician, they mount everything themselves. Also better monitoring and more warranty."
    )
    screen.print_heading("What would that do? Nothing is done yet")
    context.print_cli_command("amend FILE --dry-run")
    order = home_security_order(id_, ATTRIBUTES_AFTER)
    would = await context.stack.orders.amend(AmendCommand(order, STORY_ACTOR, dry_run=True))
    expect(would.accepted, f"The amendment would be refused: {would.message}")
    screen.console.print(*render_amendment(would), sep="\n")
    screen.print_heading("The order is amended, live: only what differs is undone, done again or added")
    context.print_cli_command("amend FILE")
    screen.print_line((await context.stack.orders.amend(AmendCommand(order, STORY_ACTOR))).message)
    ended = await context.follow_order(id_)
    expect(ended.order.state is OrderState.COMPLETED, f"The order ended {ended.order.state}, not completed.")
    screen.print_heading("What the systems hold now")
    records = await context.records(id_)
    context.show_records(records)
    _check_records(records)
    screen.print_line(
        "The visit is cancelled, the fee is credited and invoiced again; devices and account were never touched."
    )


def _is_waiting_for_visit(reading: OrderDetails) -> bool:
    states = {step.id: step.state for step in reading.steps}
    return states.get("installation_visit.install@1") is StepState.IN_PROGRESS


def _check_records(records: list[SystemRecord]) -> None:
    counts = Counter((record.kind, record.state) for record in records)
    expect(counts == EXPECTED_RECORDS, f"The systems hold other records than expected: {dict(counts)}")
    plans = [record.data["plan"] for record in records if record.kind == "subscription"]
    expect(plans == [ATTRIBUTES_AFTER["plan"]], f"The subscription is for {plans}.")


STORY = Story(
    "change",
    "A running order is amended: first the difference is shown, then only that is done",
    (
        "A parcel takes 5 seconds instead of days, booking a technician 1½, activating a subscription 2.",
        "The visit is a minute away, so the wait “until the day before the visit” ends at once.",
    ),
    run_change,
)
