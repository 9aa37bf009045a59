"""The structure of a plan: definitions, lanes, steps and their order. It stays as it is until an amendment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from compiler.plan.plan import PlannedDefinition
from console.presenting.plan.step_facts import StepFacts, step_facts
from views.order.swimlanes import LaneStep, group_lanes
from views.plan.picture.lane_groups import LineOwners, Path, common_path
from views.shared.value_format import instance_suffix
from workflows.contract.order_views import LineView


class KnownOrder(Protocol):
    """What is known of an order: by its own answer, or by the ledger."""

    @property
    def order_id(self) -> str: ...

    @property
    def revision(self) -> int: ...

    @property
    def order_lines(self) -> Sequence[LineView]: ...

    @property
    def lines(self) -> Sequence[LineView]: ...


class KnownStep(LaneStep, Protocol):
    """What is known of a step that only an amendment changes."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def lines(self) -> Sequence[str]: ...

    @property
    def after(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class PlanDefinition:
    """What the instances of a step share."""

    workstream: str
    workstream_name: str
    step: str
    name: str
    kind: str
    facts: StepFacts | None
    """None if the order itself does not answer: then only its record is known."""


@dataclass(frozen=True, slots=True)
class PlanStep:
    """Its number is its position and 1."""

    definition: int
    lane: int
    after: tuple[int, ...]
    """Positions of its predecessors, ascending."""
    owner: Path
    """Ids of order lines, from the top level down: the lowest that all its lines belong to. Empty: the order."""


@dataclass(frozen=True, slots=True)
class PlanLane:
    title: str
    """`Security camera ×4`"""
    served_lines: str
    """`Alarm hub, Security camera ×4`; empty where the title says it."""
    suffix: str
    """What tells its steps apart from those of other lanes of the workstream: `1.2` of `wan_router.ship@1.2`."""
    owner: Path
    steps: tuple[int, ...]
    """Positions."""


@dataclass(frozen=True, slots=True)
class PlanStructure:
    order_id: str
    revision: int
    definitions: tuple[PlanDefinition, ...]
    steps: tuple[PlanStep, ...]
    lanes: tuple[PlanLane, ...]
    order_lines: Mapping[str, LineView]


def plan_structure(
    order: KnownOrder, steps: Sequence[KnownStep], planned: Sequence[PlannedDefinition] = ()
) -> PlanStructure:
    """`steps` are all steps of the order, in its order. `planned`: what is known of their definitions."""
    facts = {(each.workstream, each.step): step_facts(each, planned) for each in planned}
    positions = {step.id: at for at, step in enumerate(steps)}
    owner_of = _OwnerOfLines(order)
    numbers: dict[tuple[str, str, str], int] = {}
    definitions: list[PlanDefinition] = []
    definition_of: list[int] = []
    for step in steps:
        key = (step.workstream, step_key(step), step.name)
        if key not in numbers:
            numbers[key] = len(definitions)
            found = facts.get(key[:2])
            definitions.append(
                PlanDefinition(step.workstream, step.workstream_name, key[1], step.name, step.kind, found)
            )
        definition_of.append(numbers[key])
    lanes, lane_of = [], [0] * len(steps)
    for number, lane in enumerate(group_lanes(steps)):
        owners = [owner_of(step.lines) for step in lane.steps]
        members = tuple(positions[step.id] for step in lane.steps)
        suffix = instance_suffix(lane.steps[0].id)
        lanes.append(PlanLane(lane.title, lane.served_lines, suffix, common_path(owners), members))
        for position in members:
            lane_of[position] = number
    return PlanStructure(
        order.order_id,
        order.revision,
        tuple(definitions),
        tuple(
            PlanStep(
                definition_of[at],
                lane_of[at],
                tuple(sorted(positions[earlier] for earlier in step.after if earlier in positions)),
                owner_of(step.lines),
            )
            for at, step in enumerate(steps)
        ),
        tuple(lanes),
        {line.id: line for line in order.order_lines},
    )


def step_key(step: LaneStep) -> str:
    """`reserve` of `security_camera.reserve@1`."""
    return step.id.partition("@")[0].removeprefix(f"{step.workstream}.")


class _OwnerOfLines:
    """The order line that owns what serves these lines. Many steps serve the same lines, so answers are kept."""

    def __init__(self, order: KnownOrder) -> None:
        self._owners = LineOwners(order.order_lines, order.lines)
        self._lines = {line.id: line for line in (*order.order_lines, *order.lines)}
        self._known: dict[tuple[str, ...], Path] = {}

    def __call__(self, line_ids: Sequence[str]) -> Path:
        key = tuple(line_ids)
        if key not in self._known:
            self._known[key] = self._owners.owner(self._lines[id_] for id_ in key if id_ in self._lines)
        return self._known[key]
