"""What an order has to do with others: the steps of others that its own wait for, and who waits for its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from activity_contract.cross_order import StepWatch

WatchKey = tuple[str, str]
"""How a step of this order is asked for: the workstream that a bare name is looked for in first, and the name."""


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
    """Since when it is known that there is no such order yet."""
    query_in_flight: bool = False
    """The other order is being asked."""
    query_count: int = 0
    """How often it was asked."""


@dataclass(slots=True)
class WatchedStep:
    """A step of this order that others have asked for, and who they are."""

    watches: dict[tuple[str, str], StepWatch] = field(default_factory=dict)
    """By waiting order and step."""
    positions: list[int] | None = None
    """The instances meant; None: not looked for yet, or the plan has changed."""
    first_open: int = 0
    """Of the positions, those before this one are known to be over."""


@dataclass(slots=True)
class OrderLinks:
    """Belongs to one order; empty for almost all of them."""

    awaited_by_step: dict[int, list[AwaitedStep]] = field(default_factory=dict)
    """Position of a step → what it waits for."""
    watched_steps: dict[WatchKey, WatchedStep] = field(default_factory=dict)
    notifications_in_flight: int = 0
    """Answers on their way."""

    def snapshot(self) -> dict[str, Any] | None:
        """As plain data; None where there is nothing."""
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
        found = cls()
        for position, rows in (data or {}).get("waiting", {}).items():
            found.awaited_by_step[int(position)] = [
                AwaitedStep(order, step, since, deadline, done, absent_since, query_count=asked)
                for order, step, since, deadline, done, absent_since, asked in rows
            ]
        for watch in (data or {}).get("watched", ()):
            found.add_watch(StepWatch.model_validate(watch))
        return found

    def add_watch(self, watch: StepWatch) -> None:
        watched = self.watched_steps.setdefault((watch.workstream, watch.other_step), WatchedStep())
        watched.watches[watch.order_id, watch.step_id] = watch

    def clear_resolved(self) -> None:
        """The plan has changed: what was asked for is looked for anew."""
        for watched in self.watched_steps.values():
            watched.positions, watched.first_open = None, 0
