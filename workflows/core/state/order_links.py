"""What an order has to do with others: the steps of others that its own wait for, and who waits for its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from activity_contract.cross_order import StepWatch

Key = tuple[str, str]
"""How a step of this order is asked for: the workstream that a bare name is looked for in first, and the name."""


@dataclass(slots=True)
class Awaited:
    """A step of another order that a step waits for. Times are seconds since 1970."""

    order: str
    step: str
    since: float
    deadline: float | None = None
    """When `within` ends."""
    done: bool = False
    absent_since: float | None = None
    """Since when it is known that there is no such order yet."""
    asking: bool = False
    """The other order is being asked."""
    asked: int = 0
    """How often it was asked."""


@dataclass(slots=True)
class Watched:
    """A step of this order that others have asked for, and who they are."""

    watches: dict[tuple[str, str], StepWatch] = field(default_factory=dict)
    """By waiting order and step."""
    positions: list[int] | None = None
    """The instances meant; None: not looked for yet, or the plan has changed."""
    from_: int = 0
    """Of the positions, those before this one are known to be over."""


@dataclass(slots=True)
class Between:
    """Belongs to one order; empty for almost all of them."""

    waiting: dict[int, list[Awaited]] = field(default_factory=dict)
    """Position of a step → what it waits for."""
    watched: dict[Key, Watched] = field(default_factory=dict)
    telling: int = 0
    """Answers on their way."""

    def carried(self) -> dict[str, Any] | None:
        """As plain data; None where there is nothing."""
        if not self.waiting and not self.watched:
            return None
        return {
            "waiting": {
                str(position): [
                    [each.order, each.step, each.since, each.deadline, each.done, each.absent_since, each.asked]
                    for each in awaited
                ]
                for position, awaited in self.waiting.items()
            },
            "watched": [watch.model_dump() for watched in self.watched.values() for watch in watched.watches.values()],
        }

    @classmethod
    def resumed(cls, data: dict[str, Any] | None) -> Between:
        found = cls()
        for position, rows in (data or {}).get("waiting", {}).items():
            found.waiting[int(position)] = [
                Awaited(order, step, since, deadline, done, absent_since, asked=asked)
                for order, step, since, deadline, done, absent_since, asked in rows
            ]
        for watch in (data or {}).get("watched", ()):
            found.add(StepWatch.model_validate(watch))
        return found

    def add(self, watch: StepWatch) -> None:
        watched = self.watched.setdefault((watch.workstream, watch.other_step), Watched())
        watched.watches[watch.order_id, watch.step_id] = watch

    def look_again(self) -> None:
        """The plan has changed: what was asked for is looked for anew."""
        for watched in self.watched.values():
            watched.positions, watched.from_ = None, 0
