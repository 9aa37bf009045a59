"""Builds a catalogue from valid definitions: merges classes, creates workstreams, computes the version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from graphlib import CycleError
from typing import Any, TypeVar

from compiler.catalogue.catalogue import (
    Catalogue,
    LookupTable,
    NamedValue,
    OutputReference,
    Product,
    Rule,
    Step,
    Workstream,
)
from compiler.catalogue.definition_index import DefinitionIndex, StepGroup, WrittenRule
from compiler.catalogue.definitions import DefinitionEntry, Definitions
from compiler.catalogue.expression_locations import ExpressionLocations
from compiler.catalogue.let_index import WrittenLet
from compiler.cel.let_name import LET
from compiler.graph import sort_by_levels
from compiler.language.documents import (
    CommercialProductDocument,
    ComponentDefinition,
    ProductDocument,
    TechnicalProductDocument,
)
from compiler.language.retry_policy import STANDARD_RETRY, RetryPolicy
from compiler.language.steps import ReliedFailure, StepReference
from compiler.language.strict_model import StrictModel
from compiler.language.systems import Receiver, System
from compiler.source.document import KeyPath, Place
from compiler.typecheck.let_types import computation_order


def build_catalogue(index: DefinitionIndex) -> Catalogue:
    """The catalogue of definitions that have no errors."""
    definitions = index.definitions
    products = {name: _find_product(index, name) for name in sorted(definitions.products)}
    return Catalogue(
        version=catalogue_version(definitions),
        products=products,
        product_ids_by_code={product.code: product.id for product in products.values() if product.code},
        workstreams=build_workstreams(index),
        systems={name: _to_model(System, entry.model) for name, entry in sorted(definitions.systems.items())},
        retry_policies=build_retry_policies(definitions),
        receivers={name: _to_model(Receiver, entry.model) for name, entry in sorted(definitions.receivers.items())},
    )


def _find_product(index: DefinitionIndex, name: str) -> Product:
    """The same product as in the last load, if neither it nor its class has changed."""
    entry = index.definitions.products[name]
    inherited = index.definitions.classes.get(entry.model.product_class or "")
    return entry.cached("product", inherited, partial(build_product, index, name))


def catalogue_version(definitions: Definitions) -> str:
    """SHA-256 over products, classes, workstreams and retry policies, however they are written.

    Writing out a default changes nothing. `exclude_unset` only saves comparing fields that are not written.
    """
    pinned = (definitions.products, definitions.classes, definitions.workstreams, definitions.retry_policies)
    content = [
        entry.cached("canonical", None, partial(_canonical_json, entry.model))
        for namespace in pinned
        for _, entry in sorted(namespace.items())
    ]
    canonical = f"[{','.join(content)}]"
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


_to_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _canonical_json(model: StrictModel) -> str:
    return _to_json(model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_defaults=True))


def build_product(index: DefinitionIndex, name: str) -> Product:
    """A product, with the attributes and rules of its class."""
    definitions = index.definitions
    entry = definitions.products[name]
    document = entry.model
    commercial = isinstance(document, CommercialProductDocument)
    technical = document if isinstance(document, TechnicalProductDocument) else None
    return Product(
        id=document.id,
        is_commercial=commercial,
        place=Place(entry.document, ("id",)),
        name=document.name or document.id,
        code=document.code,
        product_class=document.product_class,
        attributes=index.product_attributes[name],
        decomposes_to=tuple(_build_rule(written) for written in index.effective_rules(name)),
        components=tuple(_build_components(entry)),
        dependencies=_build_dependencies(document),
        no_work_for=frozenset(document.no_work_for),
        per=technical.per if technical else "line",
        merged_quantity=technical.merged_quantity if technical else "sum",
        on_relied_failure=(
            document.on_relied_failure if isinstance(document, CommercialProductDocument) else ReliedFailure.FALLOUT
        ),
        decimal_quantity=document.quantity == "decimal",
        single_quantity=document.quantity == "one",
        let=_build_lets(index.lets.product_lets(name)),
    )


def _build_lets(lets: Mapping[str, WrittenLet]) -> tuple[NamedValue, ...]:
    if not lets:
        return ()
    ordered = computation_order({name: written.expression for name, written in lets.items()})
    return tuple(
        NamedValue(name, lets[name].expression, place=Place(lets[name].entry.document, (LET, name))) for name in ordered
    )


def _build_rule(written: WrittenRule) -> Rule:
    entry, position, rule = written
    return replace(
        _build_component(entry, ("decomposes_to", position), rule),
        for_each=rule.for_each,
        key=rule.key,
        actions=None if rule.actions is None else frozenset(rule.actions),
        precedence=rule.precedence,
    )


def _build_components(entry: DefinitionEntry[ProductDocument]) -> Iterator[Rule]:
    if isinstance(entry.model, CommercialProductDocument):
        for position, component in enumerate(entry.model.components):
            yield _build_component(entry, ("components", position), component)


def _build_component(entry: DefinitionEntry[Any], path: KeyPath, component: ComponentDefinition) -> Rule:
    return Rule(
        product=component.product,
        place=Place(entry.document, path),
        as_=component.as_,
        when=component.when,
        quantity=component.quantity,
        attributes={name: build_mapped_value(value) for name, value in component.attributes.items()},
    )


def is_lookup_table(value: object) -> bool:
    """Whether a mapped attribute is a look-up table rather than a literal."""
    return (
        isinstance(value, dict)
        and "from" in value
        and "table" in value
        and value.keys() <= {"from", "table", "default"}
    )


def build_mapped_value(value: Any) -> Any:
    """The value that a rule has for a target attribute: a LookupTable, or the literal or template itself."""
    if not is_lookup_table(value):
        return value
    return LookupTable(
        key_expression=str(value["from"]),
        rows=value["table"],
        default=value.get("default"),
        has_default="default" in value,
    )


def _build_dependencies(document: ProductDocument) -> tuple[tuple[StepReference, tuple[StepReference, ...]], ...]:
    if not isinstance(document, CommercialProductDocument):
        return ()
    return tuple(
        (
            StepReference(step=step),
            tuple(reference for reference in references if isinstance(reference, StepReference)),
        )
        for step, references in sorted(document.dependencies.items())
    )


def build_workstreams(index: DefinitionIndex) -> dict[str, Workstream]:
    """The workstreams of the catalogue by id, including those of products with `steps`."""
    return {
        name: group.entry.cached("workstream", group.products, partial(_build_workstream, index, group))
        for name, group in index.step_groups.items()
    }


def _build_workstream(index: DefinitionIndex, group: StepGroup) -> Workstream:
    document = group.entry.model
    return Workstream(
        id=group.id,
        name=document.name or group.id,
        place=Place(group.entry.document, ("steps",) if group.is_inline else ("id",), at_key=group.is_inline),
        for_products=group.products,
        when=None if group.is_inline else document.when,
        steps={name: _build_step(group, name) for name in _sort_topologically(index, group)},
        is_inline=group.is_inline,
        let=() if group.is_inline else _build_lets({name: WrittenLet(group.entry, name) for name in document.let}),
    )


def _build_step(group: StepGroup, name: str) -> Step:
    definition, document, facts = group.steps[name], group.entry.document, group.facts
    sites = facts.expressions[name]
    reads = {
        OutputReference(kind, workstream or group.id, step, many)
        for (kind, workstream, step, many), _ in facts.reads.get(name, ())
    }
    return Step(
        workstream=group.id,
        id=name,
        place=Place(document, ("steps", name), at_key=True),
        name=definition.name or name,
        definition=definition,
        per=group.step_per(name),
        actions=group.line_actions(name),
        reads=tuple(sorted(reads, key=_output_sort_key)) if reads else (),
        expression_locations=ExpressionLocations(document, sites) if sites else {},
    )


def _output_sort_key(read: OutputReference) -> tuple[str, str, str, bool]:
    return read.root, read.workstream, read.step, read.is_list


def _sort_topologically(index: DefinitionIndex, group: StepGroup) -> list[str]:
    """Step ids, each after those that it waits for in the workstream, then by id. In a cycle, by id only."""
    steps, workstream = group.steps, group.id
    if not group.facts.names_other_steps:
        return group.facts.order or sorted(steps)
    predecessors = {
        name: {step for other, step in index.predecessors[workstream, name] if other == workstream} for name in steps
    }
    try:
        return sort_by_levels(predecessors)
    except CycleError:
        return sorted(steps)


M = TypeVar("M", bound=StrictModel)


def _to_model(model: type[M], document: StrictModel) -> M:
    """The part of a document that is a `model`."""
    return model(**{name: getattr(document, name) for name in model.model_fields})


def build_retry_policies(definitions: Definitions) -> dict[str, RetryPolicy]:
    """The retry policies by id, always including `standard`."""
    policies = {"standard": STANDARD_RETRY}
    for name, entry in sorted(definitions.retry_policies.items()):
        policies[name] = _to_model(RetryPolicy, entry.model)
    return policies
