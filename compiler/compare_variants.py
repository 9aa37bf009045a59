"""Compiles variants of orders, so that their plans can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.language.order_overrides import OrderOverrides
from compiler.orders.overrides import apply_overrides
from compiler.plan.plan import Plan
from compiler.plan.schedule import PlanSchedule, schedule_plan
from compiler.plan.step_conditions import skipped_steps, step_conditions
from compiler.source.findings import Finding, OrderRejected, SourceLocation


@dataclass(frozen=True, slots=True)
class PlanVariant:
    """One variant of an order: its plan, or the findings that say why there is none."""

    order_id: str
    values: Mapping[str, Any]
    """What differs from the order, by name."""
    plan: Plan | None
    schedule: PlanSchedule | None
    findings: tuple[Finding, ...] = ()

    def require_plan(self) -> Plan:
        """Raises OrderRejected."""
        if self.plan is None:
            raise OrderRejected(self.findings)
        return self.plan


def compile_variant(
    order: Mapping[str, Any],
    values: Mapping[str, Any],
    overrides: OrderOverrides,
    catalogue: Catalogue,
    file: str,
    location: SourceLocation,
) -> PlanVariant:
    """Never raises. `values` name the variant; `overrides` say the same in the order's form; `location` is theirs."""
    order_id = str(order.get("id", "order"))
    try:
        changed = apply_overrides(order, overrides, catalogue, location, file)
    except OrderRejected as rejected:
        return PlanVariant(order_id, values, None, None, rejected.findings)
    compiled = compile_with_warnings(changed, catalogue, file)
    if compiled.plan is None:
        return PlanVariant(order_id, values, None, None, compiled.findings)
    schedule = schedule_plan(compiled.plan, skipped_steps(step_conditions(compiled.plan)))
    return PlanVariant(order_id, values, compiled.plan, schedule)


@dataclass(frozen=True, slots=True)
class VariantGroup:
    """Variants of one order with equal lines, steps and expected times."""

    variants: tuple[PlanVariant, ...]

    @property
    def first(self) -> PlanVariant:
        return self.variants[0]

    def values_of(self, name: str) -> list[Any]:
        """The different values that its variants have for a name, in their order."""
        return list({repr(one.values[name]): one.values[name] for one in self.variants if name in one.values}.values())


def group_variants(variants: Iterable[PlanVariant]) -> list[VariantGroup]:
    groups: dict[object, list[PlanVariant]] = {}
    for variant in variants:
        groups.setdefault(_outcome(variant), []).append(variant)
    return [VariantGroup(tuple(members)) for members in groups.values()]


def names_without_effect(groups: Sequence[VariantGroup]) -> list[str]:
    """Names whose values make no difference: each group has all of them. Only for variants that are all combinations
    of one order."""
    values: dict[str, set[str]] = {}
    for group in groups:
        for variant in group.variants:
            for name, value in variant.values.items():
                values.setdefault(name, set()).add(repr(value))
    return [
        name
        for name, every in values.items()
        if all({repr(one) for one in group.values_of(name)} == every for group in groups)
    ]


def _outcome(variant: PlanVariant) -> object:
    plan, schedule = variant.plan, variant.schedule
    if plan is None or schedule is None:
        return variant.order_id, tuple(finding.message for finding in variant.findings)
    lines = tuple((line.id, line.quantity) for line in (*plan.order_lines, *plan.fulfilment_lines))
    return variant.order_id, lines, tuple(step.id for step in plan.steps), schedule.skipped, schedule.ends
