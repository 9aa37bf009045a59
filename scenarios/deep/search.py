"""Searches for orders that the declarations allow and that go wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.generation.orders import Order, OrderGenerator
from compiler.generation.shrink import shrink_order
from compiler.generation.trouble import ExpectedRejections, Trouble, TroubleReader
from compiler.language.scenario_expectations import RejectedOrder
from compiler.plan.plan import Plan
from compiler.source.findings import OrderRejected
from scenarios.deep.amendments import AmendmentTrials
from scenarios.deep.trial_runs import TrialRuns
from scenarios.scenario_order import ScenarioEntry, submitted_order

ORDERS_SHARE = 0.7
"""The part of the budget after which amendments come, even if there are more orders."""


@dataclass(slots=True)
class Found:
    """A trouble, and the smallest order that has it."""

    trouble: Trouble
    order: Order
    scenario: dict[str, Any] | None = None
    """The scenario that shows it, if the order alone does not."""
    count: int = 1
    """How many of the generated orders have it."""


@dataclass(slots=True)
class DeepResult:
    found: dict[tuple[str, ...], Found] = field(default_factory=dict)
    """By cause."""
    orders: int = 0
    runs: int = 0
    amendments: int = 0
    is_complete: bool = True
    """Whether all orders were tried before the budget was used up."""
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """Offer → its required attributes for which no value could be generated."""
    not_judged: dict[str, str] = field(default_factory=dict)
    """Step → why plans with it were not judged."""

    @property
    def troubles(self) -> list[Found]:
        found = [one for one in self.found.values() if not one.trouble.intended]
        return sorted(found, key=lambda one: (one.trouble.place, one.trouble.code, one.trouble.message))

    @property
    def intended(self) -> list[Found]:
        return [one for one in self.found.values() if one.trouble.intended]


def search(
    catalogue: Catalogue,
    scenarios: Sequence[ScenarioEntry] = (),
    orders: Iterable[Order] = (),
    *,
    budget: float = 30.0,
    seed: int = 1,
) -> DeepResult:
    """`scenarios` and `orders` lend their values and nesting; scenarios also say which rejections are intended.

    `budget` in seconds of computing time, so that it does not matter how busy the machine is. The same catalogue,
    scenarios, orders and seed try the same orders, as far as the budget goes.
    """
    return _Search(catalogue, scenarios, orders, budget, seed).run()


def known_orders(scenarios: Iterable[ScenarioEntry], catalogue: Catalogue) -> list[Order]:
    """The orders of the scenarios, without those that are expected to be rejected."""
    found = []
    for entry in scenarios:
        if not isinstance(entry.model.expect.order, RejectedOrder):
            try:
                found.append(submitted_order(entry, catalogue))
            except OrderRejected:
                continue
    return found


def expected_rejections(scenarios: Iterable[ScenarioEntry], catalogue: Catalogue) -> ExpectedRejections:
    found = set()
    for entry in scenarios:
        expected = entry.model.expect.order
        if isinstance(expected, RejectedOrder):
            try:
                order = submitted_order(entry, catalogue)
            except OrderRejected:
                continue
            products = TroubleReader(catalogue).products(order)
            found |= {(product.id, code) for product in products for code in expected.rejected}
    return found


class _Search:
    def __init__(
        self,
        catalogue: Catalogue,
        scenarios: Sequence[ScenarioEntry],
        orders: Iterable[Order],
        budget: float,
        seed: int,
    ) -> None:
        self._catalogue = catalogue
        self._reader = TroubleReader(catalogue, expected_rejections(scenarios, catalogue))
        self._generator = OrderGenerator.of(catalogue, [*known_orders(scenarios, catalogue), *orders], seed)
        self._runs = TrialRuns(catalogue, self._reader)
        self._amendments = AmendmentTrials(self._runs)
        self._result = DeepResult(left_out=dict(self._generator.left_out))
        self._began, self._budget = time.process_time(), budget

    def run(self) -> DeepResult:
        for order in self._generator.orders():
            if self._is_over(ORDERS_SHARE):
                self._result.is_complete = False
                break
            self._result.orders += 1
            self._try_order(order)
        for before, after in self._amendments.pairs():
            if self._is_over(1.0):
                self._result.is_complete = False
                break
            self._result.amendments += 1
            self._try_amendment(before, after)
        self._result.runs = self._runs.count
        self._result.not_judged = self._runs.not_judged
        return self._result

    def _is_over(self, share: float) -> bool:
        return time.process_time() - self._began > self._budget * share

    def _try_order(self, order: Order) -> None:
        plan, troubles = self._compile(order)
        for trouble in troubles:
            self._add(trouble, order, lambda smaller: self._compile(smaller)[1])
        if plan is None:
            return
        self._amendments.add(order, plan)
        stuck = self._runs.trouble(order, plan) if self._runs.is_new(plan) else None
        if stuck is not None:
            self._add(stuck, order, self._run_troubles)
            found = self._result.found[stuck.cause]
            found.scenario = found.scenario or self._runs.scenario(found.order)

    def _try_amendment(self, before: Order, after: Order) -> None:
        for trouble, scenario in self._amendments.troubles(before, after):
            if self._count_again(trouble):
                continue
            self._result.found[trouble.cause] = Found(trouble, before, scenario)

    def _compile(self, order: Order) -> tuple[Plan | None, list[Trouble]]:
        compiled = compile_with_warnings(order, self._catalogue)
        if compiled.plan is not None:
            return compiled.plan, []
        found = (self._reader.of_rejection(order, finding) for finding in compiled.findings)
        return None, [trouble for trouble in found if trouble is not None]

    def _run_troubles(self, order: Order) -> list[Trouble]:
        plan, _ = self._compile(order)
        trouble = self._runs.trouble(order, plan) if plan is not None else None
        return [] if trouble is None else [trouble]

    def _count_again(self, trouble: Trouble) -> bool:
        known = self._result.found.get(trouble.cause)
        if known is not None:
            known.count += 1
        return known is not None

    def _add(self, trouble: Trouble, order: Order, troubles: Callable[[Order], list[Trouble]]) -> None:
        if self._count_again(trouble):
            return
        if trouble.intended:
            self._result.found[trouble.cause] = Found(trouble, order)
            return

        def shown_by(smaller: Order) -> Trouble | None:
            return next((one for one in troubles(smaller) if one.cause == trouble.cause), None)

        smallest = shrink_order(order, lambda smaller: shown_by(smaller) is not None)
        self._result.found[trouble.cause] = Found(shown_by(smallest) or trouble, smallest)
