"""An order that is changed on its way: what that would do is said first, and then only that is done."""

from __future__ import annotations

from typing import Any

from operations.actions.amend_order import Amendment
from operations.reading.read_order import OrderReading
from stack.stories.stage import TELLER, Record, Stage
from stack.stories.story import Story, expect
from views.order.amendment import amendment_view
from workflows.contract.states import OrderState, StepState

BEFORE: dict[str, Any] = {"cameras": 4, "plan": "household"}
AFTER: dict[str, Any] = {"cameras": 4, "plan": "premium", "install": False, "warranty_years": 3}
ENDS_AS = {
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
"""How many records of each kind there are in the end, by their state."""


async def told(stage: Stage) -> None:
    screen = stage.screen
    id_ = stage.order_id("CHANGE")
    await stage.submit(_order(id_, BEFORE))
    screen.say("")
    screen.say(f"Order {id_}: the devices are delivered, and a technician is to come and mount them.")
    await stage.until(id_, _waits_for_the_technician)
    stage.show_records(await stage.records(id_))
    screen.say("")
    screen.say("The customer calls: no technician, they mount it themselves. And better monitoring, and more warranty.")
    screen.heading("What would that do? Nothing is done yet")
    stage.say_by_hand("amend FILE --dry-run")
    order = _order(id_, AFTER)
    would = await stage.stack.orders.amend(Amendment(order, TELLER, dry_run=True))
    expect(would.accepted, f"The amendment would be refused: {would.message}")
    screen.console.print(*amendment_view(would), sep="\n")
    screen.heading("It is changed, live: only what differs is undone, done again or added")
    stage.say_by_hand("amend FILE")
    screen.say((await stage.stack.orders.amend(Amendment(order, TELLER))).message)
    ended = await stage.followed(id_)
    expect(ended.order.state is OrderState.COMPLETED, f"The order ended {ended.order.state}, not completed.")
    screen.heading("What the systems hold now")
    records = await stage.records(id_)
    stage.show_records(records)
    _check(records)
    screen.say("The visit is cancelled, the fee credited and invoiced anew; devices and account were never touched.")


def _order(id_: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": id_,
        "customer": {"id": f"C-{id_}", "name": "Elm Street 14", "tier": "gold"},
        "lines": [{"id": "1", "product": "home_security", "attributes": attributes}],
    }


def _waits_for_the_technician(reading: OrderReading) -> bool:
    states = {step.id: step.state for step in reading.steps}
    return states.get("installation_visit.install@1") is StepState.IN_PROGRESS


def _check(records: list[Record]) -> None:
    found: dict[tuple[str, str], int] = {}
    for record in records:
        found[record.kind, record.state] = found.get((record.kind, record.state), 0) + 1
    expect(found == ENDS_AS, f"The systems hold something else than the order should have left: {found}")
    plans = [record.data["plan"] for record in records if record.kind == "subscription"]
    expect(plans == [AFTER["plan"]], f"The subscription is for {plans}.")


STORY = Story(
    "change",
    "An order changed on its way: the difference first, then only that is done",
    (
        "A parcel takes 3 seconds where life takes days, booking a technician 1½, activating a subscription 2.",
        "The visit is a minute away, so the wait “until the day before the visit” is over at once.",
    ),
    told,
)
