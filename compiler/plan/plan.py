"""The plan of an order: its lines and steps, as data that a workflow can run and a person can read.

A step's definition is stored once (`PlannedDefinition`). Its instances refer to it.

The plan codec encodes the fields of these classes in the order in which they are declared: add new ones at the end,
with a default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from compiler.catalogue.catalogue import OutputReference
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import LineAction, ReliedFailure, StepDefinition

LANGUAGE_VERSION = 2
"""The version of the rules by which orders are compiled. An amendment uses the rules that its order was compiled by.

Since version 2, attributes that a modify or delete line does not mention stay as in its `previous`. Quantities are
whole unless the product says otherwise.
"""


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
    """Attributes by name. A date is a `date`. A date-time is a `datetime` with its zone."""
    sources: tuple[str, ...] = ()
    """Ids. For a fulfilment line, the lines whose rules made it. For an order line, its parent, if any."""
    per: str | None = None
    previous: PreviousState | None = None
    each: Any = None
    index: int | None = None
    requested_start: datetime | None = None
    requested_completion: datetime | None = None
    external_ids: dict[str, str] = field(default_factory=dict)
    request_digest: str = ""
    """A digest of the line's request. An amendment compares it to see whether the line changes. Empty for components
    and fulfilment lines."""
    relies_on: tuple[str, ...] = ()
    """Ids of the order lines that this one relies on."""
    on_relied_failure: ReliedFailure = ReliedFailure.FALLOUT
    """What becomes of this line if one of those lines is rolled back."""
    let: dict[str, Any] = field(default_factory=dict)
    """The named values of the product, by name. Computed once, when the order is compiled."""
    workstream_lets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The named values of the workstreams that serve the line, by workstream and name."""

    @property
    def named_values(self) -> dict[str, Any]:
        """All named values of the line, as people see them: `let.total`, or `shipment.let.total` of a workstream."""
        named = {f"let.{name}": value for name, value in self.let.items()}
        for workstream, values in self.workstream_lets.items():
            named |= {f"{workstream}.let.{name}": value for name, value in values.items()}
        return named


@dataclass(frozen=True, slots=True)
class PlannedDefinition:
    """A step's definition with retry policies and timeouts resolved from the catalogue."""

    workstream: str
    workstream_name: str
    step: str
    name: str
    definition: StepDefinition
    serves_order_lines: bool
    """True if all its lines are order lines. False if some or all of them are fulfilment lines."""
    per: str
    retry: RetryPolicy
    """The step's policy, else its system's policy, else `standard`. Taken when the order was compiled."""
    undo_retry: RetryPolicy
    timeout: float
    """Seconds of one attempt: the step's timeout, else its system's, else 30. Taken when the order was compiled. If the
    step's timeout is a template (`${…}`), it is evaluated when the step starts, and this is the fallback."""
    undo_timeout: float
    reads: tuple[OutputReference, ...] = ()
    expression_locations: dict[str, str] = field(default_factory=dict)
    """Expression text → `file:line:column`."""
    decimal_quantity: bool = False
    """Whether quantities are floats in its expressions, because a product that it can serve has decimal quantities."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One instance of a step. It refers to other parts by their positions in the plan's tuples."""

    id: str
    definition_position: int
    line_positions: tuple[int, ...]
    """Encoded by encode_line_position. Read them with Plan.step_lines or Plan.step_line_indexes."""
    after: tuple[int, ...]
    """Positions in `steps`, ascending. Includes implied predecessors."""
    reads: tuple[tuple[int, ...], ...] = ()
    """For each of the definition's `reads`, the positions of the steps that are read, ascending."""


@dataclass(frozen=True, slots=True)
class OrderHeader:
    """The parts of the order that expressions can read as `order`."""

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
    """Depth first. Components follow the line that they belong to."""
    fulfilment_lines: tuple[PlannedLine, ...]
    definitions: tuple[PlannedDefinition, ...]
    steps: tuple[PlannedStep, ...]
    language_version: int = LANGUAGE_VERSION

    def step_definition(self, step: PlannedStep) -> PlannedDefinition:
        return self.definitions[step.definition_position]

    def step_line_indexes(self, step: PlannedStep) -> list[int]:
        """The step's lines as indexes into the order lines followed by the fulfilment lines."""
        if self.step_definition(step).serves_order_lines:
            return list(step.line_positions)
        return [len(self.order_lines) + at if at >= 0 else ~at for at in step.line_positions]

    def step_lines(self, step: PlannedStep) -> tuple[PlannedLine, ...]:
        if self.step_definition(step).serves_order_lines:
            return tuple(self.order_lines[position] for position in step.line_positions)
        return tuple(self.fulfilment_lines[at] if at >= 0 else self.order_lines[~at] for at in step.line_positions)


def encode_line_position(position: int, is_order_line: bool, serves_order_lines: bool) -> int:
    """A position in `order_lines` or `fulfilment_lines` as `PlannedStep.line_positions` stores it.

    A step that does not serve order lines only (`serves_order_lines`) stores theirs as `~position`, a negative number.
    """
    return ~position if is_order_line and not serves_order_lines else position
