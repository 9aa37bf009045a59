"""Which work the inbox shows. All of it is in the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from ledger.reading.filters.work_filter import WorkFilter
from operations.access.permissions import ACTION_PERMISSIONS
from operations.access.person import Person, is_limited_to_queues
from workflows.contract import actions
from workflows.contract.actions import ActionSpec

WorkKind = Literal["task", "fallout"]
PATH = "/work"
PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000
ALL_QUEUES = "*"
"""In the address: of a person with queues who wants to see all."""


@dataclass(frozen=True, slots=True)
class WorkQuery:
    kind: WorkKind = "task"
    queue: str = ""
    mine: bool = False
    """Only what the person holds."""
    unclaimed: bool = False
    late: bool = False
    system: str = ""
    code: str = ""
    customer: str = ""
    product: str = ""
    search: str = ""
    sort: str = ""
    limit: int = PAGE_SIZE
    cursor: str = ""

    def filter(self, person: Person) -> WorkFilter:
        return WorkFilter(
            queue=None if self.queue in ("", ALL_QUEUES) else self.queue,
            holder=person.account if self.mine else "" if self.unclaimed else None,
            system=self.system or None,
            code=self.code or None if self.kind == "fallout" else None,
            customer=self.customer or None,
            product=self.product or None,
            late=self.late,
            search=self.search or None,
            limit=self.limit,
        )

    def url(self, **changes: Any) -> str:
        """The address with other values; a change begins the list at its first page."""
        wanted = replace(self, **({"cursor": ""} | changes))
        return f"{PATH}?{urlencode(wanted.parameters())}" if wanted.parameters() else PATH

    def prefix(self, name: str) -> str:
        """The address with another value of this parameter, up to the value, which is added quoted."""
        rest = self.url(**{name: ""})
        return f"{rest}{'&' if '?' in rest else '?'}{name}="

    def parameters(self) -> Mapping[str, str]:
        """Without what has its default."""
        given: dict[str, str] = {}
        for name, default in _DEFAULTS.items():
            value = getattr(self, name)
            if value != default:
                given[name] = "1" if value is True else str(value)
        return given

    def choice(self) -> Mapping[str, str]:
        """Parameters of `/bulk/new`: from which work a job takes its targets, and the action that it begins with."""
        return {**replace(self, cursor="").parameters(), "action": self.first_bulk_action.name}

    @property
    def first_bulk_action(self) -> ActionSpec:
        """The one that a job is offered first."""
        return actions.CLAIM if self.kind == "task" else actions.RETRY

    @property
    def is_restricted(self) -> bool:
        """Whether anything but the kind and the queue restricts the list."""
        plain = WorkQuery(self.kind, self.queue, limit=self.limit, cursor=self.cursor, sort=self.sort)
        return self != plain


_DEFAULTS: Mapping[str, Any] = {name: getattr(WorkQuery(), name) for name in WorkQuery.__dataclass_fields__}


def default_queue(person: Person) -> str:
    """The queue that a person with exactly one queue begins with."""
    return next(iter(person.queues)) if len(person.queues) == 1 and is_limited(person) else ""


def is_limited(person: Person) -> bool:
    return is_limited_to_queues(person, ACTION_PERMISSIONS[actions.COMPLETE.name])
