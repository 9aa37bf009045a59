"""Composition: turns the lines of an order into a plan of steps that wait for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from compiler.composition.line_dependencies import add_line_dependencies
from compiler.composition.planned_definitions import planned_definition
from compiler.composition.predecessors import PredecessorResolver
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.compile_context import CompileContext
from compiler.decomposition.line_graph import LineNode, StepInstance
from compiler.language.steps import StepKey
from compiler.plan.plan import OrderHeader, Plan, PlannedDefinition, PlannedStep, encode_line_position

EDGE_LIMIT = 5_000_000
"""Predecessors of all steps of one plan together: a larger plan cannot be stored or run."""


def compose(
    header: OrderHeader, line_dependencies: Mapping[LineNode, Sequence[LineNode]], context: CompileContext
) -> Plan | None:
    """The plan of the context's lines. None if there are findings, which are in the context."""
    instances = StepInstanceBuilder(context)
    instances.build()
    if not context.findings:
        _check_lines_have_steps(context)
    if context.findings:
        return None
    predecessors = PredecessorResolver(context, instances)
    steps = _sort_steps(instances.all, context)
    if not _add_edges(steps, predecessors, context):
        return None
    add_line_dependencies(line_dependencies)
    if _report_cycle(steps, context):
        return None
    return _build_plan(header, steps, predecessors, context)


def _sort_steps(steps: Sequence[StepInstance], context: CompileContext) -> list[StepInstance]:
    """The sort key: first the line, then the position in the catalogue."""
    positions = context.index.step_positions
    ordered = sorted(steps, key=lambda step: (step.rank, positions[step.step_key], step.id))
    for position, step in enumerate(ordered):
        step.position = position
    return ordered


def _add_edges(steps: Sequence[StepInstance], resolver: PredecessorResolver, context: CompileContext) -> bool:
    """Adds each step's predecessors. False if there are too many, which is a finding."""
    edges = 0
    for step in steps:
        step.predecessors.update(resolver.resolve(step))
        edges += len(step.predecessors)
        if edges > EDGE_LIMIT:
            message = f"the order's steps have more than {EDGE_LIMIT} predecessors, from `{step.id}` on: split it"
            context.reject(step.nodes[0], "order-too-large", message)
            return False
    return True


def _check_lines_have_steps(context: CompileContext) -> None:
    """Each order line needs a step that serves it or a line below it, unless its action needs no work."""
    served: set[LineNode] = set()
    for node in context.graph:
        if node.step_instances:
            served |= node.ancestor_order_lines
    for node in context.graph.order_lines:
        if node in served or _needs_no_work(node):
            continue
        message = (
            f"{node.label}: there is no step to {node.line.action} `{node.product.id}`: no step of the line, of its "
            f"fulfilment lines or of its child lines is for {node.line.action} lines"
        )
        context.reject(node, "line-without-work", message)


def _needs_no_work(node: LineNode) -> bool:
    if node.line.action in node.product.no_work_for:
        return True
    below = node.decomposition[1:]  # child order lines are left out, because each is judged by itself
    return bool(below) and all(one.line.action in one.product.no_work_for for one in below)


def _report_cycle(steps: Sequence[StepInstance], context: CompileContext) -> bool:
    """Whether steps wait for each other in a cycle, which is a finding."""
    if all(before.position < step.position for step in steps for before in step.predecessors):
        return False  # the usual case needs no search
    sorter: TopologicalSorter[StepInstance] = TopologicalSorter(dict.fromkeys(steps, ()))  # fixes the search order
    for step in steps:
        sorter.add(step, *step.predecessors)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = error.args[1][1:]
        first = cycle.index(min(cycle, key=lambda step: step.position))
        cycle = cycle[first:] + cycle[:first]
        path = " → ".join(step.id for step in [*cycle, cycle[0]])
        message = f"steps of this order would wait for each other in a cycle: {path}"
        context.reject(cycle[0].nodes[0], "cycle-plan", message)
        return True
    return False


def _build_plan(
    header: OrderHeader, steps: Sequence[StepInstance], resolver: PredecessorResolver, context: CompileContext
) -> Plan:
    definitions: dict[tuple[StepKey, bool], int] = {}
    distinct: list[PlannedDefinition] = []
    graph = context.graph
    positions = {node: at for lines in (graph.order_lines, graph.fulfilment_lines) for at, node in enumerate(lines)}
    planned = []
    for step in steps:
        serves_order_lines = all(node.is_order_line for node in step.nodes)
        position = definitions.setdefault((step.step_key, serves_order_lines), len(distinct))
        if position == len(distinct):
            distinct.append(planned_definition(context.index, step.step, serves_order_lines))
        reads = [resolver.resolve_read(step, read) for read in step.step.reads]
        planned.append(
            PlannedStep(
                id=step.id,
                definition_position=position,
                line_positions=tuple(
                    encode_line_position(positions[node], node.is_order_line, serves_order_lines) for node in step.nodes
                ),
                after=tuple(sorted(one.position for one in step.predecessors)),
                reads=tuple(tuple(sorted(one.position for one in read)) for read in reads),
            )
        )
    return Plan(
        order=header,
        catalogue_version=context.index.catalogue.version,
        order_lines=tuple(node.line for node in graph.order_lines),
        fulfilment_lines=tuple(node.line for node in graph.fulfilment_lines),
        definitions=tuple(distinct),
        steps=tuple(planned),
        language_version=context.language_version,
    )
