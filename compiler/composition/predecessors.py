"""What a step waits for: the instances at the places that its references mean, and what stands in for absent ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from compiler.catalogue.catalogue import Read, Step
from compiler.catalogue.catalogue_index import Reach
from compiler.composition.reference_scope import WITH_CHILDREN, Bounds, Climb, Place, Ways, within
from compiler.composition.step_instances import StepInstances
from compiler.decomposition.line_graph import LineNode, LineTree, StepInstance, StepKey
from compiler.language.steps import Scope as Across
from compiler.plan.decision_log import Reason, Reasons

NOBODY: frozenset[StepInstance] = frozenset()


class Reference(NamedTuple):
    """One reference as somebody makes it who stands at `node`."""

    node: LineNode
    wanted: Step
    across: Across | None
    bounds: Bounds
    ways: Ways = None


class Absence(NamedTuple):
    """A step that a line can hold and lacks: what it would wait for there stands in for it."""

    key: StepKey
    node: LineNode
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Contents:
    """What is found of one step at one place."""

    there: frozenset[StepInstance]
    lacking: tuple[Absence, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What references come to, before absent steps are replaced."""

    there: frozenset[StepInstance]
    absent: tuple[Absence, ...]
    nowhere: tuple[Reference, ...]
    """References for which no place could be found on some way; their steps' own references were taken over."""


class Predecessors:
    """Resolves the references of one order's steps. Everything is kept once it was worked out."""

    def __init__(self, tree: LineTree, reach: Reach, instances: StepInstances, reasons: Reasons) -> None:
        self._reach, self._instances, self._reasons = reach, instances, reasons
        self._climb = Climb(tree, reach, instances)
        self._steps: dict[StepKey, Step] = {}
        self._contents: dict[tuple[Place, StepKey, Bounds], Contents] = {}
        self._answers: dict[Absence, Answer] = {}
        self._instead: dict[Absence, frozenset[StepInstance]] = {}
        self._once: dict[StepKey, dict[LineNode | None, list[StepInstance]]] = {}

    def of(self, instance: StepInstance) -> frozenset[StepInstance]:
        """The instances that it waits for, implied ones included."""
        answer = self._answer(instance.step, self._references(instance.step, instance.nodes, ()))
        found = answer.there.union(*(self._stand_ins(absence) for absence in answer.absent))
        if self._reasons.wanted:
            self._explain(instance, answer)
        return found

    def read(self, instance: StepInstance, read: Read) -> frozenset[StepInstance]:
        """The instances whose outputs an expression of the step means."""
        step = self._reach.catalogue.workstreams[read.workstream].steps[read.step]
        across = next(
            (across for wanted, across in self._reach.references(instance.step) if wanted is step and across), None
        )
        found: set[StepInstance] = set()
        places: dict[Place, None] = {}
        for node in instance.nodes:
            places |= dict.fromkeys(self._climb.places(instance.step, node, step, across, (), None).places)
        for place in places:
            found |= self._at(place, step, ()).there
        return frozenset(found)

    def _references(
        self, step: Step, nodes: Sequence[LineNode], bounds: Bounds, ways: Ways = None
    ) -> Iterator[Reference]:
        """Those that the step itself makes at these lines, and those of the offers that the lines belong to."""
        key = (step.workstream, step.id)
        own = self._reach.references(step)
        for node in nodes:
            for wanted, across in own:
                yield Reference(node, wanted, across, bounds, ways)
            for owner in node.owners:
                if owner.product.dependencies and (ways is None or owner in ways):
                    arrows = self._reach.dependencies(owner.product).get(key, ())
                    inner = _narrower(bounds, owner) if arrows else bounds
                    for wanted, across in arrows:
                        yield Reference(node, wanted, across, inner, ways)

    def _answer(self, waiting: Step, references: Iterable[Reference]) -> Answer:
        meant: dict[tuple[Place, StepKey, Bounds], Step] = {}
        nowhere: list[Reference] = []
        open_: list[Reference] = list(references)
        seen: set[tuple[LineNode, StepKey, Bounds, Ways]] = set()
        while open_:
            one = open_.pop()
            found = self._climb.places(waiting, one.node, one.wanted, one.across, one.bounds, one.ways)
            key = (one.wanted.workstream, one.wanted.id)
            for place in found.places:
                meant[place, key, one.bounds] = one.wanted
            told = (one.node, key, one.bounds, found.ways)
            if found.lost and told not in seen:
                seen.add(told)
                nowhere.append(one._replace(ways=found.ways))
                open_ += self._references(one.wanted, (one.node,), one.bounds, found.ways)
        there: set[StepInstance] = set()
        absent: dict[Absence, None] = {}
        for (place, _, bounds), wanted in meant.items():
            contents = self._at(place, wanted, bounds)
            there |= contents.there
            absent |= dict.fromkeys(contents.lacking)
        return Answer(frozenset(there), tuple(absent), tuple(nowhere))

    def _at(self, place: Place, wanted: Step, bounds: Bounds) -> Contents:
        """Every instance there, and of the lowest lines that can hold the step those that lack it."""
        key = (wanted.workstream, wanted.id)
        found = self._contents.get((place, key, bounds))
        if found is None:
            self._steps[key] = wanted
            found = self._contents[place, key, bounds] = self._search(place, wanted, key, bounds)
        return found

    def _search(self, place: Place, wanted: Step, key: StepKey, bounds: Bounds) -> Contents:
        there: set[StepInstance] = set()
        able = []
        for node in self._climb.lines(place, bounds):
            instances = node.instances.get(key)
            if instances:
                there.update(instances)
            if self._climb.can_hold(node, place, wanted):
                able.append(node)
        lacking = []
        for node in _lowest(able, place):
            if key in node.instances:
                continue
            once = self._standing_once(key, node, bounds)
            if once:
                there.update(once)
            else:
                lacking.append(Absence(key, node, bounds))
        if place.kind == "value":
            there = {instance for instance in there if instance.value == place.value}
        return Contents(frozenset(there), tuple(lacking))

    def _standing_once(self, key: StepKey, node: LineNode, bounds: Bounds) -> list[StepInstance]:
        """Instances that stand once for the bundle or the order: no line of it lacks them."""
        once = self._once.get(key)
        if once is None:
            once = self._once[key] = {}
            for instance in self._instances.by_step.get(key, ()):
                for scope in _stands_once_for(instance):
                    once.setdefault(scope, []).append(instance)
        if not once:
            return []
        found = [instance for scope in (None, *node.tops) for instance in once.get(scope, ())]
        return [one for one in found if any(within(served, bounds) for served in one.nodes)] if bounds else found

    def _stand_ins(self, absence: Absence) -> frozenset[StepInstance]:
        """What stands in for a step where it is absent: its own predecessors as if it stood there, and so on."""
        stack = [absence]
        on_path: set[Absence] = set()
        while stack:
            one = stack[-1]
            if one in self._instead:
                stack.pop()
                continue
            on_path.add(one)
            answer = self._answer_at(one)
            missing = [inner for inner in answer.absent if inner not in self._instead and inner not in on_path]
            if missing:
                stack += missing
                continue
            self._instead[one] = answer.there.union(*(self._instead.get(inner, NOBODY) for inner in answer.absent))
            stack.pop()
        return self._instead[absence]

    def _answer_at(self, absence: Absence) -> Answer:
        answer = self._answers.get(absence)
        if answer is None:
            step = self._steps[absence.key]
            references = self._references(step, (absence.node,), absence.bounds)
            answer = self._answers[absence] = self._answer(step, references)
        return answer

    def _explain(self, instance: StepInstance, answer: Answer) -> None:
        told: set[tuple[StepKey, LineNode]] = set()
        waiting = [(absence, "it is not in the plan here") for absence in _in_order(answer.absent)]
        while waiting:
            absence, why = waiting.pop(0)
            if (absence.key, absence.node) in told:
                continue
            told.add((absence.key, absence.node))
            self._note(instance, ".".join(absence.key), absence.node, self._stand_ins(absence), why)
            inner = _in_order(self._answer_at(absence).absent)
            waiting += [(one, "it would stand in, and is not in the plan here either") for one in inner]
        for lost in sorted(answer.nowhere, key=lambda one: (one.node.rank, one.wanted.reference)):
            references = self._references(lost.wanted, (lost.node,), lost.bounds, lost.ways)
            taken = self._answer(instance.step, references)
            instead = taken.there.union(*(self._stand_ins(absence) for absence in taken.absent))
            self._note(instance, lost.wanted.reference, lost.node, instead, "no place on the way up can hold it")

    def _note(
        self, instance: StepInstance, name: str, node: LineNode, instead: Iterable[StepInstance], why: str
    ) -> None:
        ids = tuple(sorted(one.id for one in instead))
        self._reasons.note(Reason("replacement", node.line.id, name, bool(ids), why, ids, instance.id))


def _in_order(absences: Iterable[Absence]) -> list[Absence]:
    return sorted(absences, key=lambda one: (one.node.rank, one.key))


def _narrower(bounds: Bounds, owner: LineNode) -> Bounds:
    """The bounds with one more; of two where one lies within the other only the inner."""
    if any(owner in bound.owners for bound in bounds):
        return bounds
    kept = [bound for bound in bounds if bound not in owner.owners]
    return tuple(sorted([*kept, owner], key=lambda node: node.rank))


def _lowest(nodes: Sequence[LineNode], place: Place) -> list[LineNode]:
    """Those below which no other of them stands."""
    if len(nodes) < 2:
        return list(nodes)
    among = set(nodes)
    with_children = place.kind in WITH_CHILDREN
    barren: set[LineNode] = set()
    """Below which none of them stands."""

    def stands_above_another(node: LineNode) -> bool:
        waiting = [node]
        seen: list[LineNode] = []
        while waiting:
            one = waiting.pop()
            for below in (*one.made, *one.children) if with_children else one.made:
                if below in among:
                    barren.difference_update(seen)
                    return True
                if below not in barren:
                    barren.add(below)
                    seen.append(below)
                    waiting.append(below)
        return False

    return [node for node in nodes if not stands_above_another(node)]


def _stands_once_for(instance: StepInstance) -> set[LineNode | None]:
    """The top-level lines that it stands once for; None: the order."""
    if instance.step.per == "order":
        return {None}
    if instance.top is not None:
        return {instance.top}
    found: set[LineNode | None] = set()
    for node in instance.nodes:
        if node.stands_once == "order":
            found.add(None)
        elif node.stands_once == "bundle":
            found.update(node.tops)
    return found
