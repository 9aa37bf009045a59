"""The filters of the list of orders: their names in its address, which are also the gateway's, and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldKind = Literal["text", "choices", "flag", "moment"]
MAX_TEXT = 200


@dataclass(frozen=True)
class FilterField:
    name: str
    label: str
    kind: FieldKind
    criterion: str
    """The field of OrderFilter."""
    group: str = ""
    placeholder: str = ""
    ledger_only: bool = False
    ahead: bool = False
    """A duration counts into the future."""


ORDER, PEOPLE, DATES = "Order", "Work of people", "Dates"
GROUPS = (ORDER, PEOPLE, DATES)

FIELDS: tuple[FilterField, ...] = (
    FilterField("search", "Search", "text", "search", ledger_only=True),
    FilterField("state", "State", "choices", "states"),
    FilterField("jeopardy", "Jeopardy", "choices", "jeopardy"),
    FilterField("late", "Late", "flag", "late"),
    FilterField("open", "Open", "flag", "running"),
    FilterField("fallout", "In fallout", "flag", "fallout"),
    FilterField("tasks", "Open tasks", "flag", "open_tasks"),
    FilterField("interrupted", "Ended from outside", "flag", "interrupted"),
    FilterField("customer", "Customer", "text", "customer", ORDER, "its id, such as C-42"),
    FilterField("product", "Product", "text", "product", ORDER, "its id, such as home_security"),
    FilterField("external_id", "External id", "text", "external_id", ORDER, "of a line, elsewhere", ledger_only=True),
    FilterField("catalogue_version", "Catalogue version", "text", "catalogue_version", ORDER, "7, current or sha256:…"),
    FilterField("system", "System", "text", "system", PEOPLE, "that a step calls", ledger_only=True),
    FilterField("code", "Error code", "text", "code", PEOPLE, "of a step in fallout", ledger_only=True),
    FilterField("queue", "Queue", "text", "queue", PEOPLE, "in which work waits"),
    FilterField("holder", "Held by", "text", "holder", PEOPLE, "who holds a step", ledger_only=True),
    FilterField("since", "Submitted since", "moment", "since", DATES, "today, 2h, 2026-12-01"),
    FilterField("until", "Submitted before", "moment", "until", DATES, "2026-12-01"),
    FilterField("ended_since", "Ended since", "moment", "ended_since", DATES, "today, 2h, 2026-12-01"),
    FilterField("ended_until", "Ended before", "moment", "ended_until", DATES, "2026-12-01"),
    FilterField("requested_since", "Requested since", "moment", "requested_since", DATES, "today", ahead=True),
    FilterField("requested_until", "Requested before", "moment", "requested_until", DATES, "tomorrow, 3d", ahead=True),
)
BY_NAME = {field.name: field for field in FIELDS}
