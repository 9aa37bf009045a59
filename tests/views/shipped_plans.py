"""Plans to look at: of the sample orders, and of arrows only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from compiler.compile_order import compile_order
from compiler.explain_order import Explanation, explain_order
from compiler.load_catalogue import load_catalogue
from compiler.orders.reader import read_orders
from compiler.plan.plan import OrderHeader, Plan, PlannedStep
from tests.support.paths import ROOT


@cache
def plan_of(file: str) -> Plan:
    """Of the first order in `orders/<file>`."""
    path = ROOT / "orders" / file
    return compile_order(read_orders(path.read_text(), str(path))[0], load_catalogue(ROOT / "definitions"), str(path))


@cache
def explanation_of(file: str) -> Explanation:
    """Of the first order in `orders/<file>`, with its plan."""
    path = ROOT / "orders" / file
    return explain_order(read_orders(path.read_text(), str(path))[0], load_catalogue(ROOT / "definitions"), str(path))


def of_arrows(after: Sequence[Sequence[int]]) -> Plan:
    """A plan with nothing but steps that wait for each other."""
    steps = tuple(PlannedStep(f"w.s{at}", 0, (), tuple(sorted(each))) for at, each in enumerate(after))
    return Plan(OrderHeader("X", {}, 3, None, None, {}), "sha256:0", (), (), (), steps)
