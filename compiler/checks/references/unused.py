"""Checks for definitions without effect: unused products, references and dependencies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.checks.undo.rollback_scope import RollbackScope
from compiler.graph import walk
from compiler.language.documents import CommercialProductDocument, TechnicalProductDocument
from compiler.language.steps import LineAction, StepKey, StepReference
from compiler.source.document import KeyPath
from compiler.source.findings import Finding

_ORDERED_ACTIONS = (LineAction.ADD, LineAction.MODIFY, LineAction.DELETE)


def check(index: DefinitionIndex) -> Iterator[Finding]:
    served = {product for group in index.step_groups.values() for product in group.products}
    for name, entry in index.definitions.products.items():
        if isinstance(entry.model, TechnicalProductDocument):
            if name not in served and not index.effective_rules(name):
                message = f"no step serves technical product `{name}`: nothing would be done for it"
                yield entry.finding("product-without-steps", ("id",), message, severity="warning")
            if name not in index.rules_by_target:
                message = f"no rule leads to technical product `{name}`: no order can contain it"
                yield entry.finding("product-unreachable", ("id",), message, severity="warning")
        elif _has_no_work(index, name, served):
            message = f"nothing serves `{name}`: without child lines of its own, every order of it is rejected"
            yield entry.finding("offer-without-work", ("id",), message, severity="warning")
    yield from _check_outside_deps(index)
    yield from _check_unmet_dependencies(index)
    yield from _check_unmet_references(index)


def _has_no_work(index: DefinitionIndex, offer: str, served: set[str]) -> bool:
    """Whether no step serves an order of the offer, and no other finding is the reason for that."""
    model = index.definitions.products[offer].model
    if any(action in model.no_work_for or index.has_work(offer, action) for action in _ORDERED_ACTIONS):
        return False
    below = index.reachable_products(offer) - {offer}
    return not below or not below.isdisjoint(served)


def _check_outside_deps(index: DefinitionIndex) -> Iterator[Finding]:
    for name, entry in index.definitions.products.items():
        document = entry.model
        if not isinstance(document, CommercialProductDocument) or not document.dependencies:
            continue
        inside = index.reachable_products(name)
        for waiting, references in document.dependencies.items():
            written: list[tuple[KeyPath, str, bool]] = [(("dependencies", waiting), waiting, True)]
            for position, reference in enumerate(references):
                if isinstance(reference, StepReference):
                    written.append((("dependencies", waiting, position), reference.step, False))
            for path, step, key in written:
                predecessors = index.resolve_reference(step, name)
                if predecessors and not inside.intersection(index.step_groups[predecessors[0][0]].products):
                    message = (
                        f"nothing below `{name}` brings `{step}` into an order: this only has an effect if an order "
                        f"itself has a line with that step below one of `{name}`"
                    )
                    yield entry.finding("dependency-outside", path, message, key=key, severity="warning")


def _check_unmet_dependencies(index: DefinitionIndex) -> Iterator[Finding]:
    """Dependencies of an offer between steps that no line action of the offer plans together."""
    for name, entry in index.definitions.products.items():
        document = entry.model
        if not isinstance(document, CommercialProductDocument) or not document.dependencies:
            continue
        for waiting, references in document.dependencies.items():
            for position, reference in enumerate(references):
                before = index.resolve_reference(reference.step, name) if isinstance(reference, StepReference) else None
                pairs = [(one, other) for one in index.resolve_reference(waiting, name) or () for other in before or ()]
                if pairs and all(_are_never_together(index, name, *pair) for pair in pairs):
                    message = f"no order can meet this: no line action has both `{waiting}` and what it waits for here"
                    path = ("dependencies", waiting, position)
                    yield entry.finding("reference-never", path, message, severity="warning")


def _are_never_together(index: DefinitionIndex, offer: str, step: StepKey, before: StepKey) -> bool:
    """Whether both have one instance for each line that the offer's rules bring, and no line action is for both."""
    waiting, awaited = index.step_groups[step[0]], index.step_groups[before[0]]
    if not waiting.line_actions(step[1]).isdisjoint(awaited.line_actions(before[1])):
        return False
    if (waiting.step_per(step[1]), awaited.step_per(before[1])) != ("line", "line"):
        return False
    products = {*waiting.products, *awaited.products}
    return (
        all(_has_own_lines(index, product) for product in products)
        and products <= RollbackScope(index).below([offer], components=False)
        and not _has_replacement(index, waiting, step[1], before)
    )


def _has_own_lines(index: DefinitionIndex, product: str) -> bool:
    """Whether each line of the product belongs to one order line, so that it has that line's action."""
    model = index.definitions.products[product].model
    return not isinstance(model, TechnicalProductDocument) or model.per in ("line", "unit")


def _check_unmet_references(index: DefinitionIndex) -> Iterator[Finding]:
    """References in `after` that match nothing in any order, and `across` without effect."""
    for group in index.step_groups.values():
        if group.facts.names_other_steps:
            yield from _check_references_of(index, group)
        else:
            yield from group.entry.cached_findings(
                "unmet references", None, partial(_check_references_of, index, group)
            )


def _check_references_of(index: DefinitionIndex, group: StepGroup) -> Iterator[Finding]:
    for step, definition in group.steps.items():
        for position, reference in enumerate(definition.after):
            if not isinstance(reference, StepReference):
                continue
            predecessors = index.resolve_reference(reference.step, group.id)
            if not predecessors:
                continue
            path: KeyPath = ("steps", step, "after", position)
            if all(_can_never_match(index, group, step, *one) for one in predecessors):
                message = (
                    f"this never matches: no line that `{step}` is planned for has `{reference.step}` "
                    f"(see their `actions`)"
                )
                yield group.entry.finding("reference-never", path, message, severity="warning")
            elif reference.across and all(
                _is_across_redundant(index, group, step, reference, *one) for one in predecessors
            ):
                message = f"`across: {reference.across}` has no effect here: omit it"
                at = (*path, "across")
                yield group.entry.finding("across-useless", at, message, key=True, severity="warning")


def _can_never_match(index: DefinitionIndex, group: StepGroup, step: str, workstream: str, other: str) -> bool:
    """Whether both have one instance per line, and no line action is for both."""
    before = index.step_groups[workstream]
    if not group.line_actions(step).isdisjoint(before.line_actions(other)):
        return False
    if (group.step_per(step), before.step_per(other)) != ("line", "line"):
        return False
    return set(group.products) <= set(before.products) and not _has_replacement(index, group, step, (workstream, other))


def _has_replacement(index: DefinitionIndex, group: StepGroup, step: str, missing: StepKey) -> bool:
    """Whether a step before the missing one may be planned with `step`, and then takes its place."""
    actions = group.line_actions(step)
    return any(
        not actions.isdisjoint(index.step_groups[workstream].line_actions(other))
        for workstream, other in walk(index.predecessors.get(missing, ()), lambda one: index.predecessors.get(one, ()))
    )


def _is_across_redundant(
    index: DefinitionIndex, group: StepGroup, step: str, reference: StepReference, workstream: str, other: str
) -> bool:
    """Whether the reference means the same steps without `across`."""
    pers = (group.step_per(step), index.step_groups[workstream].step_per(other))
    if reference.across == "order":
        return "order" in pers
    return reference.across == "bundle" and pers[1] == "bundle" and pers[0] in ("line", "bundle")
