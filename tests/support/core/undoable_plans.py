"""Plans whose steps can be undone, and orders with some of them completed."""

from __future__ import annotations

from typing import Any

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call


def undoable(path: str = "/x", **further: Any) -> dict[str, Any]:
    """A call whose undo reads its output."""
    return call(path, undo={"call": {"system": "shop", "delete": "/x/${output.id}"}}, **further)


def done(steps: dict[str, Any], *names: str) -> OrderDriver:
    """An order with these steps completed, in this order."""
    driven = OrderDriver(steps)
    for name in names:
        driven.answer(name, {"id": name})
    return driven


CHAIN = {"a": undoable(), "b": undoable(after=["a"]), "c": undoable(after=["b"]), "d": undoable(after=["c"])}
