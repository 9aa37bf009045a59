"""An order is cancelled halfway, and everything that it did is undone."""

from __future__ import annotations

from operations.reading.order_details import OrderDetails
from stack.demo_context import STORY_ACTOR, DemoContext, SystemRecord, home_security_order
from stack.stories.story import Story, expect
from workflows.contract.actions import CANCEL
from workflows.contract.order_messages import OrderAction
from workflows.contract.states import OrderState, StepState

COMPENSATED_STATES = {
    "reservation": {"released"},
    "shipment": {"recalled", "returned"},
    "request": {"cancelled"},
    "invoice": {"credited"},
    "credit": {"issued"},
    "account": {"closed"},
}
"""Kind of record → its states once the order has left nothing behind."""


async def run_cancel(context: DemoContext) -> None:
    screen = context.output
    id_ = context.new_order_id("CANCEL")
    await context.submit(home_security_order(id_, {"cameras": 4, "camera_model": "outdoor"}))
    screen.print_line("")
    screen.print_line(f"Order {id_}: the devices are on their way, the visit is booked, the set-up fee is invoiced.")
    await context.wait_until(id_, _is_under_way)
    screen.print_heading("What the systems hold for it")
    context.show_records(await context.records(id_))
    screen.print_heading("The customer cancels. What would that do?")
    context.print_cli_command(f"cancel {id_} --assess")
    orders = context.stack.orders
    assessed = await orders.perform_action(id_, CANCEL, OrderAction(actor=STORY_ACTOR, assess=True))
    screen.print_line(assessed.message)
    screen.print_heading("The order is cancelled, live: each step is undone after the steps that depend on it")
    context.print_cli_command(f"cancel {id_} --reason 'changed their mind'")
    cancelled = await orders.perform_action(id_, CANCEL, OrderAction(actor=STORY_ACTOR))
    screen.print_line(cancelled.message)
    ended = await context.follow_order(id_)
    expect(ended.order.state is OrderState.CANCELLED, f"The order ended {ended.order.state}, not cancelled.")
    screen.print_heading("What the systems hold now")
    records = await context.records(id_)
    context.show_records(records)
    left = [record for record in records if not _is_compensated(record)]
    expect(not left, f"Left behind: {', '.join(f'{record.kind} {record.id} {record.state}' for record in left)}")
    expect(
        {"reservation", "request", "invoice"} <= {record.kind for record in records},
        "Too little was done to undo.",
    )
    screen.print_line("Stock is released, the visit is cancelled, the invoice is credited. Nothing is left behind.")


def _is_under_way(reading: OrderDetails) -> bool:
    done = {step.id for step in reading.steps if step.state is StepState.COMPLETED}
    return {"shipment.ship@1", "installation_visit.book@1", "home_security.setup_fee@1"} <= done


def _is_compensated(record: SystemRecord) -> bool:
    return record.state in COMPENSATED_STATES.get(record.kind, set())


STORY = Story(
    "cancel",
    "An order is cancelled halfway and everything is undone, as the systems' own records show",
    ("A parcel takes 5 seconds instead of days, booking a technician 1½.",),
    run_cancel,
)
