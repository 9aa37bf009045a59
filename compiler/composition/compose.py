"""Composition: from lines to a plan of steps that wait for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.composition.line_dependencies import add_line_dependencies
from compiler.composition.planned_definitions import planned_definition
from compiler.composition.predecessors import PredecessorResolver
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.expression_evaluator import ExpressionEvaluator
from compiler.decomposition.line_graph import LineGraph, LineNode, StepInstance
from compiler.decomposition.rejections import Rejections
from compiler.plan.decision_log import DecisionLog
from compiler.plan.plan import OrderHeader, Plan, PlannedDefinition, PlannedStep

EDGE_LIMIT = 5_000_000
"""Arrows of one plan: beyond that nothing could hold or run it."""


def compose(
    header: OrderHeader,
    graph: LineGraph,
    line_dependencies: Mapping[LineNode, Sequence[LineNode]],
    catalogue_index: CatalogueIndex,
    evaluator: ExpressionEvaluator,
    decision_log: DecisionLog,
) -> Plan | None:
    """The plan of decomposed lines; None where something is wrong, which is told to the judge's rejections."""
    instances = StepInstanceBuilder(graph, catalogue_index, evaluator, decision_log)
    instances.build()
    if not evaluator.rejections.findings:
        _check_lines_have_steps(graph, evaluator.rejections)
    if evaluator.rejections.findings:
        return None
    predecessors = PredecessorResolver(graph, catalogue_index, instances, decision_log)
    steps = _sort_steps(instances.all, catalogue_index)
    if not _add_edges(steps, predecessors, evaluator.rejections):
        return None
    add_line_dependencies(line_dependencies)
    if _report_cycle(steps, evaluator.rejections):
        return None
    return _build_plan(header, graph, steps, predecessors, catalogue_index)


def _sort_steps(steps: Sequence[StepInstance], catalogue_index: CatalogueIndex) -> list[StepInstance]:
    """By their lines, then as the catalogue has them."""
    ordered = sorted(steps, key=lambda step: (step.rank, catalogue_index.step_positions[step.step_key], step.id))
    for position, step in enumerate(ordered):
        step.position = position
    return ordered


def _add_edges(steps: Sequence[StepInstance], resolver: PredecessorResolver, rejections: Rejections) -> bool:
    arrows = 0
    for step in steps:
        step.predecessors.update(resolver.resolve(step))
        arrows += len(step.predecessors)
        if arrows > EDGE_LIMIT:
            message = f"the order's steps wait for each other in more than {EDGE_LIMIT} ways, at `{step.id}`: split it"
            rejections.add_line_finding(step.nodes[0], "order-too-large", message)
            return False
    return True


def _check_lines_have_steps(graph: LineGraph, rejections: Rejections) -> None:
    """Every order line is served, or its action needs no work."""
    served: set[LineNode] = set()
    for node in graph:
        if node.step_instances:
            served |= node.ancestor_order_lines
    for node in graph.order_lines:
        if node in served or _needs_no_work(node):
            continue
        message = (
            f"{node.label}: nobody would do anything to {node.line.action} `{node.product.id}`: no step of it, of what "
            f"it decomposes into, or of its child lines answers to that"
        )
        rejections.add_line_finding(node, "line-without-work", message)


def _needs_no_work(node: LineNode) -> bool:
    if node.line.action in node.product.no_work_for:
        return True
    below = [one for one in node.decomposition if not one.is_order_line]  # its own; child lines are judged themselves
    return bool(below) and all(one.line.action in one.product.no_work_for for one in below)


def _report_cycle(steps: Sequence[StepInstance], rejections: Rejections) -> bool:
    """Takes off steps that wait for nothing more; what is left waits for itself."""
    open_before = {step: len(step.predecessors) for step in steps}
    followers: dict[StepInstance, list[StepInstance]] = {}
    for step in steps:
        for before in step.predecessors:
            followers.setdefault(before, []).append(step)
    free = [step for step in steps if not step.predecessors]
    done = 0
    while free:
        done += 1
        for follower in followers.get(free.pop(), ()):
            open_before[follower] -= 1
            if not open_before[follower]:
                free.append(follower)
    if done == len(steps):
        return False
    ring = _find_cycle([step for step in steps if open_before[step]])
    path = " → ".join(step.id for step in [*ring, ring[0]])
    message = f"steps of this order would wait for each other in a ring: {path}"
    rejections.add_line_finding(ring[0].nodes[0], "cycle-plan", message)
    return True


def _find_cycle(remaining: Sequence[StepInstance]) -> list[StepInstance]:
    """A ring among steps each of which waits for another of them, in the order in which they would run."""
    among = set(remaining)
    path: list[StepInstance] = []
    on_path: dict[StepInstance, int] = {}
    step = remaining[0]
    while step not in on_path:
        on_path[step] = len(path)
        path.append(step)
        step = min((before for before in step.predecessors if before in among), key=lambda one: one.position)
    ring = path[on_path[step] :][::-1]
    least = min(range(len(ring)), key=lambda at: ring[at].position)
    return ring[least:] + ring[:least]


def _build_plan(
    header: OrderHeader,
    graph: LineGraph,
    steps: Sequence[StepInstance],
    resolver: PredecessorResolver,
    catalogue_index: CatalogueIndex,
) -> Plan:
    definitions: dict[int, int] = {}
    kept: list[PlannedDefinition] = []
    order_lines = {node: at for at, node in enumerate(graph.order_lines)}
    lines = {node: at for at, node in enumerate(graph.fulfilment_lines)}
    planned = []
    for step in steps:
        for_order_lines = all(node.is_order_line for node in step.nodes)
        definition = planned_definition(catalogue_index, step.step, for_order_lines)
        position = definitions.setdefault(id(definition), len(kept))
        if position == len(kept):
            kept.append(definition)
        planned.append(
            PlannedStep(
                id=step.id,
                definition_position=position,
                line_positions=tuple(
                    lines[node] if node in lines else order_lines[node] if for_order_lines else ~order_lines[node]
                    for node in step.nodes
                ),
                after=tuple(sorted(one.position for one in step.predecessors)),
                reads=tuple(
                    tuple(sorted(one.position for one in resolver.resolve_read(step, read))) for read in step.step.reads
                ),
            )
        )
    return Plan(
        order=header,
        catalogue_version=catalogue_index.catalogue.version,
        order_lines=tuple(node.line for node in graph.order_lines),
        fulfilment_lines=tuple(node.line for node in graph.fulfilment_lines),
        definitions=tuple(kept),
        steps=tuple(planned),
    )
