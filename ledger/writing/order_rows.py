"""The rows of an order but those of its steps. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from activity_contract.line_reasons import LineReason
from ledger.writing.search_words import search_words
from workflows.contract.order_changes import AmendmentRecord, HistoryRecord, OrderChange, OrderRecord
from workflows.contract.order_views import LineView
from workflows.contract.states import OrderState


def order_row(change: OrderChange, order: OrderRecord, catalogue_version_key: int | None) -> dict[str, Any]:
    """Without `key` and `is_current`."""
    position = change.position
    return {
        "order_id": change.order_id,
        "submission": change.submission,
        "run_id": change.run_id,
        "run_started_at": position.run_started_at,
        "event_id": position.event_id,
        "position_at": position.at,
        "state": order.state.value,
        "jeopardy": order.jeopardy.value,
        "revision": order.revision,
        "priority": order.priority,
        "customer_id": customer_text(order, "id"),
        "customer_name": customer_text(order, "name"),
        "catalogue_version_key": catalogue_version_key,
        "requested_start": order.requested_start,
        "requested_completion": order.requested_completion,
        "started_at": order.started_at,
        "ended_at": order.ended_at,
        "changed_at": datetime.fromtimestamp(position.at, UTC),
        "forecast": order.forecast,
        "fallout": order.fallout,
        "open_tasks": order.open_tasks,
        "step_count": order.step_count,
        "settled_steps": order.settled_steps,
    }


def customer_text(order: OrderRecord, name: str) -> str | None:
    """A rejected order may have anything here."""
    value = order.customer.get(name)
    return value if isinstance(value, str) else None


def document_row(order_key: int, order: OrderRecord) -> dict[str, Any]:
    """Without `submitted`, which a change has only if it is new."""
    return {
        "order_key": order_key,
        "customer": order.customer,
        "characteristics": order.characteristics,
        "products": order.products,
        "findings": order.findings,
        "held": order.held,
        "kept_events": order.kept_events,
    }


def product_rows(order_key: int, order: OrderRecord) -> list[dict[str, Any]]:
    times = {
        "started_at": order.started_at,
        "ended_at": order.ended_at,
        "requested_completion": order.requested_completion,
    }
    return [{"order_key": order_key, "product": product, **times} for product in dict.fromkeys(order.products)]


def system_rows(order_key: int, change: OrderChange) -> list[dict[str, Any]]:
    """The systems of the change's steps."""
    systems = dict.fromkeys(step.system for step in change.steps if step.system is not None)
    return [{"order_key": order_key, "system": each, "started_at": change.order.started_at} for each in systems]


def external_id_rows(order_key: int, lines: list[LineView]) -> list[dict[str, Any]]:
    values = dict.fromkeys(value for line in lines for value in line.external_ids.values())
    return [{"order_key": order_key, "value": value} for value in values]


def id_word_rows(order_key: int, order_id: str) -> list[dict[str, Any]]:
    """What an order is found by whose personal data was erased."""
    return [{"order_key": order_key, "word": word} for word in search_words([order_id])]


def word_rows(order_key: int, change: OrderChange, lines: list[LineView]) -> list[dict[str, Any]]:
    customer_id, customer_name = customer_text(change.order, "id"), customer_text(change.order, "name")
    external_ids = (value for line in lines for value in line.external_ids.values())
    words = search_words((change.order_id, customer_id, customer_name, *external_ids))
    return [{"order_key": order_key, "word": word} for word in words]


def line_rows(
    order_key: int, lines: list[LineView], order_line_count: int, states: dict[str, OrderState]
) -> list[dict[str, Any]]:
    """`states`: of lines whose state has changed since."""
    return [
        {
            "order_key": order_key,
            "number": number,
            "line_id": line.id,
            "fulfilment": number > order_line_count,
            "product": line.product,
            "name": line.name,
            "quantity": line.quantity,
            "action": line.action,
            "attributes": line.attributes,
            "state": states.get(line.id, line.state).value,
            "sources": line.sources,
            "per": line.per,
            "requested_completion": line.requested_completion,
            "named_values": line.named_values,
            "external_ids": line.external_ids,
        }
        for number, line in enumerate(lines, start=1)
    ]


def reason_rows(order_key: int, reasons: Iterable[LineReason]) -> list[dict[str, Any]]:
    """The reasons of each line, numbered from 1."""
    counts: Counter[str] = Counter()
    rows = []
    for reason in reasons:
        counts[reason.line_id] += 1
        rows.append(
            {
                "order_key": order_key,
                "line_id": reason.line_id,
                "number": counts[reason.line_id],
                "kind": reason.kind,
                "source": reason.source,
                "name": reason.name,
                "why": reason.why,
                "place": reason.place,
                "values": reason.values,
                "quantity": reason.quantity,
                "quantity_value": reason.quantity_value,
            }
        )
    return rows


def history_row(order_key: int, entry: HistoryRecord) -> dict[str, Any]:
    return {
        "order_key": order_key,
        "number": entry.number,
        "at": entry.at,
        "what": entry.what,
        "step_id": entry.step,
        "by": entry.by,
        "reason": entry.reason,
        "data": entry.data,
    }


def amendment_row(order_key: int, amendment: AmendmentRecord) -> dict[str, Any]:
    return {
        "order_key": order_key,
        "revision": amendment.revision,
        "at": amendment.at,
        "by": amendment.by,
        "reason": amendment.reason,
        "before": amendment.before,
        "after": amendment.after,
    }
