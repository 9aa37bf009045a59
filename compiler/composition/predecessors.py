"""What a step waits for: the instances that its references mean, and replacements for those that are missing.

The rules are those of docs/language.md, "Which instances are meant" and "Predecessors that are not in the plan".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from compiler.catalogue.catalogue import OutputReference, Step
from compiler.composition.absent_lines import AbsentLine
from compiler.composition.reference_scope import (
    KINDS_WITH_CHILDREN,
    Bounds,
    PathFilter,
    ReferenceScope,
    ResolvedScopes,
    ScopeResolver,
    is_within,
    lowest_lines,
)
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.compile_context import CompileContext
from compiler.decomposition.line_graph import LineNode, StepInstance
from compiler.graph import walk
from compiler.language.steps import LineScope as Across
from compiler.language.steps import StepKey
from compiler.plan.decision_log import PlanDecision


class LineReference(NamedTuple):
    """A reference to a step, made by a step that serves `node`."""

    node: LineNode
    predecessor: Step
    across: Across | None
    bounds: Bounds
    path_filter: PathFilter = None


class MissingStep(NamedTuple):
    """A step that a line could have but does not have. Its own predecessors at that line replace it."""

    key: StepKey
    node: LineNode
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Resolution:
    """What references mean, before missing steps are replaced."""

    present: frozenset[StepInstance]
    missing: tuple[MissingStep, ...]
    unresolved: tuple[LineReference, ...] = ()
    """References that have no scope on some paths. The references of the missing steps were resolved instead."""


class PredecessorResolver:
    """Resolves the references of one order's steps. Caches all intermediate results."""

    def __init__(self, context: CompileContext, instances: StepInstanceBuilder) -> None:
        self._index, self._decision_log = context.index, context.decision_log
        self._instances = instances
        self._scopes = ScopeResolver(context, instances)
        self._steps_by_key: dict[StepKey, Step] = {}
        self._scope_contents: dict[tuple[ReferenceScope, StepKey, Bounds], Resolution] = {}
        self._resolutions: dict[MissingStep, Resolution] = {}
        self._replacements: dict[MissingStep, frozenset[StepInstance]] = {}
        self._value_kinds: dict[tuple[ReferenceScope, StepKey, Bounds], frozenset[bool]] = {}

    def resolve(self, instance: StepInstance) -> frozenset[StepInstance]:
        """The instances that the step waits for, with replacements for missing ones."""
        resolution = self._resolve(instance.step, self._references_at(instance.step, instance.nodes, ()))
        if self._decision_log.has_steps:
            self._record_decisions(instance, resolution)
        return self._with_replacements(resolution)

    def resolve_read(self, instance: StepInstance, read: OutputReference) -> frozenset[StepInstance]:
        """The instances whose outputs an expression of the step reads."""
        step = self._index.catalogue.workstreams[read.workstream].steps[read.step]
        references = self._index.after_references(instance.step)
        across = next((across for named, across in references if named is step and across), None)
        resolved = [self._resolve_scopes(instance.step, node, step, across, (), None) for node in instance.nodes]
        scopes = dict.fromkeys(scope for one in resolved for scope in one.scopes)
        return frozenset().union(*(self._contents_of_scope(scope, step, ()).present for scope in scopes))

    def _references_at(
        self, step: Step, nodes: Sequence[LineNode], bounds: Bounds, path_filter: PathFilter = None
    ) -> Iterator[LineReference]:
        """The references of the step at these lines: its `after`, and the `dependencies` of offers above them."""
        key = (step.workstream, step.id)
        own = self._index.after_references(step)
        for node in nodes:
            for predecessor, across in own:
                yield LineReference(node, predecessor, across, bounds, path_filter)
            for owner in node.ancestor_order_lines:
                if owner.product.dependencies and (path_filter is None or owner in path_filter):
                    references = self._index.offer_dependencies(owner.product).get(key, ())
                    inner = _narrow_bounds(bounds, owner) if references else bounds
                    for predecessor, across in references:
                        yield LineReference(node, predecessor, across, inner, path_filter)

    def _resolve(self, waiting_step: Step, references: Iterable[LineReference]) -> Resolution:
        scopes: dict[tuple[ReferenceScope, StepKey, Bounds], Step] = {}
        unresolved: list[LineReference] = []
        open_references = list(references)
        visited: set[tuple[LineNode, StepKey, Bounds, PathFilter]] = set()
        while open_references:
            reference = open_references.pop()
            node, predecessor, across, bounds, path_filter = reference
            resolved = self._resolve_scopes(waiting_step, node, predecessor, across, bounds, path_filter)
            key = (predecessor.workstream, predecessor.id)
            for scope in resolved.scopes:
                scopes[scope, key, bounds] = predecessor
            visit = (node, key, bounds, resolved.dead_ends)
            if resolved.has_dead_ends and visit not in visited:
                visited.add(visit)
                unresolved.append(reference._replace(path_filter=resolved.dead_ends))
                open_references += self._references_at(predecessor, (node,), bounds, resolved.dead_ends)
        present: set[StepInstance] = set()
        missing: dict[MissingStep, None] = {}
        for (scope, _, bounds), predecessor in scopes.items():
            contents = self._contents_of_scope(scope, predecessor, bounds)
            present |= contents.present
            missing |= dict.fromkeys(contents.missing)
        return Resolution(frozenset(present), tuple(missing), tuple(unresolved))

    def _resolve_scopes(
        self,
        waiting_step: Step,
        node: LineNode,
        predecessor: Step,
        across: Across | None,
        bounds: Bounds,
        path_filter: PathFilter,
    ) -> ResolvedScopes:
        """Where to look for the predecessor. If it has a value, the value decides, else the line's place."""
        resolved = self._scopes.resolve(waiting_step, node, predecessor, across, bounds, path_filter)
        by_value = resolved.by_value
        if by_value is None:
            return resolved
        values: frozenset[bool] = frozenset()
        for scope in resolved.scopes:
            values |= self._kinds_of_values(scope, predecessor, bounds)
        by_place = resolved.with_value(by_value.value) if True in values else resolved
        if not self._scopes.can_hold(by_value, predecessor, bounds):
            return by_place
        if False not in values:
            return ResolvedScopes((by_value,))
        if not self._contents_of_scope(by_value, predecessor, bounds).present:
            return by_place
        return ResolvedScopes((by_value, *by_place.scopes))

    def _kinds_of_values(self, scope: ReferenceScope, predecessor: Step, bounds: Bounds) -> frozenset[bool]:
        """Whether instances there have a value: some, none, or both."""
        key = (scope, (predecessor.workstream, predecessor.id), bounds)
        if key not in self._value_kinds:
            present = self._contents_of_scope(scope, predecessor, bounds).present
            self._value_kinds[key] = frozenset(one.per_value is not None for one in present)
        return self._value_kinds[key]

    def _contents_of_scope(self, scope: ReferenceScope, predecessor: Step, bounds: Bounds) -> Resolution:
        key = (predecessor.workstream, predecessor.id)
        contents = self._scope_contents.get((scope, key, bounds))
        if contents is None:
            self._steps_by_key[key] = predecessor
            contents = self._scope_contents[scope, key, bounds] = self._search_scope(scope, predecessor, key, bounds)
        return contents

    def _search_scope(self, scope: ReferenceScope, predecessor: Step, key: StepKey, bounds: Bounds) -> Resolution:
        """All instances in the scope. The step counts as missing at the lowest lines that could have it but do not."""
        if scope.kind == "line" and scope.node and not scope.value and key in scope.node.step_instances:
            return Resolution(frozenset(scope.node.step_instances[key]), ())  # the usual case, without a search
        present: set[StepInstance] = set()
        able = []
        for node in self._scopes.lines_in(scope, bounds):
            present.update(node.step_instances.get(key, ()))
            if self._scopes.line_can_hold(node, scope, predecessor):
                able.append(node)
        missing: dict[MissingStep, None] = {}
        for node in self._lowest_lines(able, scope, predecessor, bounds):
            if _meant(node.step_instances.get(key, ()), scope):
                continue
            shared = self._shared_instances_for(predecessor, node, bounds)
            present.update(shared)
            for place in () if shared else self._scopes.places_of(node, scope, predecessor):
                once = _instances_on_once_lines(place, key, bounds)
                present.update(once)
                if not _meant(once, scope):
                    missing[MissingStep(key, place, bounds)] = None
        if scope.kind == "value":
            present = {instance for instance in present if instance.per_value == scope.value}
        return Resolution(frozenset(_meant(present, scope)), tuple(missing))

    def _lowest_lines(
        self, able: Sequence[LineNode], scope: ReferenceScope, predecessor: Step, bounds: Bounds
    ) -> Iterable[LineNode]:
        """The lowest of these lines; of a line with a value, what it decomposes into may have lost the value."""
        lowest = lowest_lines(able, with_children=scope.kind in KINDS_WITH_CHILDREN)
        if scope.kind != "value":
            return lowest
        found: dict[LineNode, None] = {}
        for line in lowest:
            if (predecessor.workstream, predecessor.id) in line.step_instances:
                found[line] = None
                continue
            below = [one for one in line.decomposition if is_within(one, bounds)]
            below = [one for one in below if self._scopes.line_can_hold(one, scope, predecessor)]
            found |= dict.fromkeys(lowest_lines(below, with_children=False))
        return found

    def _shared_instances_for(self, step: Step, node: LineNode, bounds: Bounds) -> list[StepInstance]:
        """Instances of a step `per: bundle` or `order` that also stand for the line: the step is not missing there."""
        if step.per not in ("bundle", "order"):
            return []
        tops = node.top_level_lines
        shared = (
            instance
            for instance in self._instances.by_step.get((step.workstream, step.id), ())
            if instance.top_level_line is None or instance.top_level_line in tops
        )
        return [one for one in shared if not bounds or any(is_within(served, bounds) for served in one.nodes)]

    def _with_replacements(self, resolution: Resolution) -> frozenset[StepInstance]:
        return resolution.present.union(*(self._replacements_for(missing) for missing in resolution.missing))

    def _replacements_for(self, missing_step: MissingStep) -> frozenset[StepInstance]:
        """The step's own predecessors at the line. If one of them is missing as well, its predecessors, and so on."""
        if missing_step not in self._replacements:
            missing = walk([missing_step], lambda one: self._resolve_missing(one).missing)
            replacements = frozenset().union(*(self._resolve_missing(one).present for one in missing))
            self._replacements[missing_step] = replacements
        return self._replacements[missing_step]

    def _resolve_missing(self, missing_step: MissingStep) -> Resolution:
        resolution = self._resolutions.get(missing_step)
        if resolution is None:
            key, node, bounds = missing_step
            step = self._steps_by_key[key]
            resolution = self._resolve(step, self._references_at(step, (node,), bounds))
            self._resolutions[missing_step] = resolution
        return resolution

    def _record_decisions(self, instance: StepInstance, resolution: Resolution) -> None:
        recorded: set[tuple[StepKey, LineNode]] = set()
        waiting = [(missing, "it is not in the plan here") for missing in _sort_missing(resolution.missing)]
        while waiting:
            missing, reason = waiting.pop(0)
            if (missing.key, missing.node) in recorded:
                continue
            recorded.add((missing.key, missing.node))
            replacements = self._replacements_for(missing)
            self._record_replacement(instance, ".".join(missing.key), missing.node, replacements, reason)
            inner = _sort_missing(self._resolve_missing(missing).missing)
            waiting += [(one, "it would be a replacement, and is not in the plan here either") for one in inner]
        for node, predecessor, _, bounds, path_filter in sorted(
            resolution.unresolved, key=lambda one: (one.node.rank, one.predecessor.reference)
        ):
            instead = self._resolve(instance.step, self._references_at(predecessor, (node,), bounds, path_filter))
            reason = "no line above can hold it"
            self._record_replacement(instance, predecessor.reference, node, self._with_replacements(instead), reason)

    def _record_replacement(
        self, instance: StepInstance, name: str, node: LineNode, replacements: Iterable[StepInstance], reason: str
    ) -> None:
        ids = tuple(sorted(one.id for one in replacements))
        self._decision_log.record(PlanDecision("replacement", node.line.id, name, bool(ids), reason, ids, instance.id))


def _sort_missing(missing_steps: Iterable[MissingStep]) -> list[MissingStep]:
    return sorted(missing_steps, key=lambda one: (one.node.rank, one.key, [bound.rank for bound in one.bounds]))


def _narrow_bounds(bounds: Bounds, owner: LineNode) -> Bounds:
    """Adds a bound. If one bound is below another, only the lower one counts."""
    if any(owner in bound.ancestor_order_lines for bound in bounds):
        return bounds
    kept = [bound for bound in bounds if bound not in owner.ancestor_order_lines]
    return tuple(sorted([*kept, owner], key=lambda node: node.rank))


def _meant(instances: Collection[StepInstance], scope: ReferenceScope) -> Collection[StepInstance]:
    """Those that have the scope's value, or none."""
    if not scope.value:
        return instances
    return [one for one in instances if one.per_value is None or one.per_value == scope.value]


def _instances_on_once_lines(place: LineNode, key: StepKey, bounds: Bounds) -> list[StepInstance]:
    """The step, if the absent line exists once for the bundle or the order, because other lines brought it."""
    lines = [line for line in place.once_lines if is_within(line, bounds)] if isinstance(place, AbsentLine) else ()
    instances = [one for line in lines for one in line.step_instances.get(key, ())]
    return [one for one in instances if one.top_level_line is None or one.top_level_line in place.top_level_lines]
