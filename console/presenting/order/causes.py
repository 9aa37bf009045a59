"""Why a line exists, in words: the rule, the values that it read, and its place in the definitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from activity_contract.line_reasons import LineReason
from compiler.values import as_text
from views.shared.value_format import format_values, in_words


@dataclass(frozen=True)
class Cause:
    text: str
    """``always``, or `` `attributes.cameras > 0` holds``."""
    values: str
    """`attributes.cameras=4`: what the condition and the quantity read."""
    quantity: str
    """`quantity * attributes.cameras = 4`; empty if no expression gave it."""
    source: str
    """The id of the line to which the rule was applied."""
    place: str
    """`definitions/offers/home_security.yaml:21`."""
    is_component: bool


def line_causes(reasons: Iterable[LineReason]) -> dict[str, list[Cause]]:
    """By the id of the line."""
    causes: dict[str, list[Cause]] = {}
    for reason in reasons:
        causes.setdefault(reason.line_id, []).append(_cause(reason))
    return causes


def _cause(reason: LineReason) -> Cause:
    quantity = ""
    if reason.quantity is not None and reason.quantity_value is not None:
        value = as_text(reason.quantity_value)
        quantity = reason.quantity if reason.quantity == value else f"{reason.quantity} = {value}"
    return Cause(
        text=reason.why,
        values=format_values(reason.values),
        quantity=quantity,
        source=reason.source,
        place=_without_column(reason.place),
        is_component=reason.kind == "component",
    )


def _without_column(place: str) -> str:
    return place.rpartition(":")[0] if place.count(":") >= 2 else place


def ordered_cause(action: str, sources: Sequence[str]) -> str:
    """For a line of which no reason is known."""
    if not sources:
        return "ordered"
    named = ", ".join(sources[:5]) + (f" and {len(sources) - 5} more" if len(sources) > 5 else "")
    return f"{in_words(action)}, from line {named}" if len(sources) == 1 else f"{in_words(action)}, from lines {named}"
