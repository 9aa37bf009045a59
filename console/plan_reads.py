"""Reads plans for their pages: a large order once for all who ask within a moment, a structure once per revision."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from compiler.plan.plan import PlannedDefinition
from console.presenting.plan.drawing import bundled_lanes, single_lanes
from console.presenting.plan.matrices import plan_matrices
from console.presenting.plan.structure import PlanStructure, plan_structure
from console.presenting.plan.to_json import drawing_json, structure_json
from operations.client import OrderClient
from operations.errors import NotFound, NoWorker, ServerUnreachable
from operations.reading.order_details import OrderDetails
from workflows.contract.order_views import OrderView

KEPT_SECONDS = 2.0
"""How long steps that were read are given to others who ask for the same order."""
MAX_KEPT_PLANS = 50

PlanKey = tuple[str, float, int]
"""Order id, when it was started, revision: what a structure belongs to."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A JSON document, compressed once."""

    content: bytes
    etag: str


@dataclass(slots=True)
class KeptPlan:
    structure: Packed
    is_bundled: bool
    """Whether lanes of one shape are drawn as one, so that there is also a drawing of each by itself."""
    source: PlanStructure
    single_lanes: Packed | None = None
    """Made when somebody asks for it: in a large plan it takes longer than all else."""


@dataclass(frozen=True, slots=True)
class MarkedSteps:
    """An order with all its steps, and the mark from which the live feed tells what has changed since."""

    details: OrderDetails
    mark: str


class PlanReads:
    def __init__(self, orders: OrderClient, take_mark: Callable[[str], Awaitable[str]]) -> None:
        """`take_mark`: the present mark of the live feed with this topic."""
        self._orders = orders
        self._take_mark = take_mark
        self._reading: dict[str, asyncio.Task[MarkedSteps]] = {}
        self._plans: OrderedDict[PlanKey, KeptPlan] = OrderedDict()

    def begin(self, order_id: str) -> asyncio.Task[MarkedSteps]:
        """Reads the steps, unless they are being read, or have just been."""
        task = self._reading.get(order_id)
        if task is None:
            task = self._reading[order_id] = asyncio.create_task(self._read(order_id))
            task.add_done_callback(lambda _: self._forget_later(order_id))
        return task

    async def steps(self, order_id: str) -> MarkedSteps:
        """At most KEPT_SECONDS old. Raises OperationError."""
        return await asyncio.shield(self.begin(order_id))

    async def _read(self, order_id: str) -> MarkedSteps:
        mark = await self._take_mark(f"order/{order_id}")
        return MarkedSteps(await self._orders.read(order_id), mark)

    def _forget_later(self, order_id: str) -> None:
        task = self._reading[order_id]
        seconds = 0.0 if task.cancelled() or task.exception() else KEPT_SECONDS
        asyncio.get_running_loop().call_later(seconds, self._reading.pop, order_id, None)

    async def structure(self, order_id: str) -> Packed:
        """Raises OperationError."""
        return (await self._plan(order_id)).structure

    async def single_lanes(self, order_id: str) -> Packed | None:
        """None if the structure has each lane by itself already. Raises OperationError."""
        plan = await self._plan(order_id)
        if plan.is_bundled and plan.single_lanes is None:
            plan.single_lanes = await asyncio.to_thread(_pack_single_lanes, plan.source)
        return plan.single_lanes

    async def _plan(self, order_id: str) -> KeptPlan:
        details = (await self.steps(order_id)).details  # whoever asks for the structure asks for the states, too
        key = _key(details.order)
        if key in self._plans:
            self._plans.move_to_end(key)
            return self._plans[key]
        planned = await self._planned(order_id)
        made = await asyncio.to_thread(_make_plan, details, planned)
        is_whole = bool(planned) or (details.source == "ledger" and details.order_failure is None)
        if details.steps and is_whole:
            self._plans[key] = made
            while len(self._plans) > MAX_KEPT_PLANS:
                self._plans.popitem(last=False)
        return made

    async def _planned(self, order_id: str) -> Sequence[PlannedDefinition]:
        """Empty if only the record of the order is known: then its plan has no more than names."""
        try:
            return await self._orders.read_planned_definitions(order_id)
        except (NoWorker, NotFound, ServerUnreachable):
            return ()


def _key(order: OrderView) -> PlanKey:
    return order.order_id, order.started_at.timestamp(), order.revision


def _make_plan(details: OrderDetails, planned: Sequence[PlannedDefinition]) -> KeptPlan:
    structure = plan_structure(details.order, details.steps, planned)
    drawing = bundled_lanes(structure)
    matrices = plan_matrices(structure)
    written = structure_json(structure, matrices, drawing, has_single_lanes=drawing.is_bundled)
    return KeptPlan(pack_json(written), drawing.is_bundled, structure)


def _pack_single_lanes(structure: PlanStructure) -> Packed:
    return pack_json(drawing_json(single_lanes(structure)))


def pack_json(data: dict[str, Any]) -> Packed:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Packed(gzip.compress(text, 6, mtime=0), f'"{sha256(text).hexdigest()[:24]}"')
