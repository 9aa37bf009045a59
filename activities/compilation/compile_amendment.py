"""COMPILE_AMENDMENT: the whole new order and the running plan in, the amended plan and what it changes out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from temporalio import activity

from activities.compilation.compile_order import (
    INTERNAL_ERROR,
    LARGEST_PLAN,
    PLAN_TOO_LARGE,
    dumped,
    of_order,
    summary_of,
    telling_of,
)
from activities.compilation.live_catalogue import CatalogueInForce
from activity_contract.compilation import COMPILE_AMENDMENT, ChangedValue, CompileAmendment, CompiledAmendment
from compiler.amendment.plan_amendment import Amendment, amend
from compiler.amendment.plan_diff import DEFINITION, Change, seen_otherwise, survives
from compiler.catalogue.catalogue import Catalogue
from compiler.cel.evaluation import as_text
from compiler.compile_order import compile_order
from compiler.plan.bindings import order_bindings
from compiler.plan.codec import pack, unpack
from compiler.plan.plan import Line, Plan
from compiler.source.findings import OrderRejected

logger = structlog.get_logger("activities")

MOST_TOLD = 500
"""Lines, and steps, whose values are told."""
MOST_VALUES = 50
"""Of one of them."""
LONGEST_VALUE = 200
"""Characters."""
LARGEST_ANSWER = 1_900_000
"""Bytes; a payload holds 2 MB."""


class AmendmentCompiler:
    def __init__(self, catalogues: CatalogueInForce) -> None:
        self._catalogues = catalogues

    @activity.defn(name=COMPILE_AMENDMENT)
    async def compile_amendment(self, asked: CompileAmendment) -> CompiledAmendment:
        """Compiles with the catalogue as its files are now. Never fails for anything in the order."""
        in_force = await self._catalogues.refreshed()
        return await asyncio.to_thread(compiled_amendment, asked, in_force.catalogue)


def compiled_amendment(asked: CompileAmendment, catalogue: Catalogue) -> CompiledAmendment:
    """Never raises: a mistake of the compiler itself rejects the amendment, and the order goes on as it was."""
    try:
        running = unpack(asked.plan)
        wanted = compile_order(asked.order, catalogue)
        return _bounded(_compiled(running, asked.retired, wanted, catalogue))
    except OrderRejected as rejected:
        return CompiledAmendment(findings=dumped(rejected.findings))
    except Exception as error:
        logger.exception("the compiler failed on an amendment", order_id=str(asked.order.get("id"))[:128])
        message = f"the compiler failed on this amendment ({type(error).__name__}); the worker's log has the details"
        return CompiledAmendment(findings=dumped([of_order(INTERNAL_ERROR, message)]))


def _compiled(running: Plan, retired: Sequence[int], wanted: Plan, catalogue: Catalogue) -> CompiledAmendment:
    amended = amend(running, retired, wanted)
    plan, found = amended.plan, amended.difference
    packed = pack(plan)
    if len(packed) > LARGEST_PLAN:
        message = "the order as amended is larger than Temporal can carry: put what is new into an order of its own"
        raise OrderRejected([of_order(PLAN_TOO_LARGE, message)])
    positions = {step.id: position for position, step in enumerate(plan.steps)}
    return CompiledAmendment(
        survives=survives(running, wanted),
        plan=packed,
        retired=sorted(amended.retired),
        changed=sorted(positions[id_] for id_ in found.changed),
        seen_otherwise=sorted(positions[id_] for id_ in seen_otherwise(running, plan)),
        may_redo=sorted(positions[id_] for id_ in found.may_redo),
        lines_added=list(found.lines_added),
        lines_removed=list(found.lines_removed),
        former_lines=_missing(plan.order_lines, wanted.order_lines),
        order_values=_values(order_bindings(running.order), order_bindings(wanted.order)),
        line_values=_line_values(running.order_lines, wanted.order_lines),
        step_values=_step_values(amended, positions, running.catalogue_version),
        summary=summary_of(wanted, catalogue) | {"lines": len(plan.lines), "steps": len(plan.steps)},
        telling=telling_of(catalogue),
    )


def _missing(all_: Iterable[Line], wanted: Iterable[Line]) -> list[str]:
    known = {line.id for line in wanted}
    return [line.id for line in all_ if line.id not in known]


def _bounded(compiled: CompiledAmendment) -> CompiledAmendment:
    """Where the answer would be too large, values are left out: what is done depends on none of them."""
    if _size(compiled) > LARGEST_ANSWER:
        compiled = compiled.model_copy(update={"line_values": {}, "step_values": {}})
    if _size(compiled) > LARGEST_ANSWER:
        message = "the order as amended is larger than Temporal can carry: put what is new into an order of its own"
        raise OrderRejected([of_order(PLAN_TOO_LARGE, message)])
    return compiled


def _size(compiled: CompiledAmendment) -> int:
    return len(compiled.model_dump_json().encode())


def _line_values(before: Iterable[Line], after: Iterable[Line]) -> dict[str, list[ChangedValue]]:
    """Of the order lines that are in both."""
    known = {line.id: line for line in before}
    found: dict[str, list[ChangedValue]] = {}
    for line in after:
        if line.id in known and len(found) < MOST_TOLD:
            values = _values(_said_of(known[line.id]), _said_of(line))
            if values:
                found[line.id] = values
    return found


def _said_of(line: Line) -> dict[str, Any]:
    return {
        "product": line.product,
        "quantity": line.quantity,
        "action": line.action.value,
        "attributes": line.attributes,
        "requested_start": line.requested_start,
        "requested_completion": line.requested_completion,
    }


def _values(before: dict[str, Any], after: dict[str, Any], prefix: str = "") -> list[ChangedValue]:
    """What differs, objects taken apart."""
    found: list[ChangedValue] = []
    for name in {**before, **after}:
        was, is_ = before.get(name), after.get(name)
        if was == is_:
            continue
        if isinstance(was, dict) and isinstance(is_, dict):
            found += _values(was, is_, f"{prefix}{name}.")
        else:
            found.append(ChangedValue(name=f"{prefix}{name}", before=_shown(was), after=_shown(is_)))
    return found[:MOST_VALUES]


def _step_values(amended: Amendment, positions: dict[str, int], version_before: str) -> dict[int, list[ChangedValue]]:
    versions = version_before, amended.plan.catalogue_version
    return {
        positions[id_]: [_changed_value(each, *versions) for each in changes[:MOST_VALUES]]
        for id_, changes in list(amended.difference.changed.items())[:MOST_TOLD]
    }


def _changed_value(change: Change, version_before: str, version_after: str) -> ChangedValue:
    if change.name == DEFINITION:  # what it says is long; where it stands is told by the version
        return ChangedValue(name=DEFINITION, before=version_before, after=version_after)
    return ChangedValue(name=change.name[:LONGEST_VALUE], before=_shown(change.before), after=_shown(change.after))


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else as_text(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
