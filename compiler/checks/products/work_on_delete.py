"""Checks for products that `add` makes something for, and `delete` does nothing about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.checks.steps.line_actions import rule_actions
from compiler.checks.undo.making_calls import makes_by_call
from compiler.graph import walk
from compiler.language.steps import LineAction, StepDefinition
from compiler.source.findings import Finding


def check(index: DefinitionIndex) -> Iterator[Finding]:
    making, changing = _products_that_make(index), _products_that_change(index)
    products = index.definitions.products
    offers = [name for name in products if index.is_commercial(name)]
    deletable = set(walk((one for one in offers if index.has_work(one, LineAction.DELETE)), _deleted_with(index)))
    for name, entry in products.items():
        if LineAction.DELETE in entry.model.no_work_for or index.has_work(name, LineAction.DELETE):
            continue
        if index.is_commercial(name):
            below = index.reachable_products(name)
            if not making.isdisjoint(below) and not changing.isdisjoint(below):
                message = (
                    f"`add` makes something for `{name}`, and no step is for `delete`: an order that deletes it is "
                    "rejected. Give steps `actions: [delete]`, or list `delete` in `no_work_for`"
                )
                yield entry.finding("delete-without-work", ("id",), message, severity="warning")
        elif name in making and name in deletable:
            message = (
                f"`add` makes something for `{name}`, and no step is for `delete`: it stays when the offer is "
                "deleted. Give it a step with `actions: [delete]`, or list `delete` in `no_work_for`"
            )
            yield entry.finding("delete-without-work", ("id",), message, severity="warning")


def _products_that_make(index: DefinitionIndex) -> set[str]:
    """The products that a step for `add` makes something for: a POST or PUT, or what has an `undo`."""
    found: set[str] = set()
    for group in index.step_groups.values():
        if group.entry.cached("makes something", None, partial(_makes_for_add, group)):
            found.update(group.products)
    return found


def _makes_for_add(group: StepGroup) -> bool:
    return any(LineAction.ADD in group.line_actions(step) and _makes(one) for step, one in group.steps.items())


def _products_that_change(index: DefinitionIndex) -> set[str]:
    """The products with a step for another action than `add`. An offer without any is done once, as an audit is."""
    once = frozenset({LineAction.ADD})
    return {
        product for group in index.step_groups.values() if group.actions_of_steps() - once for product in group.products
    }


def _makes(definition: StepDefinition) -> bool:
    return definition.undo is not None or makes_by_call(definition)


def _deleted_with(index: DefinitionIndex) -> Callable[[str], list[str]]:
    """Product → the products whose lines its delete lines bring."""

    def targets(name: str) -> list[str]:
        rules = [written.rule for written in index.effective_rules(name)]
        return [rule.product for rule in rules if LineAction.DELETE in rule_actions(rule)]

    return targets
