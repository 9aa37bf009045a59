"""Amends generated orders to others while they run: none may be rejected, and none may leave a step in fallout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.compile_order import compile_with_warnings
from compiler.generation.orders import Order
from compiler.generation.trouble import Trouble, TroubleCode, place_in
from compiler.plan.plan import Plan
from scenarios.deep.good_world import good_world
from scenarios.deep.trial_runs import TrialRuns

MAX_PER_OFFER = 12
"""Orders of the same offer that the simplest one is amended to."""
_ALLOWED = ("past_point_of_no_return", "order_ended", "nothing_to_change", "not_now", "no_change")
"""Reasons of refusals that are no fault of the definitions."""


class AmendmentTrials:
    def __init__(self, runs: TrialRuns) -> None:
        self._runs = runs
        self._orders: dict[str, list[tuple[Order, Plan]]] = {}
        """Offer → its orders that add one line or more, the simplest first."""

    def add(self, order: Order, plan: Plan) -> None:
        """An order that others may be amended to."""
        first = order["lines"][0]
        known = self._orders.setdefault(first["product"], [])
        if first["action"] == "add" and len(known) < MAX_PER_OFFER:
            known.append((order, plan))

    def pairs(self) -> Iterator[tuple[Order, Order]]:
        """In turn, of each offer its simplest order and another one; and back again."""
        for position in range(1, MAX_PER_OFFER):
            for orders in self._orders.values():
                if position < len(orders):
                    yield orders[0][0], orders[position][0]
                    yield orders[position][0], orders[0][0]

    def troubles(self, before: Order, after: Order) -> Iterator[tuple[Trouble, dict[str, Any]]]:
        """With the scenario that shows each."""
        first, second = (self._runs.scenario(one) for one in (before, after))
        if first is None or second is None:
            return
        plain = self._runs.run(first)
        if plain.final is None or plain.final.order.state.value != "completed":
            return
        world = [*first["world"], *(one for one in second["world"] if one not in first["world"])]
        for moment in dict.fromkeys((0, int(plain.took / 2))):
            amend = {"after": f"{moment}s", "amend": {"order": after}}
            scenario = {**first, "world": [*world, amend]}
            if (trouble := self._trouble(scenario)) is not None:
                yield trouble, scenario

    def _trouble(self, scenario: dict[str, Any]) -> Trouble | None:
        runs = self._runs
        record = runs.run(scenario)
        position = len(scenario["world"]) - 1
        refused = next((one.message for one in record.problems if one.path == ("world", position)), None)
        if refused is not None:
            if any(f"({word}" in refused or word in refused for word in _ALLOWED) or "has not happened" in refused:
                return None
            offer = scenario["order"]["lines"][0]["product"]
            place = place_in(refused) or runs.catalogue.products[offer].location
            code = TroubleCode.AMENDMENT_FAILS
            return Trouble(code, (code.value, runs.reader.mask(refused)), place, offer, refused)
        plan = compile_with_warnings(scenario["order"], runs.catalogue).plan
        if plan is None:
            return None
        return runs.judge(record, good_world(plan, runs.catalogue), TroubleCode.AMENDMENT_FAILS)
