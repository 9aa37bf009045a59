"""What an order waits for in other orders. Follows the waits from order to order, and finds orders that wait for each
other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from operations.blockers.order_blockers import Blocker, find_blockers
from operations.errors import NotFound, OperationError
from operations.reading.order_details import OrderDetails
from workflows.contract.order_messages import Alternative
from workflows.contract.order_views import CrossOrderWaitView, StepView
from workflows.contract.states import ENDED_ORDER_STATES
from workflows.contract.step_facts import is_open, step_label

MAX_ORDERS_READ = 12
"""How many orders are read for one answer."""
MAX_DETAILS = 6
"""Sentences about other orders for one blocker."""

ReadOrder = Callable[[str], Awaitable[OrderDetails]]


@dataclass(frozen=True)
class WaitingStep:
    """A step that waits for another order."""

    order_id: str
    step: StepView

    @property
    def label(self) -> str:
        return f"{step_label(self.step)} of order {self.order_id}"

    def is_same(self, other: WaitingStep) -> bool:
        return (self.order_id, self.step.id) == (other.order_id, other.step.id)


async def trace_cross_order(read: ReadOrder, details: OrderDetails, blockers: Sequence[Blocker]) -> list[Blocker]:
    """Adds details to the `blockers` that lie in other orders. `read` reads any order with its steps."""
    by_id = {step.id: step for step in details.steps}
    trace = _CrossOrderTrace(read, details)
    expanded = []
    for blocker in blockers:
        step = by_id.get(blocker.step or "")
        waits = step is not None and _waits_for_other_order(step)
        expanded.append(await trace.expand(blocker, details.order.order_id, step) if step and waits else blocker)
    return expanded


def _waits_for_other_order(step: StepView) -> bool:
    return any(not other.done for other in step.other_orders)


class _CrossOrderTrace:
    def __init__(self, read: ReadOrder, details: OrderDetails) -> None:
        self._read_order = read
        self._known_orders = {details.order.order_id: details}

    async def expand(self, blocker: Blocker, order_id: str, step: StepView) -> Blocker:
        start = WaitingStep(order_id, step)
        details: list[str] = []
        cycle = await self._find_cycle([start], details)
        blocker = replace(blocker, other_order_details=tuple(details[:MAX_DETAILS]))
        if cycle is None:
            return blocker
        chain = ", that for ".join(waiting.label for waiting in [*cycle[1:], start])
        return replace(
            blocker,
            waits_for=f"{blocker.waits_for}, and so for itself: {start.label} waits for {chain}",
            responsible="a person's",
            unblocked_by="let one of them continue without waiting, or cancel one of the orders",
            actions=(*blocker.actions, Alternative(action="cancel", parameters={"order_id": order_id})),
        )

    async def _find_cycle(self, path: list[WaitingStep], details: list[str]) -> list[WaitingStep] | None:
        """Follows what the last step of `path` waits for, and adds sentences about it to `details`.

        Returns the cycle if this leads back to the first step of `path`.
        """
        step = path[-1].step
        for other in step.other_orders:
            if other.done or len(details) >= MAX_DETAILS:
                continue
            order = await self._order_or_reason(other.order_id)
            if isinstance(order, str):
                details.append(order)
                continue
            for open_step in _open_matches(order, other, step.workstream):
                cycle = await self._follow_open_step(path, order, open_step, details)
                if cycle is not None:
                    return cycle
        return None

    async def _follow_open_step(
        self, path: list[WaitingStep], order: OrderDetails, step: StepView, details: list[str]
    ) -> list[WaitingStep] | None:
        order_id = order.order.order_id
        by_id = {each.id: each for each in order.steps}
        for blocker in find_blockers(order.order, order.steps, step):
            blocking = by_id.get(blocker.step or "")
            sentence = f"Order {order_id}: {blocker.sentence}"
            if blocking is None or not _waits_for_other_order(blocking):
                if sentence not in details:
                    details.append(sentence)
                continue
            waiting = WaitingStep(order_id, blocking)
            if waiting.is_same(path[0]):
                return path
            if any(waiting.is_same(earlier) for earlier in path):
                details.append(f"{waiting.label} waits for itself through other orders")
                continue
            details.append(sentence)
            cycle = await self._find_cycle([*path, waiting], details)
            if cycle is not None:
                return cycle
        return None

    async def _order_or_reason(self, order_id: str) -> OrderDetails | str:
        """The order, or a sentence that says why its steps are unknown."""
        if order_id not in self._known_orders:
            if len(self._known_orders) >= MAX_ORDERS_READ:
                return f"Order {order_id} and what it waits for are not followed any further"
            try:
                self._known_orders[order_id] = await self._read_order(order_id)
            except NotFound:
                return f"Order {order_id} has not been submitted yet"
            except OperationError as error:
                return f"Order {order_id}: {error.message}"
        details = self._known_orders[order_id]
        if details.order.interrupted is not None:
            return f"Order {order_id} {details.order.interrupted.description}, and continues once it is recovered"
        if details.source == "record":
            return f"Order {order_id} is {details.order.state}; no worker says what its steps wait for"
        if details.order.state in ENDED_ORDER_STATES:
            return f"Order {order_id} has ended {details.order.state}; the state of its step is about to be queried"
        return details


def _open_matches(details: OrderDetails, link: CrossOrderWaitView, workstream: str) -> list[StepView]:
    """The open step instances that `link` refers to, found as in workflows/core/execution/cross_order_notify.py."""
    return [step for step in _matching_steps(details.steps, workstream, link.step) if is_open(step)]


def _matching_steps(steps: Sequence[StepView], workstream: str, name: str) -> list[StepView]:
    group, dot, step = name.partition(".")
    for wanted_workstream, wanted_name in ((group, step),) if dot else ((workstream, name), (name, "")):
        matches = [
            each
            for each in steps
            if each.workstream == wanted_workstream and wanted_name in ("", each.id.partition("@")[0].partition(".")[2])
        ]
        if matches:
            return matches
    return [each for each in steps if each.id == name]
