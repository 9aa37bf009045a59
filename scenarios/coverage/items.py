"""Everything in a catalogue that a scenario can reach, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from compiler.catalogue.catalogue import Catalogue, Product, Rule, Workstream
from compiler.catalogue.catalogue_index import get_catalogue_index
from compiler.catalogue.definition_index import DefinitionIndex
from compiler.language.steps import FailureRule, InPlaceUpdate, StepDefinition, StepKind
from compiler.source.findings import SourceLocation


class ItemKind(StrEnum):
    RULE = "rule"
    """A rule or component makes a line."""
    CONDITION = "condition"
    """A `when` is true; or it is false."""
    STEP = "step"
    MILESTONE = "milestone"
    FAILURE = "failure"
    """An entry of `fail_when` or `on_failure` decides."""
    UNDO = "undo"
    CHANGE = "change"
    """A step is changed in place."""


Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    key: Key
    """What a run has reached if it is in the run's keys (reached.py)."""
    kind: ItemKind
    name: str
    """For people: `camera.reserve`, `rule home_security → security_camera`."""
    unreached: str
    """What no scenario does: `no scenario begins it`."""
    location: SourceLocation
    owner: str
    """The product or workstream that it belongs to."""


def coverage_items(catalogue: Catalogue, index: DefinitionIndex) -> list[Item]:
    """Each once, in the order of their places. What no offer can reach is not included."""
    found: dict[Key, Item] = {}
    reachable = set().union(*offer_products(catalogue).values(), set())
    for product in catalogue.products.values():
        if product.id in reachable:
            for item in _product_items(product):
                found.setdefault(item.key, item)
    for workstream in catalogue.workstreams.values():
        if reachable.intersection(workstream.for_products):
            for item in _workstream_items(workstream, index):
                found.setdefault(item.key, item)
    return sorted(found.values(), key=lambda item: (item.location, item.kind, item.key))


def offer_products(catalogue: Catalogue) -> dict[str, frozenset[str]]:
    """Commercial product → the products that it can become, itself included."""
    index = get_catalogue_index(catalogue)
    return {
        name: index.reachable_products(name) | {name}
        for name, product in catalogue.products.items()
        if product.is_commercial
    }


def _product_items(product: Product) -> Iterator[Item]:
    for word, rules in (("rule", product.decomposes_to), ("component", product.components)):
        for rule in rules:
            yield from _rule_items(product, rule, word)


def _rule_items(product: Product, rule: Rule, word: str) -> Iterator[Item]:
    place, alias = str(rule.location), f" as {rule.as_}" if rule.as_ else ""
    name = f"{word} {product.id} → {rule.product}{alias}"
    yield Item(("rule", place), ItemKind.RULE, name, "makes no line in any scenario", rule.location, product.id)
    if rule.when is not None:
        never_false = "its `when` is false in no scenario"
        yield Item(("rule-out", place), ItemKind.CONDITION, name, never_false, rule.location, product.id)


def _workstream_items(workstream: Workstream, index: DefinitionIndex) -> Iterator[Item]:
    owner = workstream.id
    if workstream.when is not None:
        name, place = f"workstream {owner}", str(workstream.location)
        for key, word in (("workstream", "true"), ("workstream-out", "false")):
            text = f"its `when` is {word} in no scenario"
            yield Item((key, place), ItemKind.CONDITION, name, text, workstream.location, owner)
    group = index.step_groups[owner]
    for name, step in workstream.steps.items():
        for item, path in _step_items(step.reference, step.definition):
            location = group.entry.document.location(("steps", name, *path), key=True)
            yield Item(item.key, item.kind, item.name, item.unreached, location, owner)


def _step_items(reference: str, step: StepDefinition) -> Iterator[tuple[Item, tuple[str | int, ...]]]:
    """Items without their places, and the paths of these in the step."""

    def item(key: Key, kind: ItemKind, unreached: str, name: str = reference) -> Item:
        return Item(key, kind, name, unreached, SourceLocation(""), "")

    milestone = step.kind is StepKind.MILESTONE
    kind = ItemKind.MILESTONE if milestone else ItemKind.STEP
    verb = "reaches it" if milestone else "begins it"
    yield item(("step", reference), kind, f"no scenario {verb}"), ()
    if step.when is not None:
        yield item(("skipped", reference), ItemKind.CONDITION, "its `when` is false in no scenario"), ("when",)
    for position, failure in enumerate(step.fail_when):
        name = f"{reference} fail_when {failure.code}"
        key = ("fail_when", reference, failure.code)
        yield item(key, ItemKind.FAILURE, "holds in no scenario", name), ("fail_when", position)
    if "on_failure" in step.model_fields_set:
        for position, rule in enumerate(step.on_failure):
            name = f"{reference} on_failure {describe_rule(rule)}"
            key = ("on_failure", reference, str(position))
            yield item(key, ItemKind.FAILURE, "decides in no scenario", name), ("on_failure", position)
    if step.undo is not None:
        yield item(("undo", reference), ItemKind.UNDO, "no scenario undoes it", f"{reference} undo"), ("undo",)
    if isinstance(step.on_change, InPlaceUpdate):
        text = "no scenario changes it in place"
        yield item(("change", reference), ItemKind.CHANGE, text, f"{reference} on_change"), ("on_change",)


def describe_rule(rule: FailureRule) -> str:
    """`customer_absent: redo from book`."""
    if rule.rollback is not None:
        what = f"rollback {rule.rollback}"
    elif rule.redo_from is not None:
        what = f"redo_from {rule.redo_from}"
    else:
        what = str(rule.do)
    return f"{rule.code}: {what}" if rule.code else what
