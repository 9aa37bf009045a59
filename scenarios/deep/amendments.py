"""Amends generated orders to others while they run: none may be rejected, and none may leave a step in fallout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.compile_order import compile_with_warnings
from compiler.generation.orders import Order
from compiler.generation.trouble import Trouble, TroubleCode, place_in
from compiler.plan.plan import Plan
from scenarios.deep.good_world import Entry, GoodWorld, good_world
from scenarios.deep.trial_runs import TrialRuns, scenario_of
from scenarios.record import Record
from workflows.contract.states import OrderState

MAX_PER_OFFER = 12
"""Orders of the same offer that the simplest one is amended to."""
MAX_ROUNDS = 9
"""How often people, events and callbacks answer each step: an amendment may do it again."""
_ALLOWED = ("past_point_of_no_return", "order_ended", "not_now", "has not happened")
"""Reasons of refusals that are no fault of the definitions."""
_UNUSED = ("no call asked", "this has not happened")


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
        first, second = (self._world(one) for one in (before, after))
        if first is None or second is None or first.impossible or second.impossible:
            return
        plain = self._runs.run(scenario_of(before, first.entries))
        if plain.final is None or plain.final.order.state is not OrderState.COMPLETED:
            return
        entries: list[Entry] = []
        for entry in (*first.entries, *second.entries, *first.taking_back, *second.taking_back):
            if entry not in entries:
                entries.append(entry)
        world = [{**one, "times": MAX_ROUNDS} if "when" in one else one for one in entries]
        for moment in dict.fromkeys((0, int(plain.took / 2))):
            amend = {"after": f"{moment}s", "amend": {"order": after}}
            scenario = scenario_of(before, [*world, amend])
            record = self._runs.run(scenario)
            trouble = self._refused(scenario, record) or self._runs.judge(record, first, TroubleCode.AMENDMENT_FAILS)
            if trouble is not None:
                yield trouble, without_unused(scenario, record)

    def _world(self, order: Order) -> GoodWorld | None:
        plan = compile_with_warnings(order, self._runs.catalogue).plan
        return None if plan is None else good_world(plan, self._runs.catalogue)

    def _refused(self, scenario: dict[str, Any], record: Record) -> Trouble | None:
        """The last entry of the scenario amends. Not for reasons that the author of an offer wants to count."""
        path = ("world", len(scenario["world"]) - 1)
        refused = next((one.message for one in record.problems if one.path == path), None)
        if refused is None or any(word in refused for word in _ALLOWED):
            return None
        offer = scenario["order"]["lines"][0]["product"]
        place = place_in(refused) or self._runs.catalogue.products[offer].location
        code = TroubleCode.AMENDMENT_FAILS
        return Trouble(code, (code.value, self._runs.reader.mask(refused)), place, offer, refused)


def without_unused(scenario: dict[str, Any], record: Record) -> dict[str, Any]:
    """The scenario without the answers that nobody asked for, and the events and acts that did not happen."""
    unused = {
        one.path[1]
        for one in record.problems
        if one.path[:1] == ("world",) and len(one.path) > 1 and one.message.startswith(_UNUSED)
    }
    return {**scenario, "world": [one for at, one in enumerate(scenario["world"]) if at not in unused]}
