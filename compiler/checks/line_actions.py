"""Which actions lines can have at all; steps and rules for other actions never come about."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.definition_index import Survey
from compiler.language.documents import CommercialProductDocument, RuleDocument
from compiler.language.steps import Action
from compiler.source.findings import Finding

EVERY = frozenset(Action)


def check(survey: Survey) -> Iterator[Finding]:
    possible = actions_possible(survey)
    for name, entry in survey.definitions.products.items():
        for position, rule in enumerate(entry.model.decomposes_to):
            if rule.actions is not None and possible[name] and possible[name].isdisjoint(rule.actions):
                message = f"this rule never applies: lines of `{name}` can only be {_listed(possible[name])}"
                path = ("decomposes_to", position, "actions")
                yield entry.finding("actions-never", path, message, severity="warning")
    for group in survey.groups.values():
        served = frozenset(action for product in group.products for action in possible[product])
        for step in group.steps:
            if served and served.isdisjoint(group.actions_of(step)):
                message = (
                    f"step `{step}` is for {_listed(group.actions_of(step))}, and its lines can only be "
                    f"{_listed(served)}: it is never planned"
                )
                yield group.entry.finding("actions-never", ("steps", step), message, key=True, severity="warning")


def _listed(actions: frozenset[Action]) -> str:
    return " or ".join(action.value for action in Action if action in actions)


def rule_actions(rule: RuleDocument) -> frozenset[Action]:
    return EVERY if rule.actions is None else frozenset(rule.actions)


def actions_possible(survey: Survey) -> dict[str, frozenset[Action]]:
    """Of each product the actions that a line of it can have; none where no order can bring it."""
    possible: dict[str, frozenset[Action]] = {}
    made: dict[str, set[str]] = {}
    for product, sources in survey.sources.items():
        for source, _ in sources:
            made.setdefault(source, set()).add(product)
    for name, entry in survey.definitions.products.items():
        possible[name] = EVERY if isinstance(entry.model, CommercialProductDocument) else frozenset()
    waiting = [product for name in possible if possible[name] for product in made.get(name, ())]
    while waiting:
        product = waiting.pop()
        if product not in possible:
            continue
        found = _merged(survey, product, possible)
        if found != possible[product]:
            possible[product] = found
            waiting += made.get(product, ())
    return possible


def _merged(survey: Survey, product: str, possible: dict[str, frozenset[Action]]) -> frozenset[Action]:
    """Of sources with different actions the line is a `modify`."""
    if survey.is_commercial(product):
        return EVERY
    sources = survey.sources.get(product, ())
    found = frozenset(action for source, rule in sources for action in possible[source] & rule_actions(rule))
    return found | {Action.MODIFY} if len(found - {Action.NO_CHANGE}) > 1 else found
