"""Rules, attributes and steps of an offer in words, as they are defined: no order gives them values yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from compiler.catalogue.catalogue import Product, Rule, Step
from compiler.explain_offer import OfferStructure
from compiler.language.attribute_words import describe_attribute
from compiler.language.durations import format_duration
from compiler.language.steps import CrossOrderReference, LineAction, StepDefinition
from views.shared.value_format import pluralize


def offer_sizes(structure: OfferStructure) -> tuple[str, ...]:
    """`7 products`, `8 workstreams`, `21 steps`: all that there can be."""
    return (
        pluralize(len(structure.products) - 1, "product") + " below it",
        pluralize(len(structure.workstreams), "workstream"),
        pluralize(len(structure.steps), "step"),
    )


def describe_rule(rule: Rule) -> str:
    """`if \\`attributes.cameras > 0\\`, quantity \\`quantity * attributes.cameras\\``, or `always`."""
    return ", ".join(_rule_parts(rule)) or "always"


def _rule_parts(rule: Rule) -> Iterator[str]:
    if rule.actions is not None:
        yield f"for {format_actions(rule.actions)} lines"
    if rule.for_each is not None:
        yield f"one for each of `{rule.for_each}`"
    if rule.when not in (None, "true"):
        yield f"if `{rule.when}`"
    if rule.quantity is not None:
        yield f"quantity `{rule.quantity}`"


def format_actions(actions: Collection[LineAction]) -> str:
    """`add, modify`, in the language's order."""
    return ", ".join(action for action in LineAction if action in actions)


def product_facts(product: Product) -> Iterator[tuple[str, str]]:
    if product.code:
        yield "Code", product.code
    if product.product_class:
        yield "Class", product.product_class
    if product.single_quantity or product.decimal_quantity:
        yield "Quantity", "always 1" if product.single_quantity else "may be a fraction"
    for name, attribute in sorted(product.attributes.items()):
        yield name, describe_attribute(attribute)
    for named in product.let:
        yield f"let.{named.name}", named.expression


def definition_conditions(definition: StepDefinition) -> Iterator[str]:
    """`if …`, `starts after …`, `after step … of order …`, as written."""
    if definition.when not in (None, "true"):
        yield f"if {definition.when}"
    start = definition.start
    if start is not None and start.delay is not None:
        yield f"starts after {_text(start.delay)}"
    elif start is not None:
        yield f"not before {start.at}" if start.at else "as late as the requested completion allows"
    for reference in definition.after:
        if isinstance(reference, CrossOrderReference):
            yield f"after step {reference.step} of order {reference.order}"


def describe_per(step: Step) -> str:
    """For how many lines there is one step; empty for one per line."""
    return {"line": "", "bundle": "one for each top-level line", "order": "one for the order"}.get(
        step.per, f"one for each value of {step.per}"
    )


def _text(span: timedelta | str) -> str:
    return span if isinstance(span, str) else format_duration(span)
