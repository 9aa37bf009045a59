"""Compiles an order with a catalogue into a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.catalogue_index import get_catalogue_index
from compiler.composition.compose import compose
from compiler.composition.line_dependencies import resolve_line_dependencies
from compiler.decomposition.compile_context import CompileContext
from compiler.decomposition.decompose import decompose
from compiler.decomposition.running_units import RunningUnits
from compiler.language.order import Order
from compiler.orders.reader import OrderSource, order_source
from compiler.orders.validation import validate_order
from compiler.plan.bindings import order_bindings
from compiler.plan.decision_log import DecisionLog
from compiler.plan.plan import LANGUAGE_VERSION, OrderHeader, Plan
from compiler.source.findings import Finding, OrderRejected
from compiler.source.garbage_collection import gc_paused


@dataclass(frozen=True, slots=True)
class CompilationResult:
    """A plan, or the findings that say why there is none."""

    plan: Plan | None
    findings: tuple[Finding, ...]
    """With a plan, none: what is only warned of is in `warnings`."""
    warnings: tuple[Finding, ...] = ()

    def require_plan(self) -> Plan:
        """Raises OrderRejected."""
        if self.plan is None:
            raise OrderRejected(self.findings)
        return self.plan


def compile_order(order: dict[str, Any], catalogue: Catalogue, file: str = "order") -> Plan:
    """The plan of `order`, which may be any data. The same order and catalogue always give the same plan.

    Raises OrderRejected with every finding. Findings have line and column if the order comes from `read_orders`.
    """
    return compile_with_warnings(order, catalogue, file).require_plan()


def compile_with_warnings(
    order: object,
    catalogue: Catalogue,
    file: str = "order",
    *,
    decision_log: DecisionLog | None = None,
    language_version: int = LANGUAGE_VERSION,
    units: RunningUnits | None = None,
) -> CompilationResult:
    """Like `compile_order`, but never raises. Logs decisions if there is an enabled `decision_log`.

    For an amendment, `units` are those of the running order.
    """
    with gc_paused():
        source = order_source(order, file)
        return _compile(source, order, catalogue, decision_log or DecisionLog(), language_version, units)


def _compile(
    source: OrderSource,
    order: object,
    catalogue: Catalogue,
    decision_log: DecisionLog,
    language_version: int,
    units: RunningUnits | None,
) -> CompilationResult:
    validation = validate_order(order, source)
    if validation.order is None:
        return CompilationResult(None, tuple(validation.findings))
    header = order_header(validation.order)
    context = CompileContext(
        validation,
        get_catalogue_index(catalogue),
        decision_log,
        order_bindings(header),
        language_version=language_version,
        units=units,
    )
    decompose(validation.order, context)
    dependencies = {} if validation.findings else resolve_line_dependencies(validation.order.lines, context)
    plan = None if validation.findings or context.findings else compose(header, dependencies, context)
    warnings = _sort_findings(context.warnings)
    return CompilationResult(plan, _sort_findings([*validation.findings, *context.findings]), warnings)


def order_header(order: Order) -> OrderHeader:
    customer = order.customer
    return OrderHeader(
        id=order.id,
        customer={} if customer is None else {name: value for name, value in customer if value is not None},
        priority=order.priority,
        requested_start=order.requested_start,
        requested_completion=order.requested_completion,
        characteristics=order.characteristics,
    )


def _sort_findings(findings: list[Finding]) -> tuple[Finding, ...]:
    """By line and column if they have them, else in the order in which they were found; each finding once."""
    unique = {(finding.line, finding.column, finding.code, finding.message): finding for finding in findings}
    return tuple(sorted(unique.values(), key=lambda finding: (finding.file, finding.line, finding.column)))
