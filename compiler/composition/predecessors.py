"""What a step waits for: the instances at the places that its references mean, and what stands in for absent ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from compiler.catalogue.catalogue import OutputReference, Step
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.composition.reference_scope import (
    KINDS_WITH_CHILDREN,
    Bounds,
    PathFilter,
    ReferenceScope,
    ScopeResolver,
    is_within,
)
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.line_graph import LineGraph, LineNode, StepInstance
from compiler.language.steps import LineScope as Across
from compiler.language.steps import StepKey
from compiler.plan.decision_log import DecisionLog, PlanDecision

NO_INSTANCES: frozenset[StepInstance] = frozenset()


class LineReference(NamedTuple):
    """One reference as somebody makes it who stands at `node`."""

    node: LineNode
    predecessor: Step
    across: Across | None
    bounds: Bounds
    path_filter: PathFilter = None


class MissingStep(NamedTuple):
    """A step that a line can hold and lacks: what it would wait for there stands in for it."""

    key: StepKey
    node: LineNode
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class ScopeContents:
    """What is found of one step at one place."""

    present: frozenset[StepInstance]
    missing: tuple[MissingStep, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What references come to, before absent steps are replaced."""

    present: frozenset[StepInstance]
    missing: tuple[MissingStep, ...]
    unresolved: tuple[LineReference, ...]
    """References for which no place could be found on some way; their steps' own references were taken over."""


class PredecessorResolver:
    """Resolves the references of one order's steps. Everything is kept once it was worked out."""

    def __init__(
        self,
        graph: LineGraph,
        catalogue_index: CatalogueIndex,
        instances: StepInstanceBuilder,
        decision_log: DecisionLog,
    ) -> None:
        self._catalogue_index, self._instances, self._decision_log = catalogue_index, instances, decision_log
        self._scopes = ScopeResolver(graph, catalogue_index, instances)
        self._steps_by_key: dict[StepKey, Step] = {}
        self._scope_contents: dict[tuple[ReferenceScope, StepKey, Bounds], ScopeContents] = {}
        self._resolutions: dict[MissingStep, Resolution] = {}
        self._replacements: dict[MissingStep, frozenset[StepInstance]] = {}
        self._shared_instances: dict[StepKey, dict[LineNode | None, list[StepInstance]]] = {}

    def resolve(self, instance: StepInstance) -> frozenset[StepInstance]:
        """The instances that it waits for, implied ones included."""
        answer = self._resolve(instance.step, self._references_at(instance.step, instance.nodes, ()))
        found = answer.present.union(*(self._replacements_for(absence) for absence in answer.missing))
        if self._decision_log.enabled:
            self._record_decisions(instance, answer)
        return found

    def resolve_read(self, instance: StepInstance, read: OutputReference) -> frozenset[StepInstance]:
        """The instances whose outputs an expression of the step means."""
        step = self._catalogue_index.catalogue.workstreams[read.workstream].steps[read.step]
        across = next(
            (
                across
                for wanted, across in self._catalogue_index.after_references(instance.step)
                if wanted is step and across
            ),
            None,
        )
        found: set[StepInstance] = set()
        places: dict[ReferenceScope, None] = {}
        for node in instance.nodes:
            places |= dict.fromkeys(self._scopes.resolve(instance.step, node, step, across, (), None).scopes)
        for place in places:
            found |= self._contents_of_scope(place, step, ()).present
        return frozenset(found)

    def _references_at(
        self, step: Step, nodes: Sequence[LineNode], bounds: Bounds, path_filter: PathFilter = None
    ) -> Iterator[LineReference]:
        """Those that the step itself makes at these lines, and those of the offers that the lines belong to."""
        key = (step.workstream, step.id)
        own = self._catalogue_index.after_references(step)
        for node in nodes:
            for wanted, across in own:
                yield LineReference(node, wanted, across, bounds, path_filter)
            for owner in node.ancestor_order_lines:
                if owner.product.dependencies and (path_filter is None or owner in path_filter):
                    arrows = self._catalogue_index.offer_dependencies(owner.product).get(key, ())
                    inner = _narrow_bounds(bounds, owner) if arrows else bounds
                    for wanted, across in arrows:
                        yield LineReference(node, wanted, across, inner, path_filter)

    def _resolve(self, waiting_step: Step, references: Iterable[LineReference]) -> Resolution:
        meant: dict[tuple[ReferenceScope, StepKey, Bounds], Step] = {}
        nowhere: list[LineReference] = []
        open_: list[LineReference] = list(references)
        seen: set[tuple[LineNode, StepKey, Bounds, PathFilter]] = set()
        while open_:
            one = open_.pop()
            found = self._scopes.resolve(
                waiting_step, one.node, one.predecessor, one.across, one.bounds, one.path_filter
            )
            key = (one.predecessor.workstream, one.predecessor.id)
            for place in found.scopes:
                meant[place, key, one.bounds] = one.predecessor
            told = (one.node, key, one.bounds, found.dead_ends)
            if found.has_dead_ends and told not in seen:
                seen.add(told)
                nowhere.append(one._replace(path_filter=found.dead_ends))
                open_ += self._references_at(one.predecessor, (one.node,), one.bounds, found.dead_ends)
        there: set[StepInstance] = set()
        absent: dict[MissingStep, None] = {}
        for (place, _, bounds), wanted in meant.items():
            contents = self._contents_of_scope(place, wanted, bounds)
            there |= contents.present
            absent |= dict.fromkeys(contents.missing)
        return Resolution(frozenset(there), tuple(absent), tuple(nowhere))

    def _contents_of_scope(self, scope: ReferenceScope, predecessor: Step, bounds: Bounds) -> ScopeContents:
        """Every instance there, and of the lowest lines that can hold the step those that lack it."""
        key = (predecessor.workstream, predecessor.id)
        found = self._scope_contents.get((scope, key, bounds))
        if found is None:
            self._steps_by_key[key] = predecessor
            found = self._scope_contents[scope, key, bounds] = self._search_scope(scope, predecessor, key, bounds)
        return found

    def _search_scope(self, scope: ReferenceScope, predecessor: Step, key: StepKey, bounds: Bounds) -> ScopeContents:
        there: set[StepInstance] = set()
        able = []
        for node in self._scopes.lines_in(scope, bounds):
            instances = node.step_instances.get(key)
            if instances:
                there.update(instances)
            if self._scopes.line_can_hold(node, scope, predecessor):
                able.append(node)
        lacking = []
        for node in _lowest_lines(able, scope):
            if key in node.step_instances:
                continue
            once = self._shared_instances_for(key, node, bounds)
            if once:
                there.update(once)
            else:
                lacking.append(MissingStep(key, node, bounds))
        if scope.kind == "value":
            there = {instance for instance in there if instance.per_value == scope.value}
        return ScopeContents(frozenset(there), tuple(lacking))

    def _shared_instances_for(self, key: StepKey, node: LineNode, bounds: Bounds) -> list[StepInstance]:
        """Instances that stand once for the bundle or the order: no line of it lacks them."""
        once = self._shared_instances.get(key)
        if once is None:
            once = self._shared_instances[key] = {}
            for instance in self._instances.by_step.get(key, ()):
                for scope in _shared_by(instance):
                    once.setdefault(scope, []).append(instance)
        if not once:
            return []
        found = [instance for scope in (None, *node.top_level_lines) for instance in once.get(scope, ())]
        return [one for one in found if any(is_within(served, bounds) for served in one.nodes)] if bounds else found

    def _replacements_for(self, missing_step: MissingStep) -> frozenset[StepInstance]:
        """What stands in for a step where it is absent: its own predecessors as if it stood there, and so on."""
        stack = [missing_step]
        on_path: set[MissingStep] = set()
        while stack:
            one = stack[-1]
            if one in self._replacements:
                stack.pop()
                continue
            on_path.add(one)
            answer = self._resolve_missing(one)
            missing = [inner for inner in answer.missing if inner not in self._replacements and inner not in on_path]
            if missing:
                stack += missing
                continue
            self._replacements[one] = answer.present.union(
                *(self._replacements.get(inner, NO_INSTANCES) for inner in answer.missing)
            )
            stack.pop()
        return self._replacements[missing_step]

    def _resolve_missing(self, missing_step: MissingStep) -> Resolution:
        answer = self._resolutions.get(missing_step)
        if answer is None:
            step = self._steps_by_key[missing_step.key]
            references = self._references_at(step, (missing_step.node,), missing_step.bounds)
            answer = self._resolutions[missing_step] = self._resolve(step, references)
        return answer

    def _record_decisions(self, instance: StepInstance, resolution: Resolution) -> None:
        told: set[tuple[StepKey, LineNode]] = set()
        waiting = [(absence, "it is not in the plan here") for absence in _sort_missing(resolution.missing)]
        while waiting:
            absence, why = waiting.pop(0)
            if (absence.key, absence.node) in told:
                continue
            told.add((absence.key, absence.node))
            self._record_replacement(
                instance, ".".join(absence.key), absence.node, self._replacements_for(absence), why
            )
            inner = _sort_missing(self._resolve_missing(absence).missing)
            waiting += [(one, "it would stand in, and is not in the plan here either") for one in inner]
        for lost in sorted(resolution.unresolved, key=lambda one: (one.node.rank, one.predecessor.reference)):
            references = self._references_at(lost.predecessor, (lost.node,), lost.bounds, lost.path_filter)
            taken = self._resolve(instance.step, references)
            instead = taken.present.union(*(self._replacements_for(absence) for absence in taken.missing))
            self._record_replacement(
                instance, lost.predecessor.reference, lost.node, instead, "no place on the way up can hold it"
            )

    def _record_replacement(
        self, instance: StepInstance, name: str, node: LineNode, replacements: Iterable[StepInstance], reason: str
    ) -> None:
        ids = tuple(sorted(one.id for one in replacements))
        self._decision_log.record(PlanDecision("replacement", node.line.id, name, bool(ids), reason, ids, instance.id))


def _sort_missing(missing_steps: Iterable[MissingStep]) -> list[MissingStep]:
    return sorted(missing_steps, key=lambda one: (one.node.rank, one.key))


def _narrow_bounds(bounds: Bounds, owner: LineNode) -> Bounds:
    """The bounds with one more; of two where one lies within the other only the inner."""
    if any(owner in bound.ancestor_order_lines for bound in bounds):
        return bounds
    kept = [bound for bound in bounds if bound not in owner.ancestor_order_lines]
    return tuple(sorted([*kept, owner], key=lambda node: node.rank))


def _lowest_lines(nodes: Sequence[LineNode], scope: ReferenceScope) -> list[LineNode]:
    """Those below which no other of them stands."""
    if len(nodes) < 2:
        return list(nodes)
    among = set(nodes)
    with_children = scope.kind in KINDS_WITH_CHILDREN
    barren: set[LineNode] = set()
    """Below which none of them stands."""

    def has_descendant_among(node: LineNode) -> bool:
        waiting = [node]
        seen: list[LineNode] = []
        while waiting:
            one = waiting.pop()
            for below in (*one.fulfilment_lines, *one.children) if with_children else one.fulfilment_lines:
                if below in among:
                    barren.difference_update(seen)
                    return True
                if below not in barren:
                    barren.add(below)
                    seen.append(below)
                    waiting.append(below)
        return False

    return [node for node in nodes if not has_descendant_among(node)]


def _shared_by(instance: StepInstance) -> set[LineNode | None]:
    """The top-level lines that it stands once for; None: the order."""
    if instance.step.per == "order":
        return {None}
    if instance.top_level_line is not None:
        return {instance.top_level_line}
    found: set[LineNode | None] = set()
    for node in instance.nodes:
        if node.shared_scope == "order":
            found.add(None)
        elif node.shared_scope == "bundle":
            found.update(node.top_level_lines)
    return found
