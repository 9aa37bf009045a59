"""Views of the list that come with the console. A person's own ones are kept by the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.presenting.orders.filter_fields import BY_NAME
from console.presenting.orders.order_query import OrderQuery, list_address


@dataclass(frozen=True)
class SavedView:
    name: str
    description: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ViewLink:
    name: str
    description: str
    address: str
    is_current: bool


BUILT_IN: tuple[SavedView, ...] = (
    SavedView("All", "Open orders, the newest first; then ended ones", ()),
    SavedView("Open", "Orders that have not ended", (("open", "true"),)),
    SavedView("In fallout", "Orders with a step in fallout, or that were ended from outside", (("fallout", "true"),)),
    SavedView("Late", "Open orders whose requested time has passed, or will not be met", (("late", "true"),)),
    SavedView("At risk", "Orders that will probably be late", (("jeopardy", "at_risk"), ("open", "true"))),
    SavedView("With tasks", "Orders with a step that waits for a person", (("tasks", "true"),)),
    SavedView("Today", "Orders submitted since midnight", (("since", "today"),)),
    SavedView("Due soon", "Open orders requested within a day", (("open", "true"), ("requested_until", "24h"))),
    SavedView("Ended today", "Orders that ended since midnight", (("ended_since", "today"),)),
)
_ABOUT_A_DAY = frozenset({"today", "tomorrow"})


def view_links(query: OrderQuery) -> Sequence[ViewLink]:
    """Each keeps the viewer's zone if the view is about a day, and nothing else of the present address."""
    present = sorted((name, value) for name, value in query.pairs if name in BY_NAME)
    return [
        ViewLink(view.name, view.description, list_address(_with_zone(view, query)), sorted(view.pairs) == present)
        for view in BUILT_IN
    ]


def _with_zone(view: SavedView, query: OrderQuery) -> list[tuple[str, str]]:
    zone = query.value("zone")
    is_about_a_day = any(value in _ABOUT_A_DAY for _, value in view.pairs)
    return [*view.pairs, ("zone", zone)] if zone and is_about_a_day else [*view.pairs]
