"""COMPILE_AMENDMENT: from the running plan and the whole new order to the amended plan and its changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import structlog
from temporalio import activity

from activities.compilation.catalogue_versions import CatalogueVersions, VersionUnusable
from activities.compilation.compile_order import (
    MAX_PLAN_BYTES,
    PLAN_TOO_LARGE,
    dump_findings,
    notification_filter,
    order_finding,
    plan_summary,
)
from activity_contract.activity_names import COMPILE_AMENDMENT
from activity_contract.compilation import (
    INTERNAL_ERROR_CODE,
    ChangedValue,
    ChangedWaits,
    CompileAmendmentInput,
    CompiledAmendment,
)
from activity_contract.line_reasons import RECENT_LINE_REASONS
from compiler.amendment.amend_plan import PlanAmendment, amend_plan
from compiler.amendment.compare_plans import (
    DEFINITION_INPUT,
    InputChange,
    PlanDiff,
    shares_order_lines,
    steps_seeing_changes,
)
from compiler.amendment.deleted_lines import lines_taken_back, without_lines
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import CompilationResult, compile_with_warnings
from compiler.decomposition.running_units import running_units
from compiler.plan.bindings import order_bindings
from compiler.plan.codec import decode_plan, encode_plan
from compiler.plan.plan import Plan, PlannedLine
from compiler.source.findings import OrderRejected
from compiler.values import as_text

logger = structlog.get_logger("activities")

VERSION_UNUSABLE = "catalogue-version-unusable"
CUSTOMER_CHANGED = "customer-changed"
MAX_REPORTED_ITEMS = 500
"""Lines, and steps, whose changed values are reported."""
MAX_VALUES_PER_ITEM = 50
"""Changed values that are reported of one line or step."""
MAX_VALUE_LENGTH = 200
"""Characters."""
MAX_RESULT_BYTES = 1_900_000
"""Bytes; a payload holds 2 MB."""


class AmendmentCompiler:
    def __init__(self, versions: CatalogueVersions) -> None:
        self._versions = versions

    @activity.defn(name=COMPILE_AMENDMENT)
    async def compile_amendment(self, request: CompileAmendmentInput) -> CompiledAmendment:
        """Compiles with the catalogue in force, or with the version that is asked for. No order makes it fail."""
        try:
            catalogue = await self._versions.read(request.catalogue_version)
        except VersionUnusable as unusable:
            return CompiledAmendment(findings=dump_findings([order_finding(VERSION_UNUSABLE, str(unusable))]))
        return await asyncio.to_thread(try_compile_amendment, request, catalogue)


def try_compile_amendment(request: CompileAmendmentInput, catalogue: Catalogue) -> CompiledAmendment:
    """Never raises: a mistake of the compiler itself rejects the amendment, and the order goes on as it was."""
    try:
        running = decode_plan(request.plan)
        units = running_units(running, request.retired, request.step_weights)
        compile_amended = partial(
            compile_with_warnings, catalogue=catalogue, language_version=running.language_version, units=units
        )
        log = RECENT_LINE_REASONS.new_log()
        wanted = compile_amended(request.order, decision_log=log)
        if taken_back := lines_taken_back(running, wanted.require_plan(), request.completed_lines):
            remaining = without_lines(request.order, taken_back)
            if not remaining["lines"]:
                return CompiledAmendment(survives=False)
            log = RECENT_LINE_REASONS.new_log()
            wanted = compile_amended(remaining, decision_log=log)
        _require_same_customer(running.order.customer["id"], wanted.require_plan().order.customer["id"])
        compiled = _limit_size(_compile_result(running, request.retired, wanted, catalogue))
        RECENT_LINE_REASONS.remember(compiled.plan, log)
        return compiled
    except OrderRejected as rejected:
        return CompiledAmendment(findings=dump_findings(rejected.findings))
    except Exception as error:
        logger.exception("the compiler failed on an amendment", order_id=str(request.order.get("id"))[:128])
        message = f"the compiler failed on this amendment ({type(error).__name__}); the worker's log has the details"
        return CompiledAmendment(findings=dump_findings([order_finding(INTERNAL_ERROR_CODE, message)]))


def _require_same_customer(running: str, wanted: str) -> None:
    """What is stored of an order is found by its customer, and erased with them: also what it was before."""
    if wanted != running:
        message = (
            f"the order is of customer {running}, and the amendment names {wanted}: cancel it, and submit a new order "
            f"for {wanted}"
        )
        raise OrderRejected([order_finding(CUSTOMER_CHANGED, message)])


def _compile_result(
    running: Plan, retired: Sequence[int], wanted: CompilationResult, catalogue: Catalogue
) -> CompiledAmendment:
    new_plan = wanted.require_plan()
    amended = amend_plan(running, retired, new_plan)
    plan, found = amended.plan, amended.diff
    packed = encode_plan(plan)
    if len(packed) > MAX_PLAN_BYTES:
        message = "the order as amended is larger than Temporal can carry: put what is new into an order of its own"
        raise OrderRejected([order_finding(PLAN_TOO_LARGE, message)])
    positions = {step.id: position for position, step in enumerate(plan.steps)}
    return CompiledAmendment(
        warnings=dump_findings(wanted.warnings),
        survives=shares_order_lines(running, new_plan),
        plan=packed,
        retired=sorted(amended.retired),
        changed=sorted(positions[id_] for id_ in found.changed),
        seen_otherwise=sorted(positions[id_] for id_ in steps_seeing_changes(running, plan)),
        may_redo=sorted(positions[id_] for id_ in found.may_redo),
        lines_added=list(found.lines_added),
        lines_removed=list(found.lines_removed),
        former_lines=_missing_line_ids(plan.order_lines, new_plan.order_lines),
        order_values=_diff_values(order_bindings(running.order), order_bindings(new_plan.order)),
        line_values=_line_changes(running.order_lines, new_plan.order_lines),
        waits=_changed_waits(found, positions),
        step_values=_step_changes(amended, positions),
        summary=plan_summary(new_plan, catalogue) | {"lines": len(plan.fulfilment_lines), "steps": len(plan.steps)},
        telling=notification_filter(catalogue),
    )


def _changed_waits(found: PlanDiff, positions: dict[str, int]) -> dict[int, ChangedWaits]:
    return {
        positions[id_]: ChangedWaits(
            no_longer=list(each.no_longer[:MAX_VALUES_PER_ITEM]), now=list(each.now[:MAX_VALUES_PER_ITEM])
        )
        for id_, each in found.waits.items()
    }


def _missing_line_ids(all_: Iterable[PlannedLine], kept: Iterable[PlannedLine]) -> list[str]:
    known = {line.id for line in kept}
    return [line.id for line in all_ if line.id not in known]


def _limit_size(compiled: CompiledAmendment) -> CompiledAmendment:
    """Where the answer would be too large, values are left out: what is done depends on none of them."""
    if _size(compiled) > MAX_RESULT_BYTES:
        compiled = compiled.model_copy(update={"line_values": {}, "step_values": {}, "waits": {}})
    if _size(compiled) > MAX_RESULT_BYTES:
        message = "the order as amended is larger than Temporal can carry: put what is new into an order of its own"
        raise OrderRejected([order_finding(PLAN_TOO_LARGE, message)])
    return compiled


def _size(compiled: CompiledAmendment) -> int:
    return len(compiled.model_dump_json().encode())


def _line_changes(before: Iterable[PlannedLine], after: Iterable[PlannedLine]) -> dict[str, list[ChangedValue]]:
    """Changed values of the order lines that are in both."""
    known = {line.id: line for line in before}
    found: dict[str, list[ChangedValue]] = {}
    for line in after:
        if line.id in known and len(found) < MAX_REPORTED_ITEMS:
            values = _diff_values(_comparable_values(known[line.id]), _comparable_values(line))
            if values:
                found[line.id] = values
    return found


def _comparable_values(line: PlannedLine) -> dict[str, Any]:
    return {
        "product": line.product,
        "quantity": line.quantity,
        "action": line.action.value,
        "attributes": line.attributes,
        "let": line.let,
        "requested_start": line.requested_start,
        "requested_completion": line.requested_completion,
    }


def _diff_values(before: dict[str, Any], after: dict[str, Any], prefix: str = "") -> list[ChangedValue]:
    """The values that differ; objects are compared by their members."""
    found: list[ChangedValue] = []
    for name in {**before, **after}:
        was, is_ = before.get(name), after.get(name)
        if was == is_:
            continue
        if isinstance(was, dict) and isinstance(is_, dict):
            found += _diff_values(was, is_, f"{prefix}{name}.")
        else:
            found.append(ChangedValue(name=f"{prefix}{name}", before=_shorten(was), after=_shorten(is_)))
    return found[:MAX_VALUES_PER_ITEM]


def _step_changes(amended: PlanAmendment, positions: dict[str, int]) -> dict[int, list[ChangedValue]]:
    return {
        positions[id_]: [value for each in changes for value in _to_changed_values(each)][:MAX_VALUES_PER_ITEM]
        for id_, changes in list(amended.diff.changed.items())[:MAX_REPORTED_ITEMS]
    }


def _to_changed_values(change: InputChange) -> list[ChangedValue]:
    """Of a changed definition, one for each of its keys that differ: `definition.call.body.text`."""
    if change.name == DEFINITION_INPUT:
        return _diff_values(json.loads(change.before), json.loads(change.after), f"{DEFINITION_INPUT}.")
    name = change.name[:MAX_VALUE_LENGTH]
    return [ChangedValue(name=name, before=_shorten(change.before), after=_shorten(change.after))]


def _shorten(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else as_text(value)
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"
