"""A running order's plan as an amendment leaves it: every step keeps its place, what is new comes behind.

Steps that the new order does not have stay in the plan as *retired* ones: what they did is still shown, and undone.
Order lines that the amendment does not touch are *kept*: they stay on the catalogue that they were planned with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from compiler.amendment.compare_plans import PlanDiff, compare_plans
from compiler.plan.plan import OrderHeader, Plan, PlannedDefinition, PlannedLine, PlannedStep


@dataclass(frozen=True, slots=True)
class PlanAmendment:
    plan: Plan
    retired: frozenset[int]
    """Positions of steps that the order no longer asks for."""
    diff: PlanDiff
    """Between the plans as they run: kept lines are as they were."""


def amend_plan(running: Plan, retired: Collection[int], new_plan: Plan) -> PlanAmendment:
    """Lays `wanted`, the whole new order compiled now, over the running plan, in which `retired` steps are left over.

    Amending to the order as it is gives an empty difference; amending there and back, the plan as it was.
    """
    everything, left_over = PlanGraph.from_plan(running), {running.steps[position].id for position in retired}
    alive = everything.without_steps(left_over)
    target = PlanGraph.from_plan(new_plan)
    if new_plan.catalogue_version != running.catalogue_version and _same_order_data(running.order, new_plan.order):
        target = _keep_unchanged_lines(alive, target)
    laid = _overlay(everything, target)
    return PlanAmendment(
        plan=laid.to_plan(new_plan.order, new_plan.catalogue_version),
        retired=frozenset(position for position, id_ in enumerate(laid.steps) if id_ not in target.steps),
        diff=compare_plans(
            alive.to_plan(running.order, running.catalogue_version),
            target.to_plan(new_plan.order, new_plan.catalogue_version),
        ),
    )


def _same_order_data(before: OrderHeader, after: OrderHeader) -> bool:
    """What an order says of itself may concern every line of it; when it is wanted, and how urgently, does not."""
    return before.customer == after.customer and before.characteristics == after.characteristics


LineKey = tuple[bool, str]
"""Whether it is an order line, and its id."""


@dataclass(frozen=True, slots=True)
class _GraphStep:
    """A step whose references are ids."""

    definition: PlannedDefinition
    lines: tuple[LineKey, ...]
    after: tuple[str, ...]
    reads: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PlanGraph:
    """A plan whose parts refer to each other by id, so that parts of two plans can be put together."""

    lines: Mapping[LineKey, PlannedLine]
    steps: Mapping[str, _GraphStep]

    @classmethod
    def from_plan(cls, plan: Plan) -> PlanGraph:
        lines = {(True, line.id): line for line in plan.order_lines} | {
            (False, line.id): line for line in plan.fulfilment_lines
        }
        ids = [step.id for step in plan.steps]
        return cls(lines, {step.id: _graph_step(plan, step, ids) for step in plan.steps})

    def without_steps(self, step_ids: Collection[str]) -> PlanGraph:
        """Lines that only these steps served are left out as well."""
        steps = {id_: step for id_, step in self.steps.items() if id_ not in step_ids}
        if len(steps) == len(self.steps):
            return self
        served = {line for step in steps.values() for line in step.lines}
        gone = {line for id_ in step_ids if id_ in self.steps for line in self.steps[id_].lines} - served
        return PlanGraph({key: line for key, line in self.lines.items() if key not in gone}, steps)

    def to_plan(self, order: OrderHeader, catalogue_version: str) -> Plan:
        """References to steps that are not in it are left out."""
        order_lines = {key: at for at, key in enumerate(key for key in self.lines if key[0])}
        lines = {key: at for at, key in enumerate(key for key in self.lines if not key[0])}
        steps = {id_: at for at, id_ in enumerate(self.steps)}
        definitions: dict[int, int] = {}
        for step in self.steps.values():
            definitions.setdefault(id(step.definition), len(definitions))
        by_id = {id(step.definition): step.definition for step in self.steps.values()}
        return Plan(
            order=order,
            catalogue_version=catalogue_version,
            order_lines=tuple(self.lines[key] for key in order_lines),
            fulfilment_lines=tuple(self.lines[key] for key in lines),
            definitions=tuple(by_id[which] for which in definitions),
            steps=tuple(
                PlannedStep(
                    id=id_,
                    definition_position=definitions[id(step.definition)],
                    line_positions=_line_positions(step, order_lines, lines),
                    after=tuple(sorted(steps[before] for before in step.after if before in steps)),
                    reads=tuple(tuple(sorted(steps[one] for one in read if one in steps)) for read in step.reads),
                )
                for id_, step in self.steps.items()
            ),
        )


def _graph_step(plan: Plan, step: PlannedStep, step_ids: list[str]) -> _GraphStep:
    order_lines = plan.step_definition(step).serves_order_lines
    return _GraphStep(
        definition=plan.step_definition(step),
        lines=tuple(
            (order_lines or at < 0, line.id)
            for at, line in zip(step.line_positions, plan.step_lines(step), strict=True)
        ),
        after=tuple(step_ids[before] for before in step.after),
        reads=tuple(tuple(step_ids[one] for one in read) for read in step.reads),
    )


def _line_positions(
    step: _GraphStep, order_lines: Mapping[LineKey, int], lines: Mapping[LineKey, int]
) -> tuple[int, ...]:
    if step.definition.serves_order_lines:
        return tuple(order_lines[key] for key in step.lines)
    return tuple(~order_lines[key] if key[0] else lines[key] for key in step.lines)


def _overlay(running: PlanGraph, target: PlanGraph) -> PlanGraph:
    steps = {id_: target.steps.get(id_, step) for id_, step in running.steps.items()}
    return PlanGraph(
        {**target.lines, **{k: v for k, v in running.lines.items() if k not in target.lines}},
        steps | {id_: step for id_, step in target.steps.items() if id_ not in running.steps},
    )


def _keep_unchanged_lines(active: PlanGraph, new_graph: PlanGraph) -> PlanGraph:
    """`wanted`, in which what serves kept lines alone is as it is in `alive`: same steps, same definitions."""
    kept = _unchanged_order_lines(active, new_graph)
    if not kept:
        return new_graph
    stays = {id_: step for id_, step in active.steps.items() if _serves_only(active, step, kept)}
    comes = {
        id_: step for id_, step in new_graph.steps.items() if id_ in stays or not _serves_only(new_graph, step, kept)
    }
    steps = {id_: replace(stays[id_], after=step.after) if id_ in stays else step for id_, step in comes.items()}
    steps |= {id_: step for id_, step in stays.items() if id_ not in comes}
    lines = {
        key: active.lines[key] if key in active.lines and _source_order_lines(active, key) <= kept else line
        for key, line in new_graph.lines.items()
    }
    lines |= {key: active.lines[key] for step in steps.values() for key in step.lines if key not in lines}
    return PlanGraph(
        lines,
        {
            id_: replace(step, after=_skip_removed_predecessors(step.after, steps, new_graph, active))
            for id_, step in steps.items()
        },
    )


def _skip_removed_predecessors(
    after: Iterable[str], steps: Mapping[str, _GraphStep], *plans: PlanGraph
) -> tuple[str, ...]:
    """A predecessor that is left out is replaced by its own."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    ahead = list(after)
    while ahead:
        id_ = ahead.pop()
        if id_ in seen:
            continue
        seen.add(id_)
        if id_ in steps:
            found[id_] = None
        else:
            ahead += next((plan.steps[id_].after for plan in plans if id_ in plan.steps), ())
    return tuple(sorted(found))


def _unchanged_order_lines(active: PlanGraph, new_graph: PlanGraph) -> frozenset[str]:
    """Order lines that ask for the same as before, they and every line above them."""
    kept: set[str] = set()
    for (is_order_line, id_), line in new_graph.lines.items():  # parents stand before their children
        before = active.lines.get((True, id_))
        same = (
            is_order_line
            and before is not None
            and before.request_digest == line.request_digest
            and before.sources == line.sources
        )
        if same and all(parent in kept for parent in line.sources):
            kept.add(id_)
    return frozenset(kept)


def _serves_only(graph: PlanGraph, step: _GraphStep, line_ids: frozenset[str]) -> bool:
    return all(_source_order_lines(graph, key) <= line_ids for key in step.lines)


def _source_order_lines(graph: PlanGraph, key: LineKey) -> frozenset[str]:
    """The order lines that a line comes from."""
    if key[0]:
        return frozenset({key[1]})
    found: set[str] = set()
    ahead = list(graph.lines[key].sources)
    while ahead:
        source = ahead.pop()
        if (True, source) in graph.lines:
            found.add(source)
        elif (False, source) in graph.lines:
            ahead += graph.lines[False, source].sources
    return frozenset(found)
