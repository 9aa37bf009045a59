"""Reads plans for their pages: a large order once for all who ask within a moment, a structure once per revision."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from compiler.plan.plan import PlannedDefinition
from console.made_plan import MadePlan, Packed, make_plan, pack_single_lanes
from console.shared_tasks import SharedTasks
from operations.client import OrderClient
from operations.errors import NotFound, NoWorker, ServerUnreachable
from operations.reading.order_details import OrderDetails

KEPT_SECONDS = 2.0
"""How long steps that were read are given to others who ask for the same order."""
LEDGER_SECONDS = 1.0
"""Once the order itself has answered, a structure that is being made from the ledger is waited for no longer."""
MAX_KEPT_PLANS = 50

PlanKey = tuple[str, datetime, int]
"""Order id, when it was started, revision: what a structure belongs to."""


@dataclass(slots=True)
class KeptPlan:
    made: MadePlan
    single_lanes: Packed | None = None
    """Made when somebody asks for it: in a large plan it takes longer than all else."""


@dataclass(frozen=True, slots=True)
class MarkedOrder:
    """An order, and the mark from which the live feed tells what has changed since."""

    details: OrderDetails
    mark: str


class PlanReads:
    """Its methods raise OperationError."""

    def __init__(self, orders: OrderClient, take_mark: Callable[[str], Awaitable[str]]) -> None:
        """`take_mark`: the present mark of the live feed with this topic."""
        self._orders = orders
        self._take_mark = take_mark
        self._overviews = SharedTasks(self._read_overview)
        self._steps = SharedTasks(self._read_steps, KEPT_SECONDS)
        self._stored = SharedTasks(self._make_stored)
        self._structures = SharedTasks(self._find_structure)
        self._single_lanes = SharedTasks(self._find_single_lanes)
        self._plans: OrderedDict[PlanKey, KeptPlan] = OrderedDict()

    def begin(self, order_id: str) -> Awaitable[MarkedOrder]:
        """Begins to read the steps and to make the structure, which a page is about to ask for. Returns the order
        without its steps, which comes first, to be awaited."""
        overview = self._overviews.begin(order_id)
        self._steps.begin(order_id)
        self._structures.begin(order_id)
        return asyncio.shield(overview)

    async def steps(self, order_id: str) -> MarkedOrder:
        """With all steps. At most KEPT_SECONDS old."""
        return await self._steps.result(order_id)

    async def structure(self, order_id: str) -> Packed:
        return (await self._structures.result(order_id)).made.structure

    async def single_lanes(self, order_id: str) -> Packed | None:
        """None if the structure has each lane by itself already."""
        return await self._single_lanes.result(order_id)

    async def _read_overview(self, order_id: str) -> MarkedOrder:
        mark = await self._take_mark(f"order/{order_id}")
        return MarkedOrder(await self._orders.read(order_id, steps=False), mark)

    async def _read_steps(self, order_id: str) -> MarkedOrder:
        overview = await self._overviews.result(order_id)
        return MarkedOrder(await self._orders.add_steps(overview.details), overview.mark)

    async def _find_structure(self, order_id: str) -> KeptPlan:
        """Whoever asks for the structure asks for the states, too. A large order takes long to tell them. Meanwhile,
        the structure is made from what the ledger has, unless one is there."""
        is_known = any(known == order_id for known, _, _ in self._plans)
        stored = None if is_known else self._stored.begin(order_id)
        details = (await self.steps(order_id)).details
        if stored is not None:
            await asyncio.wait({stored}, timeout=LEDGER_SECONDS)
        key = (order_id, details.order.started_at, details.order.revision)
        kept = self._plans.get(key)
        if kept is not None and len(kept.made.source.steps) == len(details.steps):
            self._plans.move_to_end(key)
            return kept
        planned = await self._read_definitions(order_id)
        made = await asyncio.to_thread(make_plan, details.order, details.steps, planned)
        is_whole = bool(planned) or (details.source == "ledger" and details.order_failure is None)
        return self._keep(key, made) if details.steps and is_whole else KeptPlan(made)

    async def _make_stored(self, order_id: str) -> None:
        """Keeps the structure that the ledger has, if it has all of the order, and the order tells its definitions."""
        stored, planned = await asyncio.gather(self._orders.pages.plan(order_id), self._read_definitions(order_id))
        if stored is not None and stored.steps and planned:
            made = await asyncio.to_thread(make_plan, stored, stored.steps, planned)
            self._keep((order_id, stored.started_at, stored.revision), made)

    def _keep(self, key: PlanKey, made: MadePlan) -> KeptPlan:
        kept = self._plans[key] = KeptPlan(made)
        while len(self._plans) > MAX_KEPT_PLANS:
            self._plans.popitem(last=False)
        return kept

    async def _find_single_lanes(self, order_id: str) -> Packed | None:
        kept = await self._structures.result(order_id)
        if kept.made.is_bundled and kept.single_lanes is None:
            kept.single_lanes = await asyncio.to_thread(pack_single_lanes, kept.made.source)
        return kept.single_lanes

    async def _read_definitions(self, order_id: str) -> Sequence[PlannedDefinition]:
        """Empty if only the record of the order is known: then its plan has no more than names."""
        try:
            return await self._orders.read_planned_definitions(order_id)
        except (NoWorker, NotFound, ServerUnreachable):
            return ()
