"""What a change of the catalogue does to orders: to their plans, and to amendments of orders that run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from compiler.amendment.compare_plans import PlanDiff, compare_plans
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.language.steps import InPlaceUpdate
from compiler.plan.plan import Plan, PlannedDefinition, PlannedLine
from compiler.source.findings import Finding


class OrderOutcome(StrEnum):
    SAME_PLAN = "same_plan"
    OTHER_PLAN = "other_plan"
    NOW_REJECTED = "now_rejected"
    NOW_ACCEPTED = "now_accepted"
    REJECTED_BY_BOTH = "rejected_by_both"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value of a line, named as in expressions: `quantity`, `attributes.hours`, `let.total`. None: absent."""

    line: str
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class AmendmentImpact:
    """What an amendment does to an order that has completed all its steps, and whose lines it all touches.

    Each has ids of steps.
    """

    redone: tuple[str, ...] = ()
    """Undone, then done again."""
    patched: tuple[str, ...] = ()
    """Changed in place, by a call."""
    kept: tuple[str, ...] = ()
    """Left as they are, though their input has changed (`on_change: keep`)."""
    undone: tuple[str, ...] = ()
    """No longer planned: what they did is undone."""
    left: tuple[str, ...] = ()
    """No longer planned, and without anything that undoes them."""
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderImpact:
    file: str
    order_id: str
    outcome: OrderOutcome
    findings: tuple[Finding, ...] = ()
    """Why the new catalogue rejects the order."""
    plan: PlanDiff | None = None
    """With both plans: how the new one differs."""
    values: tuple[ValueChange, ...] = ()
    lines_added: tuple[str, ...] = ()
    """Ids of order lines and fulfilment lines."""
    lines_removed: tuple[str, ...] = ()
    amendment: AmendmentImpact | None = None
    """With both plans."""


def order_impact(order: dict[str, Any], file: str, old: Catalogue, new: Catalogue) -> OrderImpact:
    """Compiles the order with both catalogues, and compares the plans."""
    order_id = str(order.get("id", ""))
    before = compile_with_warnings(order, old, file).plan
    compiled = compile_with_warnings(order, new, file)
    after = compiled.plan
    if after is None:
        outcome = OrderOutcome.REJECTED_BY_BOTH if before is None else OrderOutcome.NOW_REJECTED
        return OrderImpact(file, order_id, outcome, compiled.findings)
    if before is None:
        return OrderImpact(file, order_id, OrderOutcome.NOW_ACCEPTED)
    diff = compare_plans(before, after)
    was, now = _lines(before), _lines(after)
    values = tuple(_value_changes(was, now))
    lines_added, lines_removed = tuple(now.keys() - was.keys()), tuple(was.keys() - now.keys())
    is_same = diff.is_empty and not (diff.waits or values or lines_added or lines_removed)
    return OrderImpact(
        file,
        order_id,
        OrderOutcome.SAME_PLAN if is_same else OrderOutcome.OTHER_PLAN,
        plan=diff,
        values=values,
        lines_added=tuple(id_ for id_ in now if id_ in set(lines_added)),
        lines_removed=tuple(id_ for id_ in was if id_ in set(lines_removed)),
        amendment=_amendment(diff, before, after),
    )


def _lines(plan: Plan) -> dict[str, PlannedLine]:
    return {line.id: line for line in (*plan.order_lines, *plan.fulfilment_lines)}


def _value_changes(before: Mapping[str, PlannedLine], after: Mapping[str, PlannedLine]) -> Iterator[ValueChange]:
    for id_, line in after.items():
        if id_ in before:
            was, now = _values(before[id_]), _values(line)
            for name in {**was, **now}:
                if was.get(name) != now.get(name):
                    yield ValueChange(id_, name, was.get(name), now.get(name))


def _values(line: PlannedLine) -> dict[str, Any]:
    attributes = {f"attributes.{name}": value for name, value in line.attributes.items()}
    return {"quantity": line.quantity, "action": line.action.value, **attributes, **line.named_values}


def _amendment(diff: PlanDiff, before: Plan, after: Plan) -> AmendmentImpact:
    old, new = _definitions(before), _definitions(after)
    fates: dict[str, list[str]] = {"redone": [], "patched": [], "kept": []}
    for id_ in diff.changed:
        on_change = new[id_].definition.on_change
        fate = "patched" if isinstance(on_change, InPlaceUpdate) else "kept" if on_change == "keep" else "redone"
        fates[fate].append(id_)
    return AmendmentImpact(
        redone=tuple(fates["redone"]),
        patched=tuple(fates["patched"]),
        kept=tuple(fates["kept"]),
        undone=tuple(_with_undo(diff.removed, old, wanted=True)),
        left=tuple(_with_undo(diff.removed, old, wanted=False)),
        added=diff.added,
    )


def _definitions(plan: Plan) -> dict[str, PlannedDefinition]:
    return {step.id: plan.step_definition(step) for step in plan.steps}


def _with_undo(ids: Iterable[str], definitions: Mapping[str, PlannedDefinition], *, wanted: bool) -> Iterator[str]:
    return (id_ for id_ in ids if (definitions[id_].definition.undo is not None) is wanted)
