"""What differs from an order: `with:` of a scenario and `--with` of `plan` (docs/language.md, Scenario)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from compiler.language.strict_model import StrictModel


class OrderOverrides(StrictModel):
    """Values that replace those of an order. A null takes the value away."""

    attributes: dict[str, Any] = Field(default_factory=dict)
    """Attribute → value, for every order line whose product declares the attribute."""
    lines: dict[str, dict[str, Any] | None] = Field(default_factory=dict)
    """Line id → keys of that line. Mappings are merged; null takes the line away."""
    id: Any = None
    """The order's id."""
    customer: Any = None
    """The order's customer."""
    priority: Any = None
    """The order's priority."""
    requested_start: Any = None
    """The order's requested start."""
    requested_completion: Any = None
    """The order's requested completion."""
    characteristics: Any = None
    """The order's characteristics."""
    drop_units: Any = None
    """The units that an amendment drops first."""

    @property
    def order_keys(self) -> dict[str, Any]:
        """The keys of the order itself that are given, also those that are null."""
        given = self.model_fields_set - {"attributes", "lines"}
        return {key: getattr(self, key) for key in sorted(given)}
