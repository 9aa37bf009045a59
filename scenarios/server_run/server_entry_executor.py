"""Does what the entries of `world` say to an order on the server, as clients do it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from compiler.language.scenario_acts import Act, AmendAct, SystemAct
from compiler.language.scenario_happenings import CallbackHappening, EventHappening, Happening
from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from operations.errors import OperationError
from scenarios.fast.acts import TAKEN, Acts, NotPossible
from scenarios.world.happenings import Due
from scenarios.world.requests import action_request, needs_step
from workflows.contract.actions import ACTIONS
from workflows.contract.order_messages import CallbackDelivery, EventDelivery

Switch = Callable[[str, bool], Awaitable[None]]
"""Switches a system; True: off."""


class ServerActs(Acts):
    """`orders` and `switch` are set before the first entry happens."""

    orders: OrderClient
    switch: Switch

    async def perform_on_server(self, due: Due) -> None:
        """Like `perform`."""
        entry = self._scenario.world[due.position]
        if not isinstance(entry, Happening):
            raise TypeError("an answer does not happen")
        try:
            what = await self._perform_on_server(entry, due)
        except NotPossible as refused:
            self._record_refusal(entry, due, refused)
        else:
            self._record_success(entry, due, what)

    async def _perform_on_server(self, entry: Happening, due: Due) -> str:
        if self._run.ended:
            raise NotPossible("the order has ended", "order_ended")
        if isinstance(entry, EventHappening):
            return await self.send_event(self.event_delivery(entry, due))
        if isinstance(entry, CallbackHappening):
            return await self.send_callback(self.callback_delivery(entry, due))
        if isinstance(entry, AmendAct):
            return await self._amend_on_server(entry, due)
        if isinstance(entry, SystemAct):
            system, off = entry.system.off or entry.system.on or "", entry.system.off is not None
            await self.switch(system, off)
            return f"system {system} is switched {'off' if off else 'on'}"
        return await self._act_on_server(entry, due)

    async def send_event(self, delivery: EventDelivery) -> str:
        """Raises NotPossible if nobody takes the event, now or later."""
        name = f"event {delivery.name}" + (f" with key {delivery.key}" if delivery.key else "")
        order_id = self._record.order_id
        if delivery.key is None or delivery.step is not None:
            status = (await _asked(self.orders.deliver_event(order_id, delivery))).status
        else:
            status = (await _asked(self.orders.deliver_event_by_key(delivery))).status
            if status == "kept":
                self.kept_by_mailboxes.add(delivery.event_id)
                return f"{name}, which nobody awaits yet"
            status = "completed" if status == "delivered" else status
        if status not in TAKEN:
            raise NotPossible(f"{name} is {'too late' if status == 'late' else 'a duplicate'}", status)
        return name

    async def send_callback(self, delivery: CallbackDelivery) -> str:
        """Raises NotPossible."""
        status = (await _asked(self.orders.deliver_callback(self._record.order_id, delivery))).status
        if status not in TAKEN:
            raise NotPossible(f"the callback is {'too late' if status == 'late' else 'a duplicate'}", status)
        return f"callback for {delivery.step}"

    async def _act_on_server(self, entry: Happening, due: Due) -> str:
        if not isinstance(entry, Act):
            raise TypeError(f"nobody does {type(entry).__name__}")
        step = self._instance(getattr(entry, "step", None), due.step) if needs_step(entry) else None
        name, message = action_request(entry, step, self._scenario.starts)
        result = await _asked(self.orders.perform_action(self._record.order_id, ACTIONS[name], message))
        return f"{entry.by}: {result.message}"

    async def _amend_on_server(self, entry: AmendAct, due: Due) -> str:
        message = self._amendment(entry, due)
        command = AmendCommand(order=message.order, actor=message.actor, override=message.override)
        result = await _asked(self.orders.amend(command))
        self._state.order = message.order
        self._state.revision = result.revision
        return f"{entry.by}: {result.message}"


async def _asked(request: Awaitable[Any]) -> Any:
    """What the order answers. Raises NotPossible if it refuses."""
    try:
        return await request
    except OperationError as refused:
        codes = [refused.code, refused.reason, *(str(finding.get("code")) for finding in refused.findings)]
        raise NotPossible(refused.message, *codes) from None
