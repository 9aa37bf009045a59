"""Compiling where orders run: an order, or an amendment of a running one."""

from __future__ import annotations

from typing import Any

from activity_contract.notifications import NotificationFilter
from activity_contract.payloads import WireModel


class CompileOrderInput(WireModel):
    order: dict[str, Any]
    """As submitted, not yet checked."""


class CompiledOrder(WireModel):
    """Either `findings` (why the order was rejected) or a plan."""

    findings: list[dict[str, Any]] = []
    """compiler.source.findings.Finding, dumped."""
    plan: bytes = b""
    """compiler.plan.codec.pack(plan)."""
    summary: dict[str, Any] = {}
    """For search attributes and memo, also of a rejected order as far as known: customer_id, products (commercial,
    top level first), catalogue_version, requested_completion, order_lines, lines, steps (counts)."""
    telling: NotificationFilter | None = None
    """None: the catalogue has no receivers, and the order tells nobody anything."""


class CompileAmendmentInput(WireModel):
    order: dict[str, Any]
    """The whole new order, as submitted, not yet checked."""
    plan: bytes
    """The running one, packed."""
    retired: list[int] = []
    """Positions of its steps that an earlier amendment left over."""


class ChangedValue(WireModel):
    """As a person reads it: values are shortened, `None` where there is none."""

    name: str
    """As expressions write it, `attributes.model`; `definition` where the catalogue says something else by now."""
    before: Any = None
    after: Any = None


class CompiledAmendment(WireModel):
    """Either `findings` (why the new order is rejected) or the running plan with the new one laid over it.

    Steps are positions in that plan; those that were in the running one have kept theirs.
    """

    findings: list[dict[str, Any]] = []
    survives: bool = True
    """False: no order line of the running order is left."""
    plan: bytes = b""
    retired: list[int] = []
    """The order does not ask for these any more."""
    changed: list[int] = []
    """Their input is another one."""
    seen_otherwise: list[int] = []
    """These, and those whose undo, output or time limits read something else than before."""
    may_redo: list[int] = []
    lines_added: list[str] = []
    lines_removed: list[str] = []
    former_lines: list[str] = []
    """Order lines of the plan that the new order does not have, those of earlier amendments included."""
    order_values: list[ChangedValue] = []
    """Of the order itself."""
    line_values: dict[str, list[ChangedValue]] = {}
    """Of order lines, by id; not of all where these are very many."""
    step_values: dict[int, list[ChangedValue]] = {}
    """Of changed steps; not of all where these are very many."""
    summary: dict[str, Any] = {}
    """As a CompiledOrder's."""
    telling: NotificationFilter | None = None
