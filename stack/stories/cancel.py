"""An order that is cancelled in the middle, and everything that is put back."""

from __future__ import annotations

from typing import Any

from operations.actions.step_and_order_actions import OrderCommand
from operations.reading.read_order import OrderReading
from stack.stories.stage import TELLER, Record, Stage
from stack.stories.story import Story, expect
from workflows.contract.states import OrderState, StepState

PUT_BACK = {
    "reservation": {"released"},
    "shipment": {"recalled", "returned"},
    "request": {"cancelled"},
    "invoice": {"credited"},
    "credit": {"issued"},
    "account": {"closed"},
}
"""What each kind of record has become where the order has left nothing behind."""


async def told(stage: Stage) -> None:
    screen = stage.screen
    id_ = stage.order_id("CANCEL")
    await stage.submit(_order(id_))
    screen.say("")
    screen.say(f"Order {id_}: the devices are on their way, the visit is booked, the set-up fee is invoiced.")
    await stage.until(id_, _is_under_way)
    screen.heading("What the systems hold for it")
    stage.show_records(await stage.records(id_))
    screen.heading("The customer cancels. What would that do?")
    stage.say_by_hand(f"cancel {id_} --assess")
    cancel = OrderCommand("cancel", id_, TELLER)
    screen.say((await stage.stack.orders.act_on_order(OrderCommand("cancel", id_, TELLER, assess=True))).message)
    screen.heading("It is cancelled, live: each step is undone after everything that depends on it")
    stage.say_by_hand(f"cancel {id_} --reason 'changed their mind'")
    screen.say((await stage.stack.orders.act_on_order(cancel)).message)
    ended = await stage.followed(id_)
    expect(ended.order.state is OrderState.CANCELLED, f"The order ended {ended.order.state}, not cancelled.")
    screen.heading("What the systems hold now")
    records = await stage.records(id_)
    stage.show_records(records)
    left = [record for record in records if not _is_put_back(record)]
    expect(not left, f"Left behind: {', '.join(f'{record.kind} {record.id} {record.state}' for record in left)}")
    expect({"reservation", "request", "invoice"} <= {record.kind for record in records}, "Too little was done to undo.")
    screen.say("Stock is released, the visit is cancelled, the invoice is credited. Nothing is left behind.")


def _order(id_: str) -> dict[str, Any]:
    return {
        "id": id_,
        "customer": {"id": f"C-{id_}", "name": "Elm Street 14", "tier": "gold"},
        "lines": [{"id": "1", "product": "home_security", "attributes": {"cameras": 4, "camera_model": "outdoor"}}],
    }


def _is_under_way(reading: OrderReading) -> bool:
    done = {step.id for step in reading.steps if step.state is StepState.COMPLETED}
    return {"shipment.ship@1", "installation_visit.book@1", "home_security.setup_fee@1"} <= done


def _is_put_back(record: Record) -> bool:
    return record.state in PUT_BACK.get(record.kind, set())


STORY = Story(
    "cancel",
    "A cancellation that puts everything back, shown from the systems' own records",
    ("A parcel takes 3 seconds where life takes days, booking a technician 1½.",),
    told,
)
