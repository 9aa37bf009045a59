"""Every name that a definition mentions must be defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.catalogue.definition_index import Group, Survey
from compiler.catalogue.definitions import Entry
from compiler.language.documents import CommercialProductDocument, RuleDocument
from compiler.language.steps import OrderReference, Reference, StepDefinition, StepReference
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean

CODE = "reference-unknown"


def check(survey: Survey) -> Iterator[Finding]:
    for product in survey.definitions.products.values():
        yield from _product(survey, product)
    for product_class in survey.definitions.classes.values():
        yield from _rules(survey, product_class, product_class.model.decomposes_to)
    for workstream in survey.definitions.workstreams.values():
        yield from _targets(survey, workstream)
    for group in survey.groups.values():
        for step in group.steps:
            yield from _step(survey, group, step)
    for system in survey.definitions.systems.values():
        yield from _retry(survey, system, ("retry",), system.model.retry)
    for receiver in survey.definitions.receivers.values():
        yield from _retry(survey, receiver, ("retry",), receiver.model.retry)


def _unknown(
    survey: Survey, entry: Entry[Any], path: KeyPath, what: str, name: str, space: Mapping[str, Any]
) -> Iterator[Finding]:
    if not survey.is_known(name, space):
        yield entry.finding(
            CODE, path, f"there is no {what} `{name[:80]}`{did_you_mean(name, space)}", about=_about(what, name)
        )


def _about(what: str, name: str) -> str:
    """Products and workstreams share their ids: who misses the one misses the other."""
    return name if what in ("product", "workstream") else f"{what} {name}"


def _product(survey: Survey, entry: Entry[Any]) -> Iterator[Finding]:
    document = entry.model
    if document.product_class:
        yield from _unknown(
            survey, entry, ("class",), "product class", document.product_class, survey.definitions.classes
        )
    yield from _rules(survey, entry, document.decomposes_to)
    if isinstance(document, CommercialProductDocument):
        yield from _components(survey, entry)
        for step, references in document.dependencies.items():
            path: KeyPath = ("dependencies", step)
            yield from _reference(survey, entry, path, StepReference(step=step), document.id, key=True)
            for position, reference in enumerate(references):
                if isinstance(reference, OrderReference):
                    message = "`dependencies` join steps of one offer: wait for another order in the step's own `after`"
                    yield entry.finding("value-invalid", (*path, position), message)
                    continue
                yield from _reference(survey, entry, (*path, position), reference, document.id)


def _rules(survey: Survey, entry: Entry[Any], rules: list[RuleDocument]) -> Iterator[Finding]:
    products = survey.definitions.products
    for position, rule in enumerate(rules):
        path: KeyPath = ("decomposes_to", position, "product")
        yield from _unknown(survey, entry, path, "product", rule.product, products)
        if survey.is_commercial(rule.product):
            message = f"`{rule.product}` is a commercial product: sell it inside this one with `components`"
            yield entry.finding("rule-to-commercial", path, message)


def _components(survey: Survey, entry: Entry[CommercialProductDocument]) -> Iterator[Finding]:
    products = survey.definitions.products
    for position, component in enumerate(entry.model.components):
        path: KeyPath = ("components", position, "product")
        yield from _unknown(survey, entry, path, "product", component.product, products)
        if survey.is_technical(component.product):
            message = f"`{component.product}` is a technical product: deliver it with `decomposes_to`"
            yield entry.finding("component-technical", path, message)


def _targets(survey: Survey, entry: Entry[Any]) -> Iterator[Finding]:
    written = entry.document.data["for"]
    for position, target in enumerate(entry.model.for_):
        path: KeyPath = ("for", position) if isinstance(written, list) else ("for",)
        if isinstance(target, str):
            yield from _unknown(survey, entry, path, "product", target, survey.definitions.products)
        else:
            classes = survey.definitions.classes
            yield from _unknown(survey, entry, (*path, "class"), "product class", target.product_class, classes)


def _step(survey: Survey, group: Group, step: str) -> Iterator[Finding]:
    definition, entry = group.steps[step], group.entry
    path: KeyPath = ("steps", step)
    for position, reference in enumerate(definition.after):
        yield from _reference(survey, entry, (*path, "after", position), reference, group.id)
    for call_path, call in _calls(definition):
        systems = survey.definitions.systems
        if call.system not in systems:
            yield from _unknown(survey, entry, (*path, *call_path, "system"), "system", call.system, systems)
    if definition.retry is not None:
        yield from _retry(survey, entry, (*path, "retry"), definition.retry)
    if definition.undo and definition.undo.retry is not None:
        yield from _retry(survey, entry, (*path, "undo", "retry"), definition.undo.retry)
    for position, case in enumerate(definition.on_failure):
        if case.redo_from and case.redo_from not in group.steps:
            near = did_you_mean(case.redo_from, group.steps)
            message = f"workstream `{group.id}` has no step `{case.redo_from}` to redo from{near}"
            written: KeyPath = (*path, "on_failure", position, "redo_from")
            if isinstance(entry.document.value((*path, "on_failure")), dict):
                written = (*path, "on_failure", "redo_from")
            yield entry.finding(CODE, written, message)
        if case.retry is not None:
            single = isinstance(entry.document.value((*path, "on_failure")), dict)
            where: KeyPath = (*path, "on_failure", "retry") if single else (*path, "on_failure", position, "retry")
            yield from _retry(survey, entry, where, case.retry)


def _calls(definition: StepDefinition) -> Iterator[tuple[KeyPath, Any]]:
    if definition.call:
        yield ("call",), definition.call
    if definition.undo and definition.undo.call:
        yield ("undo", "call"), definition.undo.call
    if not isinstance(definition.on_change, str):
        yield ("on_change", "call"), definition.on_change.call


def _retry(survey: Survey, entry: Entry[Any], path: KeyPath, retry: object) -> Iterator[Finding]:
    if isinstance(retry, str) and retry != "standard":
        yield from _unknown(survey, entry, path, "retry policy", retry, survey.definitions.retries)


def _reference(
    survey: Survey, entry: Entry[Any], path: KeyPath, reference: Reference, workstream: str, *, key: bool = False
) -> Iterator[Finding]:
    if isinstance(reference, OrderReference):
        reference = StepReference(step=reference.step)
    if survey.steps_meant(reference, workstream) is not None:
        return
    name, dot, step = reference.step.partition(".")
    if name in survey.definitions.broken or survey.definitions.incomplete:
        return
    where = path if key or isinstance(entry.document.value(path), str | dict) else path[:-1]
    about = ""
    if " " in reference.step.strip():
        message = f"`{reference.step[:80]}` is no step's name: is a `,` missing in it?"
    elif name in survey.definitions.products and name not in survey.groups:
        message = f"product `{name}` has no steps to wait for"
    elif dot and name in survey.groups:
        about = f"{name}.{step}"
        message = f"workstream `{name}` has no step `{step[:80]}`{did_you_mean(step, survey.step_names[name])}"
    elif dot:
        about = name
        message = f"there is no workstream `{name[:80]}`{did_you_mean(name, survey.groups)}"
    else:
        about = f"{workstream}.{name}"
        known = [*survey.step_names.get(workstream, ()), *survey.groups]
        near = did_you_mean(name, known) or _elsewhere(survey, name)
        message = f"there is no step or workstream `{name[:80]}`{near}"
    yield entry.finding(CODE, where, message, key=key, about=about)


def _elsewhere(survey: Survey, step: str) -> str:
    """A step of that name in another workstream."""
    owner = next((name for name, steps in survey.step_names.items() if step in steps), None)
    return f"; did you mean `{owner}.{step}`?" if owner else ""
