"""The plan: what an order will do, step by step, as data that a workflow can run and a person can read.

What a definition says is stored once (`PlannedDefinition`); a step instance only points at it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from compiler.catalogue.catalogue import OutputReference
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import LineAction, StepDefinition


@dataclass(frozen=True, slots=True)
class PreviousState:
    attributes: dict[str, Any]
    quantity: int | float


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """An order line (`per` is None) or a fulfilment line."""

    id: str
    product: str
    name: str
    """The product's name."""
    quantity: int | float
    action: LineAction
    attributes: dict[str, Any]
    """Values; a date is a `date`, a date-time a `datetime` with its zone."""
    sources: tuple[str, ...] = ()
    """Ids of the lines whose rules made it; for an order line: its parent, if any."""
    per: str | None = None
    previous: PreviousState | None = None
    each: Any = None
    index: int | None = None
    requested_start: datetime | None = None
    requested_completion: datetime | None = None
    external_ids: dict[str, str] = field(default_factory=dict)
    request_digest: str = ""
    """Of a line that the order spells out: a digest of what it asks for, to tell whether an amendment touches it."""


@dataclass(frozen=True, slots=True)
class PlannedDefinition:
    """A step's definition as far as a plan uses it, with everything resolved that the catalogue decides."""

    workstream: str
    workstream_name: str
    step: str
    name: str
    definition: StepDefinition
    serves_order_lines: bool
    """Its `lines` are order lines (a workstream for commercial products), else fulfilment lines (or both kinds)."""
    per: str
    retry: RetryPolicy
    """The step's policy, else its system's when the order was compiled, else `standard`."""
    undo_retry: RetryPolicy
    timeout: float
    """Seconds, of one attempt; the step's, else its system's when the order was compiled, else 30. One written as a
    template (`${…}`) counts when its turn comes: here it is as if not given."""
    undo_timeout: float
    reads: tuple[OutputReference, ...] = ()
    expression_locations: dict[str, str] = field(default_factory=dict)
    """Expression text → `file:line:column`."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One instance of a step. All references are positions in the plan's lists."""

    id: str
    definition_position: int
    line_positions: tuple[int, ...]
    """Positions in `order_lines` or `lines`, as the definition's `serves_order_lines` says; where one instance serves
    lines of both kinds, order lines are given as `~position`. `Plan.lines_of` knows."""
    after: tuple[int, ...]
    """Positions in `steps`, ascending; implied ones included."""
    reads: tuple[tuple[int, ...], ...] = ()
    """For each of the definition's `reads`: the steps meant, ascending."""


@dataclass(frozen=True, slots=True)
class OrderHeader:
    """What expressions see as `order`."""

    id: str
    customer: dict[str, Any]
    priority: int
    requested_start: datetime | None
    requested_completion: datetime | None
    characteristics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    order: OrderHeader
    catalogue_version: str
    order_lines: tuple[PlannedLine, ...]
    """Depth first, as the order has them; components after the line that they belong to."""
    fulfilment_lines: tuple[PlannedLine, ...]
    definitions: tuple[PlannedDefinition, ...]
    steps: tuple[PlannedStep, ...]

    def step_definition(self, step: PlannedStep) -> PlannedDefinition:
        return self.definitions[step.definition_position]

    def step_lines(self, step: PlannedStep) -> tuple[PlannedLine, ...]:
        if self.step_definition(step).serves_order_lines:
            return tuple(self.order_lines[position] for position in step.line_positions)
        return tuple(self.fulfilment_lines[at] if at >= 0 else self.order_lines[~at] for at in step.line_positions)
