"""Checks that every name that a definition uses is defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.language.documents import CommercialProductDocument, RuleDefinition
from compiler.language.steps import AnyStepReference, CrossOrderReference, StepDefinition, StepReference
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean

REFERENCE_UNKNOWN = "reference-unknown"


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for product in index.definitions.products.values():
        yield from _check_product(index, product)
    for product_class in index.definitions.classes.values():
        yield from _check_rules(index, product_class, product_class.model.decomposes_to)
    for workstream in index.definitions.workstreams.values():
        yield from _check_targets(index, workstream)
    for group in index.step_groups.values():
        if not _are_all_defined(index, group):
            for step in group.steps:
                yield from _check_step(index, group, step)
    for system in index.definitions.systems.values():
        yield from _check_retry(index, system, ("retry",), system.model.retry)
    for receiver in index.definitions.receivers.values():
        yield from _check_retry(index, receiver, ("retry",), receiver.model.retry)


def _are_all_defined(index: DefinitionIndex, group: StepGroup) -> bool:
    """True for nearly all groups, found in a fraction of the time of checking each step."""
    facts = group.facts
    return (
        not facts.names_other_steps
        and facts.redone_steps <= group.steps.keys()
        and facts.systems <= index.definitions.systems.keys()
        and facts.retry_policies <= index.definitions.retry_policies.keys()
    )


def _check_defined(
    index: DefinitionIndex,
    entry: DefinitionEntry[Any],
    path: KeyPath,
    kind: str,
    name: str,
    namespace: Mapping[str, Any],
) -> Iterator[Finding]:
    if not index.may_be_defined(name, namespace):
        yield entry.finding(
            REFERENCE_UNKNOWN,
            path,
            f"there is no {kind} `{name[:80]}`{did_you_mean(name, namespace)}",
            undefined_name=_undefined_name(kind, name),
        )


def _undefined_name(kind: str, name: str) -> str:
    """Products and workstreams share one namespace: a name that is neither is one undefined name."""
    return name if kind in ("product", "workstream") else f"{kind} {name}"


def _check_product(index: DefinitionIndex, entry: DefinitionEntry[Any]) -> Iterator[Finding]:
    document = entry.model
    if document.product_class:
        yield from _check_defined(
            index, entry, ("class",), "product class", document.product_class, index.definitions.classes
        )
    yield from _check_rules(index, entry, document.decomposes_to)
    if isinstance(document, CommercialProductDocument):
        yield from _check_components(index, entry)
        for step, references in document.dependencies.items():
            path: KeyPath = ("dependencies", step)
            if index.resolve_reference(step, document.id) is None:
                yield from _check_reference(index, entry, path, StepReference(step=step), document.id, key=True)
            for position, reference in enumerate(references):
                if isinstance(reference, CrossOrderReference):
                    message = (
                        "`dependencies` are for steps of one offer: wait for another order in the `after` of the step"
                    )
                    yield entry.finding("value-invalid", (*path, position), message)
                    continue
                yield from _check_reference(index, entry, (*path, position), reference, document.id)


def _check_rules(index: DefinitionIndex, entry: DefinitionEntry[Any], rules: list[RuleDefinition]) -> Iterator[Finding]:
    products = index.definitions.products
    for position, rule in enumerate(rules):
        if index.is_technical(rule.product):
            continue
        path: KeyPath = ("decomposes_to", position, "product")
        yield from _check_defined(index, entry, path, "product", rule.product, products)
        if index.is_commercial(rule.product):
            message = f"`{rule.product}` is a commercial product: sell it inside this one with `components`"
            yield entry.finding("rule-to-commercial", path, message)


def _check_components(index: DefinitionIndex, entry: DefinitionEntry[CommercialProductDocument]) -> Iterator[Finding]:
    products = index.definitions.products
    for position, component in enumerate(entry.model.components):
        path: KeyPath = ("components", position, "product")
        yield from _check_defined(index, entry, path, "product", component.product, products)
        if index.is_technical(component.product):
            message = f"`{component.product}` is a technical product: deliver it with `decomposes_to`"
            yield entry.finding("component-technical", path, message)


def _check_targets(index: DefinitionIndex, entry: DefinitionEntry[Any]) -> Iterator[Finding]:
    for position, target in enumerate(entry.model.for_):
        path: KeyPath = ("for", position)
        if isinstance(target, str):
            yield from _check_defined(index, entry, path, "product", target, index.definitions.products)
        else:
            classes = index.definitions.classes
            yield from _check_defined(index, entry, (*path, "class"), "product class", target.product_class, classes)


def _check_step(index: DefinitionIndex, group: StepGroup, step: str) -> Iterator[Finding]:
    definition, entry = group.steps[step], group.entry
    path: KeyPath = ("steps", step)
    for position, reference in enumerate(definition.after):
        yield from _check_reference(index, entry, (*path, "after", position), reference, group.id)
    for call_path, call in find_calls(definition):
        system_path = (*path, *call_path, "system")
        yield from _check_defined(index, entry, system_path, "system", call.system, index.definitions.systems)
    yield from _check_retry(index, entry, (*path, "retry"), definition.retry)
    if definition.undo:
        yield from _check_retry(index, entry, (*path, "undo", "retry"), definition.undo.retry)
    for position, case in enumerate(definition.on_failure):
        if case.redo_from and case.redo_from not in group.steps:
            near = did_you_mean(case.redo_from, group.steps)
            message = f"workstream `{group.id}` has no step `{case.redo_from}` to redo from{near}"
            yield entry.finding(REFERENCE_UNKNOWN, (*path, "on_failure", position, "redo_from"), message)
        yield from _check_retry(index, entry, (*path, "on_failure", position, "retry"), case.retry)


def find_calls(definition: StepDefinition) -> Iterator[tuple[KeyPath, Any]]:
    if definition.call:
        yield ("call",), definition.call
    if definition.undo and definition.undo.call:
        yield ("undo", "call"), definition.undo.call
    if not isinstance(definition.on_change, str):
        yield ("on_change", "call"), definition.on_change.call


def _check_retry(
    index: DefinitionIndex, entry: DefinitionEntry[Any], path: KeyPath, retry: object
) -> Iterator[Finding]:
    if isinstance(retry, str) and retry != "standard":
        yield from _check_defined(index, entry, path, "retry policy", retry, index.definitions.retry_policies)


def _check_reference(
    index: DefinitionIndex,
    entry: DefinitionEntry[Any],
    path: KeyPath,
    reference: AnyStepReference,
    workstream: str,
    *,
    key: bool = False,
) -> Iterator[Finding]:
    if isinstance(reference, CrossOrderReference):
        reference = StepReference(step=reference.step)
    if index.resolve_reference(reference.step, workstream) is not None:
        return
    name, dot, step = reference.step.partition(".")
    if name in index.definitions.invalid_ids or index.definitions.incomplete:
        return
    undefined = ""
    if " " in reference.step.strip():
        message = f"`{reference.step[:80]}` is not a step's name: is a `,` missing in it?"
    elif name in index.definitions.products and name not in index.step_groups:
        message = f"product `{name}` has no steps to wait for"
    elif dot and name in index.step_groups:
        undefined = f"{name}.{step}"
        message = f"workstream `{name}` has no step `{step[:80]}`{did_you_mean(step, index.steps_by_workstream[name])}"
    elif dot:
        undefined = name
        message = f"there is no workstream `{name[:80]}`{did_you_mean(name, index.step_groups)}"
    else:
        undefined = f"{workstream}.{name}"
        known = [*index.steps_by_workstream.get(workstream, ()), *index.step_groups]
        near = did_you_mean(name, known) or _suggest_step(index, name)
        message = f"there is no step or workstream `{name[:80]}`{near}"
    yield entry.finding(REFERENCE_UNKNOWN, path, message, key=key, undefined_name=undefined)


def _suggest_step(index: DefinitionIndex, step: str) -> str:
    """A hint if another workstream has a step with this name."""
    owner = next((name for name, steps in index.steps_by_workstream.items() if step in steps), None)
    return f"; did you mean `{owner}.{step}`?" if owner else ""
