"""`relies_on`: no step of a line starts before the lines that it relies on are complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from compiler.decomposition.compile_context import CompileContext
from compiler.decomposition.line_graph import LineNode, StepInstance
from compiler.graph import walk
from compiler.language.order import OrderLine
from compiler.source.findings import did_you_mean


def resolve_line_dependencies(lines: Iterable[OrderLine], context: CompileContext) -> dict[LineNode, list[LineNode]]:
    """The lines that each line relies on. Unknown ids and cycles become findings."""
    nodes = {node.line.id: node for node in context.graph.order_lines}
    dependencies: dict[LineNode, list[LineNode]] = {}
    for line in _with_child_lines(lines):
        node = nodes.get(line.id)
        for position, name in enumerate(line.relies_on):
            path = (*context.validation.line_paths[line.id], "relies_on", position)
            if name == line.id:
                context.reject_at(path, "relies-on-ring", f"line `{name}` relies on itself")
            elif name not in nodes:
                message = f"line `{line.id}` relies on `{name[:100]}`, which is no line of the order"
                context.reject_at(path, "reference-unknown", message + did_you_mean(name, nodes))
            elif node is not None:
                dependencies.setdefault(node, []).append(nodes[name])
    if dependencies:
        _check_cycles(dependencies, context)
    return dependencies


def _with_child_lines(lines: Iterable[OrderLine]) -> Iterator[OrderLine]:
    for line in lines:
        yield line
        yield from _with_child_lines(line.lines or ())


def _check_cycles(line_dependencies: Mapping[LineNode, list[LineNode]], context: CompileContext) -> None:
    """A line starts after its parent starts and the lines it relies on end; it ends after its child lines end."""
    sorter: TopologicalSorter[tuple[LineNode, str]] = TopologicalSorter()
    for node in context.graph.order_lines:
        sorter.add((node, "end"), (node, "start"), *((child, "end") for child in node.children))
        begins = [(parent, "start") for parent in node.parents]
        sorter.add((node, "start"), *begins, *((other, "end") for other in line_dependencies.get(node, ())))
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = list(dict.fromkeys(node for node, _ in error.args[1]))
        dependent = [node for node in cycle if node in line_dependencies]
        others = [node.line.id for node in cycle if node not in line_dependencies]
        path = " → ".join(node.line.id for node in [*dependent, dependent[0]])
        via = f" (via {', '.join(others)})" if others else ""
        message = f"lines rely on each other in a cycle: {path}{via}; none of them could ever start"
        context.reject(dependent[0], "relies-on-ring", message)


def add_line_dependencies(line_dependencies: Mapping[LineNode, Sequence[LineNode]]) -> None:
    """Makes the first steps of each line wait for the last steps of the lines that it relies on.

    First and last are decided for all lines before any of these edges exists.
    """
    edges: list[tuple[set[StepInstance], set[StepInstance]]] = []
    for node, others in line_dependencies.items():
        own, theirs = _steps_serving([node]), _steps_serving(others)
        edges.append((_first_steps(own - theirs), _last_steps(theirs - own)))
    for first, last in edges:
        for step in first:
            step.predecessors.update(last)


def _steps_serving(nodes: Iterable[LineNode]) -> set[StepInstance]:
    """The steps that serve these lines or lines below them."""
    below = {line for node in nodes for line in node.subtree}
    return {instance for line in below for instances in line.step_instances.values() for instance in instances}


def _first_steps(steps: set[StepInstance]) -> set[StepInstance]:
    """The steps that do not wait for any of the others, not even indirectly."""
    followers: dict[StepInstance, list[StepInstance]] = {}
    for step in walk(steps, lambda step: step.predecessors):
        for predecessor in step.predecessors:
            followers.setdefault(predecessor, []).append(step)
    direct = [follower for step in steps for follower in followers.get(step, ())]
    later = set(walk(direct, lambda step: followers.get(step, ())))
    return steps - later


def _last_steps(steps: set[StepInstance]) -> set[StepInstance]:
    """The steps that none of the others waits for, not even indirectly."""
    direct = [predecessor for step in steps for predecessor in step.predecessors]
    earlier = set(walk(direct, lambda step: step.predecessors))
    return steps - earlier
