"""Composition: from lines to a plan of steps that wait for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.catalogue.catalogue_index import Reach
from compiler.composition.line_dependencies import add_reliance
from compiler.composition.planned_definitions import planned_definition
from compiler.composition.predecessors import Predecessors
from compiler.composition.step_instances import StepInstances
from compiler.decomposition.expression_evaluator import Judge
from compiler.decomposition.line_graph import LineNode, LineTree, StepInstance
from compiler.decomposition.rejections import Rejections
from compiler.plan.decision_log import Reasons
from compiler.plan.plan import OrderHeader, Plan, PlannedDefinition, PlannedStep

ARROW_LIMIT = 5_000_000
"""Arrows of one plan: beyond that nothing could hold or run it."""


def compose(
    header: OrderHeader,
    tree: LineTree,
    relied: Mapping[LineNode, Sequence[LineNode]],
    reach: Reach,
    judge: Judge,
    reasons: Reasons,
) -> Plan | None:
    """The plan of decomposed lines; None where something is wrong, which is told to the judge's rejections."""
    instances = StepInstances(tree, reach, judge, reasons)
    instances.plan()
    if not judge.rejections.findings:
        _no_idle_lines(tree, judge.rejections)
    if judge.rejections.findings:
        return None
    predecessors = Predecessors(tree, reach, instances, reasons)
    steps = _in_order(instances.all, reach)
    if not _add_arrows(steps, predecessors, judge.rejections):
        return None
    add_reliance(relied)
    if _ring_found(steps, judge.rejections):
        return None
    return _plan(header, tree, steps, predecessors, reach)


def _in_order(steps: Sequence[StepInstance], reach: Reach) -> list[StepInstance]:
    """By their lines, then as the catalogue has them."""
    ordered = sorted(steps, key=lambda step: (step.rank, reach.step_rank[step.key], step.id))
    for position, step in enumerate(ordered):
        step.position = position
    return ordered


def _add_arrows(steps: Sequence[StepInstance], predecessors: Predecessors, rejections: Rejections) -> bool:
    arrows = 0
    for step in steps:
        step.after.update(predecessors.of(step))
        arrows += len(step.after)
        if arrows > ARROW_LIMIT:
            message = f"the order's steps wait for each other in more than {ARROW_LIMIT} ways, at `{step.id}`: split it"
            rejections.at_line(step.nodes[0], "order-too-large", message)
            return False
    return True


def _no_idle_lines(tree: LineTree, rejections: Rejections) -> None:
    """Every order line is served, or its action needs no work."""
    served: set[LineNode] = set()
    for node in tree:
        if node.instances:
            served |= node.owners
    for node in tree.order_lines:
        if node in served or _needs_no_work(node):
            continue
        message = (
            f"{node.who}: nobody would do anything to {node.line.action} `{node.product.id}`: no step of it, of what "
            f"it decomposes into, or of its child lines answers to that"
        )
        rejections.at_line(node, "line-without-work", message)


def _needs_no_work(node: LineNode) -> bool:
    if node.line.action in node.product.no_work_for:
        return True
    below = [one for one in node.decomposition if not one.is_order_line]  # its own; child lines are judged themselves
    return bool(below) and all(one.line.action in one.product.no_work_for for one in below)


def _ring_found(steps: Sequence[StepInstance], rejections: Rejections) -> bool:
    """Takes off steps that wait for nothing more; what is left waits for itself."""
    open_before = {step: len(step.after) for step in steps}
    followers: dict[StepInstance, list[StepInstance]] = {}
    for step in steps:
        for before in step.after:
            followers.setdefault(before, []).append(step)
    free = [step for step in steps if not step.after]
    done = 0
    while free:
        done += 1
        for follower in followers.get(free.pop(), ()):
            open_before[follower] -= 1
            if not open_before[follower]:
                free.append(follower)
    if done == len(steps):
        return False
    ring = _ring([step for step in steps if open_before[step]])
    path = " → ".join(step.id for step in [*ring, ring[0]])
    message = f"steps of this order would wait for each other in a ring: {path}"
    rejections.at_line(ring[0].nodes[0], "cycle-plan", message)
    return True


def _ring(left: Sequence[StepInstance]) -> list[StepInstance]:
    """A ring among steps each of which waits for another of them, in the order in which they would run."""
    among = set(left)
    path: list[StepInstance] = []
    on_path: dict[StepInstance, int] = {}
    step = left[0]
    while step not in on_path:
        on_path[step] = len(path)
        path.append(step)
        step = min((before for before in step.after if before in among), key=lambda one: one.position)
    ring = path[on_path[step] :][::-1]
    least = min(range(len(ring)), key=lambda at: ring[at].position)
    return ring[least:] + ring[:least]


def _plan(
    header: OrderHeader, tree: LineTree, steps: Sequence[StepInstance], predecessors: Predecessors, reach: Reach
) -> Plan:
    definitions: dict[int, int] = {}
    kept: list[PlannedDefinition] = []
    order_lines = {node: at for at, node in enumerate(tree.order_lines)}
    lines = {node: at for at, node in enumerate(tree.lines)}
    planned = []
    for step in steps:
        for_order_lines = all(node.is_order_line for node in step.nodes)
        definition = planned_definition(reach, step.step, for_order_lines)
        position = definitions.setdefault(id(definition), len(kept))
        if position == len(kept):
            kept.append(definition)
        planned.append(
            PlannedStep(
                id=step.id,
                definition=position,
                lines=tuple(
                    lines[node] if node in lines else order_lines[node] if for_order_lines else ~order_lines[node]
                    for node in step.nodes
                ),
                after=tuple(sorted(one.position for one in step.after)),
                reads=tuple(
                    tuple(sorted(one.position for one in predecessors.read(step, read))) for read in step.step.reads
                ),
            )
        )
    return Plan(
        order=header,
        catalogue_version=reach.catalogue.version,
        order_lines=tuple(node.line for node in tree.order_lines),
        lines=tuple(node.line for node in tree.lines),
        definitions=tuple(kept),
        steps=tuple(planned),
    )
