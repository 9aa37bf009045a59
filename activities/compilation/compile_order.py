"""COMPILE_ORDER: the order as submitted in, its plan or the reasons of its rejection out."""

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

from activities.compilation.live_catalogue import CatalogueInForce
from activity_contract.compilation import COMPILE_ORDER, CompiledOrder, CompileOrder
from activity_contract.notifications import Telling
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.plan.codec import pack
from compiler.plan.plan import Plan
from compiler.source.findings import Finding, OrderRejected

logger = structlog.get_logger("activities")

MOST_FINDINGS = 200
LONGEST_FINDING = 1_000
"""Characters of a message. All findings together must fit into one answer of Temporal's (2 MB)."""
MOST_KEPT = 32
"""Compiled orders that are kept for the case that Temporal asks again."""
LARGEST_PLAN = 1_400_000
"""Bytes, packed. A payload holds 2 MB, and bytes grow by a third on their way into it."""
INTERNAL_ERROR = "internal-error"
PLAN_TOO_LARGE = "plan-too-large"


class OrderCompiler:
    def __init__(self, catalogues: CatalogueInForce) -> None:
        self._catalogues = catalogues
        self._compiled: OrderedDict[tuple[int, str], CompiledOrder] = OrderedDict()

    @activity.defn(name=COMPILE_ORDER)
    async def compile_order(self, asked: CompileOrder) -> CompiledOrder:
        """Compiles with the catalogue as its files are now. Never fails for anything in the order."""
        in_force = await self._catalogues.refreshed()
        key = (in_force.number, _digest(asked.order))
        if (known := self._compiled.get(key)) is not None:
            self._compiled.move_to_end(key)
            return known
        compiled = await asyncio.to_thread(compiled_order, asked.order, in_force.catalogue)
        self._compiled[key] = compiled
        if len(self._compiled) > MOST_KEPT:
            self._compiled.popitem(last=False)
        return compiled


def _digest(order: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(order, sort_keys=False, default=str).encode()).hexdigest()


def compiled_order(order: dict[str, Any], catalogue: Catalogue) -> CompiledOrder:
    """Never raises: a mistake of the compiler itself rejects the order, too, rather than leave it hanging."""
    try:
        plan = compile_order(order, catalogue)
        packed = pack(plan)
        if len(packed) > LARGEST_PLAN:
            message = "the plan of this order is larger than Temporal can carry: split the order"
            raise OrderRejected([of_order(PLAN_TOO_LARGE, message)])
    except OrderRejected as rejected:
        return CompiledOrder(
            findings=dumped(rejected.findings), summary=_known_of(order, catalogue), telling=telling_of(catalogue)
        )
    except Exception as error:
        logger.exception("the compiler failed on an order", order_id=str(order.get("id"))[:128])
        message = f"the compiler failed on this order ({type(error).__name__}); the worker's log has the details"
        return CompiledOrder(
            findings=dumped([of_order(INTERNAL_ERROR, message)]),
            summary=_known_of(order, catalogue),
            telling=telling_of(catalogue),
        )
    return CompiledOrder(plan=packed, summary=summary_of(plan, catalogue), telling=telling_of(catalogue))


def telling_of(catalogue: Catalogue) -> Telling | None:
    """What the receivers want to know; they may all be sent escalations. None where there are no receivers."""
    receivers = catalogue.receivers
    if not receivers:
        return None
    wanted = {pattern for receiver in receivers.values() for pattern in receiver.events}
    return Telling(events=sorted(wanted | {"step.escalated"}), receivers=sorted(receivers))


def of_order(code: str, message: str) -> Finding:
    return Finding(file="order", line=0, column=0, code=code, message=message)


def dumped(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    shown = list(findings[:MOST_FINDINGS])
    if len(findings) > MOST_FINDINGS:
        shown.append(of_order("more-findings", f"and {len(findings) - MOST_FINDINGS} more findings"))
    return [
        finding.model_copy(update={"message": finding.message[:LONGEST_FINDING]}).model_dump(mode="json")
        for finding in shown
    ]


def summary_of(plan: Plan, catalogue: Catalogue) -> dict[str, Any]:
    wanted = plan.order.requested_completion
    return {
        "customer_id": plan.order.customer.get("id"),
        "products": _top_level_first(plan, catalogue),
        "catalogue_version": plan.catalogue_version,
        "requested_completion": wanted.astimezone(UTC).isoformat() if wanted else None,
        "order_lines": len(plan.order_lines),
        "lines": len(plan.lines),
        "steps": len(plan.steps),
    }


def _top_level_first(plan: Plan, catalogue: Catalogue) -> list[str]:
    """Commercial products, each once."""
    ordered = sorted(plan.order_lines, key=lambda line: bool(line.sources))
    return list(dict.fromkeys(line.product for line in ordered if line.product in catalogue.products))


def _known_of(order: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """Of a rejected order: what can be read of it without its being right."""
    customer = order.get("customer")
    lines = order.get("lines")
    named = [line.get("product") for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
    known = [catalogue.product_named(name) for name in named if isinstance(name, str)]
    return {
        "customer_id": _text(customer.get("id")) if isinstance(customer, dict) else None,
        "products": list(dict.fromkeys(product.id for product in known if product is not None)),
        "catalogue_version": catalogue.version,
        "order_lines": len(named),
    }


def _text(value: Any) -> str | None:
    return str(value)[:128] if isinstance(value, str | int) else None
