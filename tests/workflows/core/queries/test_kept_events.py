"""Events that an order keeps, as its view shows them."""

from __future__ import annotations

from typing import Any

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from workflows.core.queries.kept_events import kept_event_views
from workflows.core.queries.order_view import order_view

SCAN: dict[str, Any] = {"event": {"name": "scan", "match": "payload.n > 0"}}


def reasons(driven: OrderDriver) -> dict[str, tuple[str, list[str]]]:
    return {event.event_id: (event.reason, event.steps) for event in kept_event_views(driven.run)}


def test_view_says_why_no_step_has_taken_an_event() -> None:
    driven = OrderDriver({"a": SCAN, "b": SCAN, "c": {"event": {"name": "paid"}, "after": ["d"]}, "d": call()})
    driven.signal_event("scan", None, {"n": 1}, event_id="both")
    driven.signal_event("scan", None, {"n": 0}, event_id="none")
    driven.signal_event("paid", event_id="soon")
    driven.signal_event("other", event_id="odd")
    assert reasons(driven) == {
        "both": ("several_steps", ["camera.a@1", "camera.b@1"]),
        "none": ("no_match", ["camera.a@1", "camera.b@1"]),
        "soon": ("early", ["camera.c@1"]),
        "odd": ("no_step", []),
    }


def test_view_without_kept_events_is_as_before() -> None:
    view = order_view(OrderDriver({"a": SCAN}).run, 1)
    assert "kept_events" not in view.model_dump()
