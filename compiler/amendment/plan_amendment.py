"""A running order's plan as an amendment leaves it: every step keeps its place, what is new comes behind.

Steps that the new order does not have stay in the plan as *retired* ones: what they did is still shown, and undone.
Order lines that the amendment does not touch are *kept*: they stay on the catalogue that they were planned with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from compiler.amendment.plan_diff import Difference, difference
from compiler.plan.plan import Line, OrderHeader, Plan, PlannedDefinition, PlannedStep


@dataclass(frozen=True, slots=True)
class Amendment:
    plan: Plan
    retired: frozenset[int]
    """Positions of steps that the order no longer asks for."""
    difference: Difference
    """Between the plans as they run: kept lines are as they were."""


def amend(running: Plan, retired: Collection[int], wanted: Plan) -> Amendment:
    """Lays `wanted`, the whole new order compiled now, over the running plan, in which `retired` steps are left over.

    Amending to the order as it is gives an empty difference; amending there and back, the plan as it was.
    """
    everything, left_over = Sketch.of(running), {running.steps[position].id for position in retired}
    alive = everything.without(left_over)
    target = Sketch.of(wanted)
    if wanted.catalogue_version != running.catalogue_version and _asks_alike(running.order, wanted.order):
        target = _with_kept_lines(alive, target)
    laid = _laid_over(everything, target)
    return Amendment(
        plan=laid.plan(wanted.order, wanted.catalogue_version),
        retired=frozenset(position for position, id_ in enumerate(laid.steps) if id_ not in target.steps),
        difference=difference(
            alive.plan(running.order, running.catalogue_version), target.plan(wanted.order, wanted.catalogue_version)
        ),
    )


def _asks_alike(before: OrderHeader, now: OrderHeader) -> bool:
    """What an order says of itself may concern every line of it; when it is wanted, and how urgently, does not."""
    return before.customer == now.customer and before.characteristics == now.characteristics


LineKey = tuple[bool, str]
"""Whether it is an order line, and its id."""


@dataclass(frozen=True, slots=True)
class _Sketched:
    """A step whose references are ids."""

    definition: PlannedDefinition
    lines: tuple[LineKey, ...]
    after: tuple[str, ...]
    reads: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A plan whose parts refer to each other by id, so that parts of two plans can be put together."""

    lines: Mapping[LineKey, Line]
    steps: Mapping[str, _Sketched]

    @classmethod
    def of(cls, plan: Plan) -> Sketch:
        lines = {(True, line.id): line for line in plan.order_lines} | {(False, line.id): line for line in plan.lines}
        ids = [step.id for step in plan.steps]
        return cls(lines, {step.id: _sketched(plan, step, ids) for step in plan.steps})

    def without(self, ids: Collection[str]) -> Sketch:
        """Lines that only these steps served are left out as well."""
        steps = {id_: step for id_, step in self.steps.items() if id_ not in ids}
        if len(steps) == len(self.steps):
            return self
        served = {line for step in steps.values() for line in step.lines}
        gone = {line for id_ in ids if id_ in self.steps for line in self.steps[id_].lines} - served
        return Sketch({key: line for key, line in self.lines.items() if key not in gone}, steps)

    def plan(self, order: OrderHeader, catalogue_version: str) -> Plan:
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
            lines=tuple(self.lines[key] for key in lines),
            definitions=tuple(by_id[which] for which in definitions),
            steps=tuple(
                PlannedStep(
                    id=id_,
                    definition=definitions[id(step.definition)],
                    lines=_positions(step, order_lines, lines),
                    after=tuple(sorted(steps[before] for before in step.after if before in steps)),
                    reads=tuple(tuple(sorted(steps[one] for one in read if one in steps)) for read in step.reads),
                )
                for id_, step in self.steps.items()
            ),
        )


def _sketched(plan: Plan, step: PlannedStep, ids: list[str]) -> _Sketched:
    order_lines = plan.definition_of(step).serves_order_lines
    return _Sketched(
        definition=plan.definition_of(step),
        lines=tuple((order_lines or at < 0, line.id) for at, line in zip(step.lines, plan.lines_of(step), strict=True)),
        after=tuple(ids[before] for before in step.after),
        reads=tuple(tuple(ids[one] for one in read) for read in step.reads),
    )


def _positions(step: _Sketched, order_lines: Mapping[LineKey, int], lines: Mapping[LineKey, int]) -> tuple[int, ...]:
    if step.definition.serves_order_lines:
        return tuple(order_lines[key] for key in step.lines)
    return tuple(~order_lines[key] if key[0] else lines[key] for key in step.lines)


def _laid_over(running: Sketch, target: Sketch) -> Sketch:
    steps = {id_: target.steps.get(id_, step) for id_, step in running.steps.items()}
    return Sketch(
        {**target.lines, **{k: v for k, v in running.lines.items() if k not in target.lines}},
        steps | {id_: step for id_, step in target.steps.items() if id_ not in running.steps},
    )


def _with_kept_lines(alive: Sketch, wanted: Sketch) -> Sketch:
    """`wanted`, in which what serves kept lines alone is as it is in `alive`: same steps, same definitions."""
    kept = _kept(alive, wanted)
    if not kept:
        return wanted
    stays = {id_: step for id_, step in alive.steps.items() if _serves_only(alive, step, kept)}
    comes = {id_: step for id_, step in wanted.steps.items() if id_ in stays or not _serves_only(wanted, step, kept)}
    steps = {id_: replace(stays[id_], after=step.after) if id_ in stays else step for id_, step in comes.items()}
    steps |= {id_: step for id_, step in stays.items() if id_ not in comes}
    lines = {
        key: alive.lines[key] if key in alive.lines and _roots(alive, key) <= kept else line
        for key, line in wanted.lines.items()
    }
    lines |= {key: alive.lines[key] for step in steps.values() for key in step.lines if key not in lines}
    return Sketch(
        lines, {id_: replace(step, after=_past(step.after, steps, wanted, alive)) for id_, step in steps.items()}
    )


def _past(after: Iterable[str], steps: Mapping[str, _Sketched], *plans: Sketch) -> tuple[str, ...]:
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


def _kept(alive: Sketch, wanted: Sketch) -> frozenset[str]:
    """Order lines that ask for the same as before, they and every line above them."""
    kept: set[str] = set()
    for (is_order_line, id_), line in wanted.lines.items():  # parents stand before their children
        before = alive.lines.get((True, id_))
        same = is_order_line and before is not None and before.asked == line.asked and before.sources == line.sources
        if same and all(parent in kept for parent in line.sources):
            kept.add(id_)
    return frozenset(kept)


def _serves_only(sketch: Sketch, step: _Sketched, kept: frozenset[str]) -> bool:
    return all(_roots(sketch, key) <= kept for key in step.lines)


def _roots(sketch: Sketch, key: LineKey) -> frozenset[str]:
    """The order lines that a line comes from."""
    if key[0]:
        return frozenset({key[1]})
    found: set[str] = set()
    ahead = list(sketch.lines[key].sources)
    while ahead:
        source = ahead.pop()
        if (True, source) in sketch.lines:
            found.add(source)
        elif (False, source) in sketch.lines:
            ahead += sketch.lines[False, source].sources
    return frozenset(found)
