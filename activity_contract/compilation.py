"""Compiling an order, or an amendment of a running order, on a worker."""

from __future__ import annotations

from typing import Any

from activity_contract.notifications import NotificationFilter
from activity_contract.payloads import WireModel

INTERNAL_ERROR_CODE = "internal-error"
"""Code of the finding if the compiler itself fails: the order is rejected."""


class CompileOrderInput(WireModel):
    order: dict[str, Any]
    """As submitted, not yet checked."""


class CompiledOrder(WireModel):
    """Either `findings`, the reasons of a rejection, or a plan."""

    findings: list[dict[str, Any]] = []
    """Dumps of compiler.source.findings.Finding."""
    warnings: list[dict[str, Any]] = []
    """Of an order with a plan: what may not be meant. Dumps of Finding."""
    plan: bytes = b""
    """The result of compiler.plan.codec.encode_plan."""
    summary: dict[str, Any] = {}
    """For search attributes and memo: customer_id, products (commercial, top level first), catalogue_version,
    requested_completion, and the counts order_lines, lines, steps. A rejected order has those that are known."""
    telling: NotificationFilter | None = None
    """None: the catalogue has no receivers, so the order sends no notifications."""


class CompileAmendmentInput(WireModel):
    order: dict[str, Any]
    """The whole new order, as submitted, not yet checked."""
    plan: bytes
    """The encoded plan of the running order."""
    retired: list[int] = []
    """Positions of its steps that an earlier amendment has retired."""
    completed_lines: list[str] = []
    """Ids of its order lines that are completed: deleting them is work, and takes nothing back."""
    step_weights: list[int] = []
    """By position: a compiler.decomposition.running_units.StepWeight, which decides what units go first if fewer are
    wanted. Empty if the order has no units."""
    catalogue_version: str | None = None
    """The version to compile with. None: the one in force."""


class ChangedValue(WireModel):
    """A difference for people: long values are shortened, None means no value."""

    name: str
    """As in expressions, such as `attributes.model`; `definition` if the catalogue has changed."""
    before: Any = None
    after: Any = None


class ChangedWaits(WireModel):
    """What a step waits for, as ids of steps that are in the order before and after the amendment."""

    no_longer: list[str] = []
    now: list[str] = []


class CompiledAmendment(WireModel):
    """Either `findings`, the reasons of a rejection, or the running plan merged with that of the new order.

    Steps are positions in the merged plan. Those of the running plan keep their positions.
    """

    findings: list[dict[str, Any]] = []
    warnings: list[dict[str, Any]] = []
    survives: bool = True
    """False: the new order has no order line of the running order."""
    plan: bytes = b""
    retired: list[int] = []
    """Steps that the new order no longer needs."""
    changed: list[int] = []
    """Steps whose input differs."""
    seen_otherwise: list[int] = []
    """Those of `changed`, and steps whose undo, output or time limits read a different value."""
    may_redo: list[int] = []
    lines_added: list[str] = []
    lines_removed: list[str] = []
    former_lines: list[str] = []
    """Order lines of the plan that the new order does not have, including those of earlier amendments."""
    order_values: list[ChangedValue] = []
    """Changes of the order itself."""
    line_values: dict[str, list[ChangedValue]] = {}
    """Order line id → its changes. Incomplete if there are very many."""
    step_values: dict[int, list[ChangedValue]] = {}
    """Changed step → its changes. Incomplete if there are very many."""
    waits: dict[int, ChangedWaits] = {}
    """Step → what it waits for otherwise. Incomplete if there are very many."""
    summary: dict[str, Any] = {}
    """As in CompiledOrder."""
    telling: NotificationFilter | None = None
