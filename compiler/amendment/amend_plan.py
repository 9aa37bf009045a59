"""Amends the plan of a running order: every step keeps its position, and new steps are added at the end.

Steps that the new order does not have stay in the plan as *retired* ones: they can be shown and undone.
With a new catalogue version, order lines that the amendment does not change are *kept*: they stay on the catalogue
version that they were planned with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from compiler.amendment.compare_plans import PlanDiff, compare_plans
from compiler.graph import walk
from compiler.plan.plan import OrderHeader, Plan, PlannedDefinition, PlannedLine, PlannedStep, encode_line_position


@dataclass(frozen=True, slots=True)
class PlanAmendment:
    plan: Plan
    retired: frozenset[int]
    """Positions of the steps that the order no longer has."""
    diff: PlanDiff
    """The difference between the running plan, without retired steps, and the new plan, with kept lines as before."""


def amend_plan(running: Plan, retired: Collection[int], new_plan: Plan) -> PlanAmendment:
    """Merges `new_plan`, the plan of the whole amended order, into the running plan.

    `retired` are positions in the running plan. Amending to the same order gives an empty diff; amending there and
    back gives the first plan.
    """
    everything = PlanGraph.from_plan(running)
    active = everything.without_steps({running.steps[position].id for position in retired})
    target = PlanGraph.from_plan(new_plan)
    if new_plan.catalogue_version != running.catalogue_version and _same_order_data(running.order, new_plan.order):
        target = _keep_unchanged_lines(active, target)
    amended = _overlay(everything, target)
    return PlanAmendment(
        plan=replace(
            amended.to_plan(new_plan.order, new_plan.catalogue_version), language_version=new_plan.language_version
        ),
        retired=frozenset(position for position, id_ in enumerate(amended.steps) if id_ not in target.steps),
        diff=compare_plans(
            active.to_plan(running.order, running.catalogue_version),
            target.to_plan(new_plan.order, new_plan.catalogue_version),
        ),
    )


def _same_order_data(before: OrderHeader, after: OrderHeader) -> bool:
    """Customer and characteristics can affect every line. Requested times and priority do not."""
    return before.customer == after.customer and before.characteristics == after.characteristics


LineKey = tuple[bool, str]
"""Whether the line is an order line, and its id."""


@dataclass(frozen=True, slots=True)
class _GraphStep:
    """A planned step that refers to other parts by id."""

    definition: PlannedDefinition
    lines: tuple[LineKey, ...]
    after: tuple[str, ...]
    reads: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PlanGraph:
    """A plan whose parts refer to each other by id, so that parts of two plans can be combined."""

    lines: Mapping[LineKey, PlannedLine]
    steps: Mapping[str, _GraphStep]

    @classmethod
    def from_plan(cls, plan: Plan) -> PlanGraph:
        lines = {(True, line.id): line for line in plan.order_lines}
        lines |= {(False, line.id): line for line in plan.fulfilment_lines}
        keys = list(lines)
        return cls(
            lines,
            {
                step.id: _GraphStep(
                    definition=plan.step_definition(step),
                    lines=tuple(keys[index] for index in plan.step_line_indexes(step)),
                    after=tuple(plan.steps[position].id for position in step.after),
                    reads=tuple(tuple(plan.steps[position].id for position in read) for read in step.reads),
                )
                for step in plan.steps
            },
        )

    def without_steps(self, step_ids: Collection[str]) -> PlanGraph:
        """Leaves out these steps, and the lines that only they serve."""
        steps = {id_: step for id_, step in self.steps.items() if id_ not in step_ids}
        served = {line for step in steps.values() for line in step.lines}
        unserved = {line for id_ in step_ids for line in self.steps[id_].lines} - served
        return PlanGraph({key: line for key, line in self.lines.items() if key not in unserved}, steps)

    def to_plan(self, order: OrderHeader, catalogue_version: str) -> Plan:
        """The plan, without references to steps that are not in it."""
        groups = [[key for key in self.lines if key[0]], [key for key in self.lines if not key[0]]]
        line_positions = {key: position for group in groups for position, key in enumerate(group)}
        steps = {id_: position for position, id_ in enumerate(self.steps)}
        definitions = {id(step.definition): step.definition for step in self.steps.values()}
        definition_positions = {which: position for position, which in enumerate(definitions)}
        return Plan(
            order=order,
            catalogue_version=catalogue_version,
            order_lines=tuple(self.lines[key] for key in groups[0]),
            fulfilment_lines=tuple(self.lines[key] for key in groups[1]),
            definitions=tuple(definitions.values()),
            steps=tuple(
                PlannedStep(
                    id=id_,
                    definition_position=definition_positions[id(step.definition)],
                    line_positions=tuple(
                        encode_line_position(line_positions[key], key[0], step.definition.serves_order_lines)
                        for key in step.lines
                    ),
                    after=tuple(sorted(steps[before] for before in step.after if before in steps)),
                    reads=tuple(tuple(sorted(steps[one] for one in read if one in steps)) for read in step.reads),
                )
                for id_, step in self.steps.items()
            ),
        )


def _overlay(running: PlanGraph, target: PlanGraph) -> PlanGraph:
    """The target's lines and steps, at their positions in the running plan. Lines and steps that only the running plan
    has are kept."""
    added_lines = {key: line for key, line in running.lines.items() if key not in target.lines}
    steps = {id_: target.steps.get(id_, step) for id_, step in running.steps.items()}
    return PlanGraph({**target.lines, **added_lines}, {**steps, **target.steps})


def _keep_unchanged_lines(active: PlanGraph, new_graph: PlanGraph) -> PlanGraph:
    """`new_graph` with the steps and definitions of `active` for whatever only serves unchanged order lines."""
    unchanged = _unchanged_order_lines(active, new_graph)
    if not unchanged:
        return new_graph
    kept = {id_: step for id_, step in active.steps.items() if _serves_only(active, step, unchanged)}
    new = {
        id_: step
        for id_, step in new_graph.steps.items()
        if id_ in kept or not _serves_only(new_graph, step, unchanged)
    }
    steps = {id_: replace(kept[id_], after=step.after) if id_ in kept else step for id_, step in new.items()}
    steps |= {id_: step for id_, step in kept.items() if id_ not in new}
    lines = {
        key: _keep_line(active.lines[key], line)
        if key in active.lines and _source_order_lines(active, key) <= unchanged
        else line
        for key, line in new_graph.lines.items()
    }
    lines |= {key: active.lines[key] for step in steps.values() for key in step.lines if key not in lines}

    def predecessors(id_: str) -> Iterable[str]:
        """The predecessors of a step that is left out. They replace it."""
        left_out_of = (graph for graph in (new_graph, active) if id_ not in steps and id_ in graph.steps)
        return next((graph.steps[id_].after for graph in left_out_of), ())

    return PlanGraph(
        lines,
        {
            id_: replace(step, after=tuple(sorted(one for one in walk(step.after, predecessors) if one in steps)))
            for id_, step in steps.items()
        },
    )


def _keep_line(before: PlannedLine, after: PlannedLine) -> PlannedLine:
    """The line as before. Values that only the new version names are added: a new step that serves it may read them."""
    workstreams = {**after.workstream_lets, **before.workstream_lets}
    lets = {
        name: {**after.workstream_lets.get(name, {}), **before.workstream_lets.get(name, {})} for name in workstreams
    }
    return replace(before, let={**after.let, **before.let}, workstream_lets=lets)


def _unchanged_order_lines(active: PlanGraph, new_graph: PlanGraph) -> frozenset[str]:
    """Ids of the order lines that are requested as before, together with all lines above them."""
    unchanged: set[str] = set()
    for (is_order_line, id_), line in new_graph.lines.items():  # parents come before their children
        before = active.lines.get((True, id_))
        if (
            is_order_line
            and before is not None
            and before.request_digest == line.request_digest
            and before.sources == line.sources
            and unchanged.issuperset(line.sources)
        ):
            unchanged.add(id_)
    return frozenset(unchanged)


def _serves_only(graph: PlanGraph, step: _GraphStep, order_line_ids: frozenset[str]) -> bool:
    return all(_source_order_lines(graph, key) <= order_line_ids for key in step.lines)


def _source_order_lines(graph: PlanGraph, key: LineKey) -> frozenset[str]:
    """Ids of the nearest order lines: the line itself, or the order lines whose rules made it, maybe indirectly."""

    def sources(key: LineKey) -> list[LineKey]:
        ids = () if key[0] else graph.lines[key].sources
        return [key for id_ in ids for key in ((True, id_), (False, id_)) if key in graph.lines]

    return frozenset(id_ for is_order_line, id_ in walk([key], sources) if is_order_line)
