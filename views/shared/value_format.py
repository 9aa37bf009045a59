"""Values as text: customers, attributes, counts, states, errors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from compiler.values import as_text

if TYPE_CHECKING:
    from workflows.contract.order_messages import CorrectionView
    from workflows.contract.order_views import ErrorView

MAX_VALUE_LENGTH = 200


def format_customer(customer: Mapping[str, Any]) -> str:
    """`Elm Street 14 (C-42, gold)`."""
    name, more = customer.get("name"), [str(customer[key]) for key in ("id", "tier") if customer.get(key)]
    return f"{name} ({', '.join(more)})" if name and more else str(name or ", ".join(more))


def format_values(mapping: Mapping[str, Any]) -> str:
    """`cameras=4 model=outdoor address="Elm Street 14"`."""
    return " ".join(f"{name}={_format_value(value)}" for name, value in mapping.items())


def _format_value(value: Any) -> str:
    if hasattr(value, "isoformat"):
        text = str(value.isoformat())
    elif isinstance(value, str) and value and not set(value) & set(' ="'):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"


def correction_text(corrections: Iterable[CorrectionView]) -> str:
    """`address="Mill Lane 9" instead of "Mill Lnae 9"`."""
    return ", ".join(
        f"{format_values({each.name: each.value})} instead of {_format_value(each.instead_of)}" for each in corrections
    )


def format_quantity(quantity: int | float) -> str:
    return f"×{as_text(quantity)}"


def instance_suffix(step_id: str) -> str:
    """`security_camera.reserve@1` → `1`. Empty if the order has the step only once."""
    return step_id.partition("@")[2]


def in_words(state: str) -> str:
    """`in_progress` → `in progress`."""
    return state.replace("_", " ")


def error_text(error: ErrorView | None) -> str:
    """`out_of_stock: none left`; empty for None."""
    return f"{error.code}: {error.message}" if error else ""


def pluralize(count: int, noun: str, plural: str | None = None) -> str:
    """`1 step`, `12,000 steps`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
