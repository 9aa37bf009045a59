"""What an order waits for in other orders, followed from one to the next; and orders that wait for each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from operations.blockers.order_blockers import ENDED_ORDER_STATES, Blocker, find_blockers
from operations.blockers.step_blocker import is_open
from operations.errors import NotFound, OperationError
from operations.reading.order_details import OrderDetails
from workflows.contract.order_views import CrossOrderWaitView, StepView

MAX_ORDERS_READ = 12
"""Orders that are read for one answer."""
MAX_DETAILS = 6
"""Sentences about other orders that one reason has."""

ReadOrder = Callable[[str], Awaitable[OrderDetails]]


@dataclass(frozen=True)
class WaitingStep:
    """A step that waits for another order."""

    order_id: str
    step_id: str
    number: int

    @property
    def label(self) -> str:
        return f"step {self.number} ({self.step_id}) of order {self.order_id}"


async def trace_cross_order(read: ReadOrder, details: OrderDetails, blockers: Sequence[Blocker]) -> list[Blocker]:
    """`reasons`, with what is behind those that lie in other orders. `read`: any order with its steps."""
    by_id = {step.id: step for step in details.steps}
    search = _CrossOrderTrace(read, {details.order.order_id: details})
    found = []
    for reason in blockers:
        step = by_id.get(reason.step or "")
        lies_beyond = step is not None and any(not other.done for other in step.other_orders)
        found.append(await search.expand(reason, details.order.order_id, step) if step and lies_beyond else reason)
    return found


class _CrossOrderTrace:
    def __init__(self, read: ReadOrder, known_orders: dict[str, OrderDetails]) -> None:
        self._read_order, self._known_orders = read, known_orders

    async def expand(self, blocker: Blocker, order_id: str, step: StepView) -> Blocker:
        here = WaitingStep(order_id, step.id, step.number)
        told: list[str] = []
        ring = await self._follow_links([here], step, told)
        if ring is None:
            return replace(blocker, other_order_details=tuple(told[:MAX_DETAILS]))
        way = ", that for ".join(place.label for place in [*ring[1:], here])
        return replace(
            blocker,
            waits_for=f"{blocker.waits_for}, and so for itself: {here.label} waits for {way}",
            responsible="a person's",
            unblocked_by="none of them goes on by itself; "
            f"`proceed {order_id} {step.number}` lets this one go on without waiting, or `cancel` one of the orders",
            other_order_details=tuple(told[:MAX_DETAILS]),
        )

    async def _follow_links(
        self, path: list[WaitingStep], step: StepView, details: list[str]
    ) -> list[WaitingStep] | None:
        """Says what the step waits for in other orders; the ring, where that leads back to where it began."""
        for other in step.other_orders:
            if other.done or len(details) >= MAX_DETAILS:
                continue
            reading = await self._order_details(other.order_id)
            if isinstance(reading, str):
                details.append(reading)
                continue
            for each in _open_matches(reading, other, step.workstream):
                ring = await self._follow_open_step(path, reading, each, details)
                if ring is not None:
                    return ring
        return None

    async def _follow_open_step(
        self, path: list[WaitingStep], order_details: OrderDetails, step: StepView, details: list[str]
    ) -> list[WaitingStep] | None:
        """`step` of that order is open: why, and whether that leads back."""
        order_id = order_details.order.order_id
        by_id = {each.id: each for each in order_details.steps}
        for reason in find_blockers(order_details.order, order_details.steps, step):
            ahead = by_id.get(reason.step or "")
            if ahead is None or not any(not other.done for other in ahead.other_orders):
                said = f"Order {order_id}: {reason.sentence}"
                if said not in details:
                    details.append(said)
                continue
            place = WaitingStep(order_id, ahead.id, ahead.number)
            if place == path[0]:
                return path
            if place in path:
                details.append(
                    f"There {place.label} waits for itself through other orders; `why {order_id}` tells more"
                )
                continue
            details.append(f"Order {order_id}: {reason.sentence}")
            ring = await self._follow_links([*path, place], ahead, details)
            if ring is not None:
                return ring
        return None

    async def _order_details(self, order_id: str) -> OrderDetails | str:
        """Or why it cannot be told."""
        if order_id not in self._known_orders:
            if len(self._known_orders) >= MAX_ORDERS_READ:
                return f"Order {order_id} and what comes after it are not followed any further; `why {order_id}` does"
            try:
                self._known_orders[order_id] = await self._read_order(order_id)
            except NotFound:
                return f"Order {order_id} has not been submitted yet"
            except OperationError as error:
                return f"Order {order_id}: {error.message}"
        reading = self._known_orders[order_id]
        if reading.source == "record":
            return f"Order {order_id} is {reading.order.state}; what its steps wait for cannot be told now"
        if reading.order.state in ENDED_ORDER_STATES:
            return f"Order {order_id} has ended {reading.order.state}; it is about to be asked how its step stands"
        return reading


def _open_matches(details: OrderDetails, link: CrossOrderWaitView, workstream: str) -> list[StepView]:
    """The instances that `other` means and that are not settled; as cross_order_notify.py finds them."""
    return [step for step in _matching_steps(details.steps, workstream, link.step) if is_open(step)]


def _matching_steps(steps: Iterable[StepView], workstream: str, name: str) -> list[StepView]:
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
