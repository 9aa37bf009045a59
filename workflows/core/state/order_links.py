"""An order's links to other orders: which of their steps it waits for, and which orders wait for its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from activity_contract.cross_order import StepWatch

WatchKey = tuple[str, str]
"""How another order refers to a step of this one: the step's name, and the workstream where the search begins."""


@dataclass(slots=True)
class AwaitedStep:
    """A step of another order that a step waits for. Times are seconds since 1970."""

    order: str
    step: str
    since: float
    deadline: float | None = None
    """When `within` ends."""
    done: bool = False
    absent_since: float | None = None
    """Since when this order knows that the other one does not exist yet."""
    query_in_flight: bool = False
    query_count: int = 0


@dataclass(slots=True)
class WatchedStep:
    """A step of this order that others wait for."""

    watches: dict[tuple[str, str], StepWatch] = field(default_factory=dict)
    """The references, by waiting order and step."""
    positions: list[int] | None = None
    """The instances that the reference means. None until it is resolved in the current plan."""
    first_open: int = 0
    """The steps before this position are known to be final."""


@dataclass(slots=True)
class OrderLinks:
    """Empty for almost all orders."""

    awaited_by_step: dict[int, list[AwaitedStep]] = field(default_factory=dict)
    """Position of a step → the steps of other orders that it waits for."""
    watched_steps: dict[WatchKey, WatchedStep] = field(default_factory=dict)
    notifications_in_flight: int = 0

    def snapshot(self) -> dict[str, Any] | None:
        """The links as JSON. None for an order without links."""
        if not self.awaited_by_step and not self.watched_steps:
            return None
        return {
            "waiting": {
                str(position): [
                    [each.order, each.step, each.since, each.deadline, each.done, each.absent_since, each.query_count]
                    for each in awaited
                ]
                for position, awaited in self.awaited_by_step.items()
            },
            "watched": [
                watch.model_dump() for watched in self.watched_steps.values() for watch in watched.watches.values()
            ],
        }

    @classmethod
    def restore(cls, data: dict[str, Any] | None) -> OrderLinks:
        links = cls()
        for position, rows in (data or {}).get("waiting", {}).items():
            links.awaited_by_step[int(position)] = [
                AwaitedStep(order, step, since, deadline, done, absent_since, query_count=query_count)
                for order, step, since, deadline, done, absent_since, query_count in rows
            ]
        for watch in (data or {}).get("watched", ()):
            links.add_watch(StepWatch.model_validate(watch))
        return links

    def add_watch(self, watch: StepWatch) -> None:
        """Notify the asking order when the step settles. If the step has settled already, notify it at once."""
        watched = self.watched_steps.setdefault((watch.workstream, watch.other_step), WatchedStep())
        watched.watches[watch.order_id, watch.step_id] = watch

    def clear_resolved(self) -> None:
        """Forget what the references mean. Call this after the plan has changed."""
        for watched in self.watched_steps.values():
            watched.positions, watched.first_open = None, 0
