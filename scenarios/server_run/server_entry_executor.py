"""Does what the entries of `world` say to an order on the server, as clients do it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.language.scenario_actions import ActionEntry, AmendEntry, SwitchEntry
from compiler.language.scenario_timed_entries import CallbackEntry, EventEntry, TimedEntry
from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from operations.errors import OperationError
from scenarios.base.entry_executor import (
    EntryExecutor,
    NotPossible,
    OrderState,
    event_text,
    require_taken,
    switch_of,
    switch_text,
)
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run.gateway import GatewayClient
from scenarios.world.schedule import Due
from workflows.contract.actions import ACTIONS
from workflows.contract.order_messages import Actor, EventDelivery
from workflows.core.state.order_run import OrderRun


class ServerEntryExecutor(EntryExecutor):
    def __init__(
        self,
        entry: ScenarioEntry,
        run: OrderRun,
        catalogue: Catalogue,
        state: OrderState,
        record: Record,
        orders: OrderClient,
        gateway: GatewayClient,
    ) -> None:
        super().__init__(entry, run, catalogue, state, record)
        self._orders = orders
        self._gateway = gateway
        self._kept_by_mailboxes: set[str] = set()
        """Ids of events that nobody awaited when they came."""

    def adopt(self, run: OrderRun) -> None:
        """The order's state from now on."""
        self._run = run

    def _kept_events(self) -> Iterator[str]:
        return (each for each in sorted(self._kept_by_mailboxes) if not self._run.inbox.has_seen(each))

    async def execute(self, due: Due) -> None:
        """What is refused, or not refused although it is expected to be, is recorded as a problem."""
        entry = self._timed_entry(due)
        try:
            what = await self._execute(entry, due)
        except NotPossible as refused:
            self._record_refusal(entry, due, refused)
        else:
            self._record_success(entry, due, what)

    async def _execute(self, entry: TimedEntry, due: Due) -> str:
        self._require_running()
        return await _EXECUTORS.get(type(entry), ServerEntryExecutor._action)(self, entry, due)

    async def _event(self, entry: EventEntry, due: Due) -> str:
        return await self.send_event(self.event_delivery(entry, due))

    async def send_event(self, delivery: EventDelivery) -> str:
        """Raises NotPossible if nobody takes the event, now or later."""
        name, order_id = event_text(delivery), self._record.order_id
        if delivery.key is None or delivery.step is not None:
            status = await self._gateway.send_event(delivery, order_id)
        else:
            status = await self._gateway.send_event(delivery)
            if status == "kept":
                self._kept_by_mailboxes.add(delivery.event_id)
                return f"{name}, which nobody awaits yet"
            status = "completed" if status == "delivered" else status
        require_taken(status, name)
        return name

    async def _callback(self, entry: CallbackEntry, due: Due) -> str:
        delivery = self.callback_delivery(entry, due)
        require_taken(await self._gateway.call_back(self._record.order_id, delivery), "the callback")
        return f"callback for {delivery.step}"

    async def call_back_to(self, callback_id: str, payload: Any) -> str:
        """As a system does by the id that it has got. Raises NotPossible."""
        require_taken(await self._gateway.call_back_to(callback_id, payload), "the callback")
        return "callback"

    async def _system(self, entry: SwitchEntry, _due: Due) -> str:
        system, off = switch_of(entry)
        actor = Actor(by=entry.by, reason=entry.reason)
        await _asked(self._orders.switch_system(system, "off" if off else "on", actor))
        return switch_text(system, off=off)

    async def _action(self, entry: ActionEntry, due: Due) -> str:
        name, message = self._action_request(entry, due)
        result = await _asked(self._orders.perform_action(self._record.order_id, ACTIONS[name], message))
        return f"{entry.by}: {result.message}"

    async def _amend(self, entry: AmendEntry, due: Due) -> str:
        message = self._amendment(entry, due)
        command = AmendCommand(order=message.order, actor=message.actor, override=message.override)
        result = await _asked(self._orders.amend(command))
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


_EXECUTORS: Mapping[type[TimedEntry], Callable[[ServerEntryExecutor, Any, Due], Awaitable[str]]] = {
    EventEntry: ServerEntryExecutor._event,
    CallbackEntry: ServerEntryExecutor._callback,
    SwitchEntry: ServerEntryExecutor._system,
    AmendEntry: ServerEntryExecutor._amend,
}
