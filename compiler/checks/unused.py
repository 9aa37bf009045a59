"""What can be proved useless: products nobody serves or orders, references and dependencies that nothing meets."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.definition_index import Group, Survey
from compiler.language.documents import CommercialProductDocument, TechnicalProductDocument
from compiler.language.steps import StepReference
from compiler.source.document import KeyPath
from compiler.source.findings import Finding


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
    yield from _outside(survey)
    yield from _never_met(survey)


def _outside(survey: Survey) -> Iterator[Finding]:
    for name, entry in survey.definitions.products.items():
        document = entry.model
        if not isinstance(document, CommercialProductDocument) or not document.dependencies:
            continue
        inside = survey.reach(name)
        for waiting, references in document.dependencies.items():
            named: list[tuple[KeyPath, str, bool]] = [(("dependencies", waiting), waiting, True)]
            for position, reference in enumerate(references):
                if isinstance(reference, StepReference):
                    named.append((("dependencies", waiting, position), reference.step, False))
            for path, step, key in named:
                meant = survey.steps_meant(StepReference(step=step), name) or []
                if meant and not inside.intersection(survey.groups[meant[0][0]].products):
                    message = (
                        f"nothing below `{name}` brings `{step}` into an order: this does something only where an "
                        f"order puts a line with it under one of `{name}`"
                    )
                    yield entry.finding("dependency-outside", path, message, key=key, severity="warning")


def _never_met(survey: Survey) -> Iterator[Finding]:
    """References in `after` that no order can meet, and an `across` that changes nothing."""
    for group in survey.groups.values():
        for step, definition in group.steps.items():
            for position, reference in enumerate(definition.after):
                if not isinstance(reference, StepReference):
                    continue
                meant = survey.steps_meant(reference, group.id)
                if not meant:
                    continue
                if all(_is_never_met(survey, group, step, *one) for one in meant):
                    written = _written(group, step, position)
                    message = (
                        f"no order can meet this: `{reference.step}` is never planned for a line that `{step}` is "
                        f"planned for (see their `actions`)"
                    )
                    yield group.entry.finding("reference-never", written, message, severity="warning")
                elif reference.across and all(_is_same(survey, group, step, reference, *one) for one in meant):
                    written = _written(group, step, position)
                    message = f"`across: {reference.across}` changes nothing here: leave it out"
                    at = (*written, "across")
                    yield group.entry.finding("across-useless", at, message, key=True, severity="warning")


def _written(group: Group, step: str, position: int) -> KeyPath:
    """Where a reference stands: in a list, or alone."""
    path: KeyPath = ("steps", step, "after", position)
    return path if isinstance(group.entry.document.value(path), str | dict) else path[:-1]


def _is_never_met(survey: Survey, group: Group, step: str, workstream: str, other: str) -> bool:
    """Both stand once on the same line, and the line's action is never for both."""
    before = survey.groups[workstream]
    if not group.actions_of(step).isdisjoint(before.actions_of(other)):
        return False
    if (group.per_of(step), before.per_of(other)) != ("line", "line"):
        return False
    return set(group.products) <= set(before.products)


def _is_same(survey: Survey, group: Group, step: str, reference: StepReference, workstream: str, other: str) -> bool:
    """Whether the reference without `across` would mean the same steps."""
    pers = (group.per_of(step), survey.groups[workstream].per_of(other))
    if reference.across == "order":
        return "order" in pers
    return reference.across == "bundle" and pers[1] == "bundle" and pers[0] in ("line", "bundle")
