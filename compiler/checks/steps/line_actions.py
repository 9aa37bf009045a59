"""Checks for steps and rules that are never used, because no line can have one of their actions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.language.documents import CommercialProductDocument, RuleDefinition
from compiler.language.steps import LineAction
from compiler.source.findings import Finding

ALL_ACTIONS = frozenset(LineAction)


def check(index: DefinitionIndex) -> Iterator[Finding]:
    possible = possible_actions(index)
    for name, entry in index.definitions.products.items():
        for position, rule in enumerate(entry.model.decomposes_to):
            if rule.actions is not None and possible[name] and possible[name].isdisjoint(rule.actions):
                message = f"this rule never applies: lines of `{name}` can only be {_join_actions(possible[name])}"
                path = ("decomposes_to", position, "actions")
                yield entry.finding("actions-never", path, message, severity="warning")
    for group in index.step_groups.values():
        served = frozenset(action for product in group.products for action in possible[product])
        yield from group.entry.cached_findings("served actions", served, partial(_check_steps, group, served))


def _check_steps(group: StepGroup, served: frozenset[LineAction]) -> Iterator[Finding]:
    for step in group.steps:
        if served and served.isdisjoint(group.line_actions(step)):
            message = (
                f"step `{step}` is for {_join_actions(group.line_actions(step))}, and its lines can only be "
                f"{_join_actions(served)}: it is never planned"
            )
            yield group.entry.finding("actions-never", ("steps", step), message, key=True, severity="warning")


def _join_actions(actions: frozenset[LineAction]) -> str:
    return " or ".join(action.value for action in LineAction if action in actions)


def rule_actions(rule: RuleDefinition) -> frozenset[LineAction]:
    return ALL_ACTIONS if rule.actions is None else frozenset(rule.actions)


def possible_actions(index: DefinitionIndex) -> dict[str, frozenset[LineAction]]:
    """Product → the actions that its lines can have; empty if no order can contain the product."""
    possible: dict[str, frozenset[LineAction]] = {}
    targets: dict[str, set[str]] = {}
    for product, sources in index.rules_by_target.items():
        for source, _ in sources:
            targets.setdefault(source, set()).add(product)
    for name, entry in index.definitions.products.items():
        possible[name] = ALL_ACTIONS if isinstance(entry.model, CommercialProductDocument) else frozenset()
    waiting = [product for name in possible if possible[name] for product in targets.get(name, ())]
    while waiting:
        product = waiting.pop()
        if product not in possible:
            continue
        found = _merged_actions(index, product, possible)
        if found != possible[product]:
            possible[product] = found
            waiting += targets.get(product, ())
    return possible


def _merged_actions(
    index: DefinitionIndex, product: str, possible: dict[str, frozenset[LineAction]]
) -> frozenset[LineAction]:
    """The actions of lines of a product. Sources with different actions make the line a `modify`."""
    if index.is_commercial(product):
        return ALL_ACTIONS
    sources = index.rules_by_target.get(product, ())
    found = frozenset(action for source, rule in sources for action in possible[source] & rule_actions(rule))
    return found | {LineAction.MODIFY} if len(found - {LineAction.NO_CHANGE}) > 1 else found
