"""From documents to a catalogue: classes merged in, workstreams made, the version taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from compiler.attributes import Attribute
from compiler.catalogue import Catalogue, Product, Rule, Step, System, Table, Workstream
from compiler.definitions import Definitions, Entry
from compiler.documents import (
    ClassTarget,
    CommercialProductDocument,
    ComponentDocument,
    ProductClassDocument,
    ProductDocument,
    RuleDocument,
    SystemDocument,
    TechnicalProductDocument,
    WorkstreamDocument,
)
from compiler.findings import Finding
from compiler.source import KeyPath
from compiler.steps import STANDARD_RETRY, Action, RetryPolicy, StepDefinition, StepReference


def assemble(definitions: Definitions, warnings: Iterable[Finding] = ()) -> Catalogue:
    """The catalogue that error-free `definitions` mean."""
    products = {name: product_of(definitions, name) for name in sorted(definitions.products)}
    return Catalogue(
        version=version_of(definitions),
        products=products,
        codes={product.code: product.id for product in products.values() if product.code},
        workstreams=workstreams_of(definitions),
        systems={name: _system(entry.model) for name, entry in sorted(definitions.systems.items())},
        retries=retries_of(definitions),
        warnings=tuple(warnings),
    )


def version_of(definitions: Definitions) -> str:
    """SHA-256 over what products, classes, workstreams and retry policies say, however they are written down."""
    pinned = (definitions.products, definitions.classes, definitions.workstreams, definitions.retries)
    content = [
        entry.model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for space in pinned
        for _, entry in sorted(space.items())
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def attributes_of(definitions: Definitions, product: ProductDocument) -> Mapping[str, Attribute]:
    """The product's attributes over those of its class."""
    inherited = definitions.classes.get(product.product_class or "")
    if inherited is None:
        return product.attributes
    return {**inherited.model.attributes, **product.attributes}


def product_of(definitions: Definitions, name: str) -> Product:
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
        attributes=attributes_of(definitions, document),
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
    return [
        _rule(entry, ("decomposes_to", position), rule) for position, rule in enumerate(entry.model.decomposes_to)
    ]


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
    return isinstance(value, dict) and "from" in value and "table" in value and value.keys() <= {"from", "table", "default"}


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


def workstreams_of(definitions: Definitions) -> dict[str, Workstream]:
    """The workstreams of the catalogue by id: those of products with `steps` among them."""
    made = {name: _workstream(definitions, entry) for name, entry in definitions.workstreams.items()}
    for name, product in definitions.products.items():
        if product.model.steps:
            made[name] = _own_workstream(product)
    return dict(sorted(made.items()))


def _own_workstream(entry: Entry[ProductDocument]) -> Workstream:
    product = entry.model
    return Workstream(
        id=product.id,
        name=product.name or product.id,
        place=entry.document.place(("steps",), key=True),
        for_products=(product.id,),
        when=None,
        steps=_steps(entry, product.steps, "line", frozenset({Action.ADD})),
        own=True,
    )


def _workstream(definitions: Definitions, entry: Entry[WorkstreamDocument]) -> Workstream:
    workstream = entry.model
    products: set[str] = set()
    for target in workstream.for_:
        products.update(definitions.of_class(target.product_class) if isinstance(target, ClassTarget) else [target])
    return Workstream(
        id=workstream.id,
        name=workstream.name or workstream.id,
        place=entry.document.place(("id",)),
        for_products=tuple(sorted(products)),
        when=workstream.when,
        steps=_steps(entry, workstream.steps, workstream.per, frozenset(workstream.actions)),
    )


def _steps(
    entry: Entry[Any], steps: Mapping[str, StepDefinition], per: str, actions: frozenset[Action]
) -> dict[str, Step]:
    return {
        name: Step(
            workstream=entry.model.id,
            id=name,
            place=entry.document.place(("steps", name), key=True),
            name=steps[name].name or name,
            definition=steps[name],
            per=steps[name].per or per,
            actions=actions if steps[name].actions is None else frozenset(steps[name].actions or ()),
        )
        for name in in_order_of_dependencies(entry.model.id, steps)
    }


def in_order_of_dependencies(workstream: str, steps: Mapping[str, StepDefinition]) -> list[str]:
    """Step ids, each after those it waits for within the workstream, then by id; by id alone where they go in a ring."""
    graph = {name: neighbours(workstream, name, steps) for name in steps}
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError:
        return sorted(steps)
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += ready
        sorter.done(*ready)
    return ordered


def neighbours(workstream: str, name: str, steps: Mapping[str, StepDefinition]) -> list[str]:
    """The steps of the same workstream that step `name` waits for."""
    found = []
    for reference in steps[name].after:
        if isinstance(reference, StepReference):
            step = reference.step.removeprefix(f"{workstream}.")
            if step in steps:
                found.append(step)
    return found


def _system(document: SystemDocument) -> System:
    return System(**{name: getattr(document, name) for name in System.model_fields})


def retries_of(definitions: Definitions) -> dict[str, RetryPolicy]:
    """The retry policies by id; `standard` is always among them."""
    policies = {"standard": STANDARD_RETRY}
    for name, entry in sorted(definitions.retries.items()):
        policies[name] = RetryPolicy(**{key: getattr(entry.model, key) for key in RetryPolicy.model_fields})
    return policies
