"""`relies_on`: nothing of one order line starts before the lines that it relies on are complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from compiler.decomposition.line_graph import LineGraph, LineNode, StepInstance
from compiler.decomposition.rejections import Rejections
from compiler.language.order import OrderLine
from compiler.source.findings import did_you_mean


def resolve_line_dependencies(
    lines: Iterable[OrderLine], graph: LineGraph, rejections: Rejections
) -> dict[LineNode, list[LineNode]]:
    """For each line that relies on others: those. Names that are no lines, and rings, are told of."""
    nodes = {node.line.id: node for node in graph.order_lines}
    found: dict[LineNode, list[LineNode]] = {}
    for line in _walk_lines(lines):
        node = nodes.get(line.id)
        for position, name in enumerate(line.relies_on):
            path = (*rejections.form.line_paths[line.id], "relies_on", position)
            if name == line.id:
                rejections.add_order_finding("relies-on-ring", f"line `{name}` relies on itself", path)
            elif name not in nodes:
                message = f"line `{line.id}` relies on `{name[:100]}`, which is no line of the order"
                rejections.add_order_finding("reference-unknown", message + did_you_mean(name, nodes), path)
            elif node is not None:
                found.setdefault(node, []).append(nodes[name])
    _check_cycles(found, graph, rejections)
    return found


def _walk_lines(lines: Iterable[OrderLine]) -> Iterator[OrderLine]:
    for line in lines:
        yield line
        yield from _walk_lines(line.lines or ())


def _check_cycles(
    line_dependencies: Mapping[LineNode, list[LineNode]], graph: LineGraph, rejections: Rejections
) -> None:
    """A line starts after its parent starts and after what it relies on ends; it ends after its child lines end."""
    if not line_dependencies:
        return
    sorter: TopologicalSorter[tuple[LineNode, str]] = TopologicalSorter()
    for node in graph.order_lines:
        sorter.add((node, "end"), (node, "start"), *((child, "end") for child in node.children))
        begins = [(parent, "start") for parent in node.parents]
        sorter.add((node, "start"), *begins, *((other, "end") for other in line_dependencies.get(node, ())))
    try:
        sorter.prepare()
    except CycleError as error:
        ring = [node for node, _ in error.args[1]]
        named = list(dict.fromkeys(node.line.id for node in ring if node in line_dependencies))
        others = list(dict.fromkeys(node.line.id for node in ring if node not in line_dependencies))
        names = " → ".join([*named, named[0]])
        part = f" (by way of {', '.join(others)})" if others else ""
        message = f"lines rely on each other in a ring: {names}{part}; none of them could ever start"
        rejections.add_line_finding(next(node for node in ring if node in line_dependencies), "relies-on-ring", message)


def add_line_dependencies(line_dependencies: Mapping[LineNode, Sequence[LineNode]]) -> None:
    """Adds the arrows. First and last steps are judged without them, so all are found before any is added."""
    arrows: list[tuple[list[StepInstance], list[StepInstance]]] = []
    for node, others in line_dependencies.items():
        own = _steps_serving((node,))
        theirs = _steps_serving(others)
        arrows.append((_first_steps(own - theirs), _last_steps(theirs - own)))
    for first, last in arrows:
        for step in first:
            step.predecessors.update(last)


def _steps_serving(nodes: Iterable[LineNode]) -> set[StepInstance]:
    """The steps that serve these lines or lines under them."""
    return {
        instance
        for node in nodes
        for under in node.subtree
        for instances in under.step_instances.values()
        for instance in instances
    }


def _first_steps(steps: set[StepInstance]) -> list[StepInstance]:
    """Those that come after none of the others, directly or by way of any step."""
    followers: dict[StepInstance, list[StepInstance]] = {}
    waiting, seen = list(steps), set(steps)
    while waiting:
        one = waiting.pop()
        for earlier in one.predecessors:
            followers.setdefault(earlier, []).append(one)
            if earlier not in seen:
                seen.add(earlier)
                waiting.append(earlier)
    later: set[StepInstance] = set()
    waiting = [follower for step in steps for follower in followers.get(step, ())]
    while waiting:
        one = waiting.pop()
        if one not in later:
            later.add(one)
            waiting += followers.get(one, ())
    return [step for step in steps if step not in later]


def _last_steps(steps: set[StepInstance]) -> list[StepInstance]:
    """Those that come before none of the others, directly or by way of any step."""
    before: set[StepInstance] = set()
    waiting = [earlier for step in steps for earlier in step.predecessors]
    while waiting:
        one = waiting.pop()
        if one not in before:
            before.add(one)
            waiting += one.predecessors
    return [step for step in steps if step not in before]
