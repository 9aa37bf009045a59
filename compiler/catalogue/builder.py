"""From documents to a catalogue: classes merged in, workstreams made, the version taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from compiler.catalogue.catalogue import Catalogue, Product, Read, Rule, Step, Table, Workstream
from compiler.catalogue.definition_index import Group, Survey
from compiler.catalogue.definitions import Definitions, Entry
from compiler.language.documents import (
    CommercialProductDocument,
    ComponentDocument,
    ProductClassDocument,
    ProductDocument,
    ReceiverDocument,
    RuleDocument,
    SystemDocument,
    TechnicalProductDocument,
)
from compiler.language.steps import STANDARD_RETRY, RetryPolicy, StepReference
from compiler.language.systems import Receiver, System
from compiler.source.document import KeyPath
from compiler.source.findings import Finding
from compiler.typecheck.type_checker import outputs_read


def assemble(survey: Survey, warnings: Iterable[Finding] = ()) -> Catalogue:
    """The catalogue that definitions without errors mean."""
    definitions = survey.definitions
    products = {name: product_of(survey, name) for name in sorted(definitions.products)}
    return Catalogue(
        version=version_of(definitions),
        products=products,
        codes={product.code: product.id for product in products.values() if product.code},
        workstreams=workstreams_of(survey),
        systems={name: _system(entry.model) for name, entry in sorted(definitions.systems.items())},
        retries=retries_of(definitions),
        receivers={name: _receiver(entry.model) for name, entry in sorted(definitions.receivers.items())},
        warnings=tuple(warnings),
    )


def version_of(definitions: Definitions) -> str:
    """SHA-256 over what products, classes, workstreams and retry policies say, however they are written down.

    A default that is spelled out says nothing more: `exclude_unset` only spares the comparing of what is not.
    """
    pinned = (definitions.products, definitions.classes, definitions.workstreams, definitions.retries)
    content = [
        entry.model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_defaults=True)
        for space in pinned
        for _, entry in sorted(space.items())
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def product_of(survey: Survey, name: str) -> Product:
    """A product with its class merged in."""
    definitions = survey.definitions
    entry = definitions.products[name]
    document = entry.model
    commercial = isinstance(document, CommercialProductDocument)
    technical = document if isinstance(document, TechnicalProductDocument) else None
    return Product(
        id=document.id,
        commercial=commercial,
        place=entry.document.place(("id",)),
        name=document.name or document.id,
        code=document.code,
        product_class=document.product_class,
        attributes=survey.attributes[name],
        decomposes_to=_rules(definitions, entry),
        components=_components(entry),
        dependencies=_dependencies(document),
        no_work_for=frozenset(document.no_work_for),
        per=technical.per if technical else "line",
        merged_quantity=technical.merged_quantity if technical else "sum",
    )


def _rules(definitions: Definitions, entry: Entry[ProductDocument]) -> tuple[Rule, ...]:
    """The class's rules first; the product's to the same product and `as` stand in their place."""
    own = {(rule.product, rule.as_) for rule in entry.model.decomposes_to}
    inherited = definitions.classes.get(entry.model.product_class or "")
    rules = []
    if inherited is not None:
        rules += [rule for rule in _rules_at(inherited) if (rule.product, rule.as_) not in own]
    return tuple(rules + _rules_at(entry))


def _rules_at(entry: Entry[ProductDocument] | Entry[ProductClassDocument]) -> list[Rule]:
    return [_rule(entry, ("decomposes_to", position), rule) for position, rule in enumerate(entry.model.decomposes_to)]


def _rule(entry: Entry[Any], path: KeyPath, rule: RuleDocument) -> Rule:
    return Rule(
        product=rule.product,
        place=entry.document.place(path),
        as_=rule.as_,
        when=rule.when,
        quantity=rule.quantity,
        for_each=rule.for_each,
        key=rule.key,
        actions=None if rule.actions is None else frozenset(rule.actions),
        precedence=rule.precedence,
        attributes={name: mapped(value) for name, value in rule.attributes.items()},
    )


def _components(entry: Entry[ProductDocument]) -> tuple[Rule, ...]:
    document = entry.model
    if not isinstance(document, CommercialProductDocument):
        return ()
    return tuple(
        _component(entry, ("components", position), component) for position, component in enumerate(document.components)
    )


def _component(entry: Entry[ProductDocument], path: KeyPath, component: ComponentDocument) -> Rule:
    return Rule(
        product=component.product,
        place=entry.document.place(path),
        as_=component.as_,
        when=component.when,
        quantity=component.quantity,
        attributes={name: mapped(value) for name, value in component.attributes.items()},
    )


def is_table(value: object) -> bool:
    """Whether a mapped attribute is a look-up table rather than a literal."""
    return (
        isinstance(value, dict)
        and "from" in value
        and "table" in value
        and value.keys() <= {"from", "table", "default"}
    )


def mapped(value: Any) -> Any:
    """What a rule says of a target attribute: a Table, or the literal or template as it is."""
    if not is_table(value):
        return value
    source = value["from"]
    return Table(
        source=source if isinstance(source, str) else str(source),
        rows=value["table"],
        default=value.get("default"),
        has_default="default" in value,
    )


def _dependencies(document: ProductDocument) -> tuple[tuple[StepReference, tuple[StepReference, ...]], ...]:
    if not isinstance(document, CommercialProductDocument):
        return ()
    return tuple(
        (
            StepReference(step=step),
            tuple(reference for reference in references if isinstance(reference, StepReference)),
        )
        for step, references in sorted(document.dependencies.items())
    )


def workstreams_of(survey: Survey) -> dict[str, Workstream]:
    """The workstreams of the catalogue by id: those of products with `steps` among them."""
    return {name: _workstream(survey, group) for name, group in survey.groups.items()}


def _workstream(survey: Survey, group: Group) -> Workstream:
    document = group.entry.model
    place = group.entry.document.place(("steps",) if group.own else ("id",), key=group.own)
    return Workstream(
        id=group.id,
        name=document.name or group.id,
        place=place,
        for_products=group.products,
        when=None if group.own else document.when,
        steps={name: _step(survey, group, name) for name in _in_order_of_dependencies(survey, group)},
        own=group.own,
    )


def _step(survey: Survey, group: Group, name: str) -> Step:
    definition, document = group.steps[name], group.entry.document
    standings = survey.standings[group.id, name]
    reads = {
        Read(kind, workstream or group.id, step, many)
        for standing in standings
        for (kind, workstream, step, many), _ in outputs_read(standing.expression)
    }
    return Step(
        workstream=group.id,
        id=name,
        place=document.place(("steps", name), key=True),
        name=definition.name or name,
        definition=definition,
        per=group.per_of(name),
        actions=group.actions_of(name),
        reads=tuple(sorted(reads, key=_read_order)) if reads else (),
        places={one.expression: document.place_in(one.path, one.offset) for one in reversed(standings)},
    )


def _read_order(read: Read) -> tuple[str, str, str, bool]:
    return read.name, read.workstream, read.step, read.many


def _in_order_of_dependencies(survey: Survey, group: Group) -> list[str]:
    """Step ids, each after those it waits for within the workstream, then by id; by id alone in a ring."""
    steps, workstream = group.steps, group.id
    before = {
        name: {step for other, step in survey.predecessors[workstream, name] if other == workstream} for name in steps
    }
    unmet = {name: len(waited) for name, waited in before.items()}
    following: dict[str, list[str]] = {}
    for name, waited in before.items():
        for one in waited:
            following.setdefault(one, []).append(name)
    ordered: list[str] = []
    ready = sorted(name for name, count in unmet.items() if not count)
    while ready:
        ordered += ready
        freed = []
        for name in (later for one in ready for later in following.get(one, ())):
            unmet[name] -= 1
            if not unmet[name]:
                freed.append(name)
        ready = sorted(freed)
    return ordered if len(ordered) == len(steps) else sorted(steps)


def _system(document: SystemDocument) -> System:
    return System(**{name: getattr(document, name) for name in System.model_fields})


def _receiver(document: ReceiverDocument) -> Receiver:
    return Receiver(**{name: getattr(document, name) for name in Receiver.model_fields})


def retries_of(definitions: Definitions) -> dict[str, RetryPolicy]:
    """The retry policies by id; `standard` is always among them."""
    policies = {"standard": STANDARD_RETRY}
    for name, entry in sorted(definitions.retries.items()):
        policies[name] = RetryPolicy(**{key: getattr(entry.model, key) for key in RetryPolicy.model_fields})
    return policies
