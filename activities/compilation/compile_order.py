"""COMPILE_ORDER: from a submitted order to its plan, or to the findings that reject it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import structlog
from temporalio import activity

from activities.compilation.live_catalogue import LiveCatalogue
from activity_contract.activity_names import COMPILE_ORDER
from activity_contract.compilation import INTERNAL_ERROR_CODE, CompiledOrder, CompileOrderInput
from activity_contract.line_reasons import RECENT_LINE_REASONS
from activity_contract.notifications import NotificationFilter
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.plan.codec import encode_plan
from compiler.plan.plan import Plan
from compiler.source.findings import MORE_FINDINGS_CODE, Finding, OrderRejected

logger = structlog.get_logger("activities")

MAX_FINDINGS = 200
MAX_FINDING_LENGTH = 1_000
"""Characters. All findings together must fit into one payload of Temporal (2 MB)."""
MAX_CACHED = 32
"""Compiled orders that are cached in case Temporal retries the activity."""
MAX_PLAN_BYTES = 1_400_000
"""Encoded. A payload holds 2 MB, and base64 adds a third."""
PLAN_TOO_LARGE = "plan-too-large"


class OrderCompiler:
    def __init__(self, catalogues: LiveCatalogue) -> None:
        self._catalogues = catalogues
        self._cache: OrderedDict[tuple[int, str], CompiledOrder] = OrderedDict()

    @activity.defn(name=COMPILE_ORDER)
    async def compile_order(self, request: CompileOrderInput) -> CompiledOrder:
        """Compiles with the current files of the catalogue. No order makes it fail."""
        in_force = await self._catalogues.refresh()
        key = (in_force.sequence, _digest(request.order))
        if (known := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return known
        compiled = await asyncio.to_thread(try_compile_order, request.order, in_force.catalogue)
        self._cache[key] = compiled
        if len(self._cache) > MAX_CACHED:
            self._cache.popitem(last=False)
        return compiled


def _digest(order: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(order, sort_keys=False, default=str).encode()).hexdigest()


def try_compile_order(order: dict[str, Any], catalogue: Catalogue) -> CompiledOrder:
    """Never raises: a mistake of the compiler itself rejects the order, too, rather than leave it hanging."""
    try:
        log = RECENT_LINE_REASONS.new_log()
        compilation = compile_with_warnings(order, catalogue, decision_log=log)
        plan = compilation.require_plan()
        packed = encode_plan(plan)
        if len(packed) > MAX_PLAN_BYTES:
            message = "the plan of this order is larger than Temporal can carry: split the order"
            raise OrderRejected([order_finding(PLAN_TOO_LARGE, message)])
        RECENT_LINE_REASONS.remember(packed, log)
    except OrderRejected as rejected:
        return CompiledOrder(
            findings=dump_findings(rejected.findings),
            summary=rejected_summary(order, catalogue),
            telling=notification_filter(catalogue),
        )
    except Exception as error:
        logger.exception("the compiler failed on an order", order_id=str(order.get("id"))[:128])
        message = f"the compiler failed on this order ({type(error).__name__}); the worker's log has the details"
        return CompiledOrder(
            findings=dump_findings([order_finding(INTERNAL_ERROR_CODE, message)]),
            summary=rejected_summary(order, catalogue),
            telling=notification_filter(catalogue),
        )
    return CompiledOrder(
        plan=packed,
        warnings=dump_findings(compilation.warnings),
        summary=plan_summary(plan, catalogue),
        telling=notification_filter(catalogue),
    )


def notification_filter(catalogue: Catalogue) -> NotificationFilter | None:
    """The events that receivers subscribe to, and escalations, which any of them may get. None without receivers."""
    receivers = catalogue.receivers
    if not receivers:
        return None
    wanted = {pattern for receiver in receivers.values() for pattern in receiver.events}
    return NotificationFilter(events=sorted(wanted | {"step.escalated"}), receivers=sorted(receivers))


def order_finding(code: str, message: str) -> Finding:
    return Finding(file="order", line=0, column=0, code=code, message=message)


def dump_findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    shown = list(findings[:MAX_FINDINGS])
    if len(findings) > MAX_FINDINGS:
        left_out = f"{len(findings) - MAX_FINDINGS:,} more findings are not shown: fix these first"
        shown.append(order_finding(MORE_FINDINGS_CODE, left_out))
    return [
        finding.model_copy(update={"message": finding.message[:MAX_FINDING_LENGTH]}).model_dump(mode="json")
        for finding in shown
    ]


def plan_summary(plan: Plan, catalogue: Catalogue) -> dict[str, Any]:
    wanted = plan.order.requested_completion
    return {
        "customer_id": plan.order.customer.get("id"),
        "products": _commercial_products(plan, catalogue),
        "catalogue_version": plan.catalogue_version,
        "requested_completion": wanted.astimezone(UTC).isoformat() if wanted else None,
        "order_lines": len(plan.order_lines),
        "lines": len(plan.fulfilment_lines),
        "steps": len(plan.steps),
    }


def _commercial_products(plan: Plan, catalogue: Catalogue) -> list[str]:
    """The ids of the commercial products, without duplicates, those of order lines first."""
    ordered = sorted(plan.order_lines, key=lambda line: bool(line.sources))
    return list(dict.fromkeys(line.product for line in ordered if line.product in catalogue.products))


def rejected_summary(order: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """What can be read of an order that is not valid."""
    customer = order.get("customer")
    lines = order.get("lines")
    named = [line.get("product") for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
    known = [catalogue.find_product(name) for name in named if isinstance(name, str)]
    return {
        "customer_id": _short_text(customer.get("id")) if isinstance(customer, dict) else None,
        "products": list(dict.fromkeys(product.id for product in known if product is not None)),
        "catalogue_version": catalogue.version,
        "order_lines": len(named),
    }


def _short_text(value: Any) -> str | None:
    return str(value)[:128] if isinstance(value, str | int) else None
