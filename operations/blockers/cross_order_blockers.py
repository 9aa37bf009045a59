"""What an order waits for in other orders, followed from one to the next; and orders that wait for each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from operations.blockers.order_blockers import ENDED_ORDERS, Reason, why
from operations.blockers.step_blocker import is_open
from operations.errors import NotFound, OperationError
from operations.reading.read_order import OrderReading
from workflows.contract.order_views import OtherOrderView, StepView

MOST_ORDERS = 12
"""Orders that are read for one answer."""
MOST_TOLD = 6
"""Sentences about other orders that one reason has."""

Reading = Callable[[str], Awaitable[OrderReading]]


@dataclass(frozen=True)
class Place:
    """A step that waits for another order."""

    order_id: str
    step_id: str
    number: int

    @property
    def named(self) -> str:
        return f"step {self.number} ({self.step_id}) of order {self.order_id}"


async def followed(read: Reading, reading: OrderReading, reasons: Sequence[Reason]) -> list[Reason]:
    """`reasons`, with what is behind those that lie in other orders. `read`: any order with its steps."""
    by_id = {step.id: step for step in reading.steps}
    search = _Search(read, {reading.order.order_id: reading})
    found = []
    for reason in reasons:
        step = by_id.get(reason.step or "")
        lies_beyond = step is not None and any(not other.done for other in step.other_orders)
        found.append(await search.beyond(reason, reading.order.order_id, step) if step and lies_beyond else reason)
    return found


class _Search:
    def __init__(self, read: Reading, known: dict[str, OrderReading]) -> None:
        self._read, self._known = read, known

    async def beyond(self, reason: Reason, order_id: str, step: StepView) -> Reason:
        here = Place(order_id, step.id, step.number)
        told: list[str] = []
        ring = await self._follow([here], step, told)
        if ring is None:
            return replace(reason, beyond=tuple(told[:MOST_TOLD]))
        way = ", that for ".join(place.named for place in [*ring[1:], here])
        return replace(
            reason,
            waits_for=f"{reason.waits_for}, and so for itself: {here.named} waits for {way}",
            whose_move="a person's",
            moved_by=f"none of them goes on by itself; `proceed {order_id} {step.number}` lets this one go on without "
            "waiting, or `cancel` one of the orders",
            beyond=tuple(told[:MOST_TOLD]),
        )

    async def _follow(self, path: list[Place], step: StepView, told: list[str]) -> list[Place] | None:
        """Says what the step waits for in other orders; the ring, where that leads back to where it began."""
        for other in step.other_orders:
            if other.done or len(told) >= MOST_TOLD:
                continue
            reading = await self._reading(other.order_id)
            if isinstance(reading, str):
                told.append(reading)
                continue
            for each in _open(reading, other, step.workstream):
                ring = await self._through(path, reading, each, told)
                if ring is not None:
                    return ring
        return None

    async def _through(
        self, path: list[Place], reading: OrderReading, step: StepView, told: list[str]
    ) -> list[Place] | None:
        """`step` of that order is open: why, and whether that leads back."""
        order_id = reading.order.order_id
        by_id = {each.id: each for each in reading.steps}
        for reason in why(reading.order, reading.steps, step):
            ahead = by_id.get(reason.step or "")
            if ahead is None or not any(not other.done for other in ahead.other_orders):
                said = f"Order {order_id}: {reason.sentence}"
                if said not in told:
                    told.append(said)
                continue
            place = Place(order_id, ahead.id, ahead.number)
            if place == path[0]:
                return path
            if place in path:
                told.append(f"There {place.named} waits for itself through other orders; `why {order_id}` tells more")
                continue
            told.append(f"Order {order_id}: {reason.sentence}")
            ring = await self._follow([*path, place], ahead, told)
            if ring is not None:
                return ring
        return None

    async def _reading(self, order_id: str) -> OrderReading | str:
        """Or why it cannot be told."""
        if order_id not in self._known:
            if len(self._known) >= MOST_ORDERS:
                return f"Order {order_id} and what comes after it are not followed any further; `why {order_id}` does"
            try:
                self._known[order_id] = await self._read(order_id)
            except NotFound:
                return f"Order {order_id} has not been submitted yet"
            except OperationError as error:
                return f"Order {order_id}: {error.message}"
        reading = self._known[order_id]
        if reading.source == "record":
            return f"Order {order_id} is {reading.order.state}; what its steps wait for cannot be told now"
        if reading.order.state in ENDED_ORDERS:
            return f"Order {order_id} has ended {reading.order.state}; it is about to be asked how its step stands"
        return reading


def _open(reading: OrderReading, other: OtherOrderView, workstream: str) -> list[StepView]:
    """The instances that `other` means and that are not settled; as cross_order_notify.py finds them."""
    return [step for step in _meant(reading.steps, workstream, other.step) if is_open(step)]


def _meant(steps: Iterable[StepView], workstream: str, name: str) -> list[StepView]:
    all_steps = list(steps)
    group, dot, step = name.partition(".")
    for wanted in ((group, step),) if dot else ((workstream, name), (name, "")):
        found = [
            each
            for each in all_steps
            if each.workstream == wanted[0] and wanted[1] in ("", each.id.partition("@")[0].partition(".")[2])
        ]
        if found:
            return found
    return [each for each in all_steps if each.id == name]
