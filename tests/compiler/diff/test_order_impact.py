"""What an edit of the catalogue does to the plan of an order, and to the amendment of one that runs."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.diff.order_impact import AmendmentImpact, OrderOutcome, ValueChange, order_impact
from tests.support.compiler.catalogue_diffs import edited
from tests.support.compiler.written_catalogues import catalogue_in
from tests.support.core.compiled_orders import CompiledOrder

OLD = """
kind: commercial_product
id: kit
attributes: {n: {type: integer, maximum: 9, default: 1}}
let: {price: "attributes.n * 10"}
decomposes_to: [{product: part, quantity: attributes.n}, {product: extra}]
steps:
  bill: {activity: bill, with: {amount: "${let.price}"}, undo: {activity: refund}}
  note: {activity: note, with: {amount: "${let.price}"}, on_change: keep}
  tell:
    call: {system: crm, post: /tells, body: {amount: "${let.price}"}}
    on_change: {call: {system: crm, put: /tells}}
  wait: {manual: {queue: desk}}
---
kind: technical_product
id: part
steps: {pack: {activity: pack, with: {n: "${quantity}"}, undo: {activity: unpack}}}
---
kind: technical_product
id: extra
steps:
  make: {activity: make, undo: {activity: unmake}}
  look: {activity: look, after: make}
---
{kind: system, id: crm, base_url: "http://crm"}
"""
NEW = edited(OLD, "attributes.n * 10", "attributes.n * 12")
NEW = edited(NEW, ", {product: extra}]", ", {product: gift}]")
NEW += "---\nkind: technical_product\nid: gift\nsteps: {wrap: {activity: wrap}}\n"
LINES = [{"id": "1", "product": "kit"}]


def order(**attributes: int) -> dict[str, Any]:
    return {"id": "O-1", "customer": {"id": "C-1"}, "lines": [{**LINES[0], "attributes": attributes}]}


def test_lines_values_and_steps_that_differ_are_told() -> None:
    impact = order_impact(order(), "orders.yaml", catalogue_in(OLD), catalogue_in(NEW))
    assert impact.outcome is OrderOutcome.OTHER_PLAN
    assert (impact.lines_added, impact.lines_removed) == (("gift@1",), ("extra@1",))
    assert impact.values == (ValueChange("1", "let.price", 10, 12),)
    assert impact.plan is not None
    assert set(impact.plan.changed) == {"kit.bill@1", "kit.note@1", "kit.tell@1"}
    assert impact.amendment == AmendmentImpact(
        redone=("kit.bill@1",),
        patched=("kit.tell@1",),
        kept=("kit.note@1",),
        undone=("extra.make@1",),
        left=("extra.look@1",),
        added=("gift.wrap@1",),
    )


def test_amendment_of_a_running_order_does_what_is_told() -> None:
    """The order has completed every step but one that keeps it open. The amendment concerns all its lines, because the
    customer is told with a name."""
    running = CompiledOrder(catalogue_in(OLD), LINES)
    for _ in range(2):
        for id_, state in running.states().items():
            if state == "in_progress" and id_ != "kit.wait@1":
                running.answer(id_)
    assert {id_ for id_, state in running.states().items() if state != "completed"} == {"kit.wait@1"}
    running.catalogue = catalogue_in(NEW)
    customer = {"id": "C-1", "name": "Elm Street 14"}
    running.order = lambda lines: {"id": "O-1", "customer": customer, "lines": lines}  # type: ignore[method-assign]
    fates = {step.id: step.fate for step in running.amend(LINES).steps}
    told = order_impact(order(), "orders.yaml", catalogue_in(OLD), catalogue_in(NEW)).amendment
    assert told is not None
    expected = {
        **dict.fromkeys(told.redone, "redone"),
        **dict.fromkeys(told.patched, "patched"),
        **dict.fromkeys(told.kept, "kept"),
        **dict.fromkeys((*told.undone, *told.left), "undone"),
        **dict.fromkeys(told.added, "added"),
    }
    assert fates == expected


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (OLD, OLD, OrderOutcome.SAME_PLAN),
        (OLD, edited(OLD, "maximum: 9", "maximum: 4"), OrderOutcome.NOW_REJECTED),
        (edited(OLD, "maximum: 9", "maximum: 4"), OLD, OrderOutcome.NOW_ACCEPTED),
        (
            edited(OLD, "maximum: 9", "maximum: 4"),
            edited(OLD, "maximum: 9", "maximum: 3"),
            OrderOutcome.REJECTED_BY_BOTH,
        ),
        (
            OLD,
            edited(OLD, "  look: {activity: look, after: make}", "  look: {activity: look}"),
            OrderOutcome.OTHER_PLAN,
        ),
    ],
)
def test_outcome(old: str, new: str, outcome: OrderOutcome) -> None:
    impact = order_impact(order(n=7), "orders.yaml", catalogue_in(old), catalogue_in(new))
    assert impact.outcome is outcome
    rejected = outcome in (OrderOutcome.NOW_REJECTED, OrderOutcome.REJECTED_BY_BOTH)
    assert bool(impact.findings) is rejected
