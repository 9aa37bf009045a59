"""An order and a catalogue in, a plan out: the compiler's front door for orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.catalogue_index import reach_of
from compiler.composition.compose import compose
from compiler.composition.line_dependencies import relied_on
from compiler.decomposition.decompose import decompose
from compiler.decomposition.expression_evaluator import Judge
from compiler.decomposition.rejections import Rejections
from compiler.language.order import Order
from compiler.orders.reader import source_of
from compiler.orders.validation import order_form
from compiler.plan.bindings import order_bindings
from compiler.plan.decision_log import Reasons
from compiler.plan.plan import OrderHeader, Plan
from compiler.source.findings import Finding, OrderRejected
from compiler.source.gc_pause import collections_paused


@dataclass(frozen=True, slots=True)
class Compilation:
    """What came of an order: a plan, or the findings that say why there is none."""

    plan: Plan | None
    findings: tuple[Finding, ...]


def compile_order(order: dict[str, Any], catalogue: Catalogue, file: str = "order") -> Plan:
    """The plan of `order`: any data, checked here. The same order and catalogue always give the same plan.

    Raises OrderRejected with every finding. They have places where the order came from `read_orders`.
    """
    compilation = compile_with_reasons(order, catalogue, Reasons(), file)
    if compilation.plan is None:
        raise OrderRejected(compilation.findings)
    return compilation.plan


def compile_with_reasons(order: object, catalogue: Catalogue, reasons: Reasons, file: str = "order") -> Compilation:
    """The same without raising, and with its reasons noted where they are wanted."""
    with collections_paused():
        return _compiled(order, catalogue, reasons, file)


def _compiled(order: object, catalogue: Catalogue, reasons: Reasons, file: str) -> Compilation:
    form = order_form(order, source_of(order, file))
    rejections = Rejections(form)
    if form.order is None:
        return Compilation(None, tuple(form.findings))
    header = header_of(form.order)
    reach = reach_of(catalogue)
    judge = Judge(rejections, order_bindings(header))
    tree = decompose(form.order, reach, judge, reasons)
    relied = relied_on(form.order.lines, tree, rejections) if not form.findings else {}
    plan = None
    if not form.findings and not rejections.findings:
        plan = compose(header, tree, relied, reach, judge, reasons)
    return Compilation(plan, _in_order([*form.findings, *rejections.findings]))


def header_of(order: Order) -> OrderHeader:
    customer = order.customer
    return OrderHeader(
        id=order.id,
        customer={} if customer is None else {name: value for name, value in customer if value is not None},
        priority=order.priority,
        requested_start=order.requested_start,
        requested_completion=order.requested_completion,
        characteristics=order.characteristics,
    )


def _in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """By place where they have one, else as they were found; the same finding once."""
    unique = {(finding.line, finding.column, finding.code, finding.message): finding for finding in findings}
    return tuple(sorted(unique.values(), key=lambda finding: (finding.file, finding.line, finding.column)))
