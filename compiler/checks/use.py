"""What can be proved useless or harmful to somebody later: warnings, and dependencies that no order could have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.definitions import Entry
from compiler.documents import CommercialProductDocument, TechnicalProductDocument
from compiler.findings import Finding
from compiler.source import KeyPath
from compiler.steps import StepReference
from compiler.survey import Survey


def check(survey: Survey) -> Iterator[Finding]:
    served = {product for group in survey.groups.values() for product in group.products}
    for name, entry in survey.definitions.products.items():
        if isinstance(entry.model, TechnicalProductDocument):
            if name not in served:
                message = f"no step serves technical product `{name}`: nobody would do anything for it"
                yield entry.finding("product-without-steps", ("id",), message, severity="warning")
            if name not in survey.sources:
                message = f"no rule leads to technical product `{name}`: no order can bring it"
                yield entry.finding("product-unreachable", ("id",), message, severity="warning")
    yield from _never(survey)
    yield from _outside(survey)


def _never(survey: Survey) -> Iterator[Finding]:
    """Conditions that are written as false."""
    for where, path, condition in _conditions(survey):
        if condition.strip() == "false":
            message = "this condition never holds: what it stands at never happens"
            yield where.finding("condition-never", path, message, severity="warning")


def _conditions(survey: Survey) -> Iterator[tuple[Entry[Any], KeyPath, str]]:
    for entry in survey.definitions.products.values():
        for position, rule in enumerate(entry.model.decomposes_to):
            if rule.when is not None:
                yield entry, ("decomposes_to", position, "when"), rule.when
    for group in survey.groups.values():
        if not group.own and group.entry.model.when is not None:
            yield group.entry, ("when",), group.entry.model.when
        for step, definition in group.steps.items():
            if definition.when is not None:
                yield group.entry, ("steps", step, "when"), definition.when


def reach(survey: Survey, product: str) -> set[str]:
    """The product, what it decomposes into, and its components, all the way down."""
    found: set[str] = set()
    waiting = [product]
    while waiting:
        name = waiting.pop()
        if name in found or name not in survey.definitions.products:
            continue
        found.add(name)
        waiting += [rule.product for rule in survey.rules_of(name)]
        document = survey.definitions.products[name].model
        if isinstance(document, CommercialProductDocument):
            waiting += [component.product for component in document.components]
    return found


def _outside(survey: Survey) -> Iterator[Finding]:
    for name, entry in survey.definitions.products.items():
        document = entry.model
        if not isinstance(document, CommercialProductDocument) or not document.dependencies:
            continue
        inside = reach(survey, name)
        for waiting, references in document.dependencies.items():
            named: list[tuple[KeyPath, str, bool]] = [(("dependencies", waiting), waiting, True)]
            for position, reference in enumerate(references):
                if isinstance(reference, StepReference):
                    named.append((("dependencies", waiting, position), reference.step, False))
            for path, step, key in named:
                meant = survey.steps_meant(StepReference(step=step), name) or []
                if meant and not inside.intersection(survey.groups[meant[0][0]].products):
                    message = (
                        f"nothing below `{name}` brings `{step}` into an order: a dependency joins steps of one offer"
                    )
                    yield entry.finding("dependency-outside", path, message, key=key)
