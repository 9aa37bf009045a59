"""Checks that the declarations of a product are consistent: attributes, codes, quantities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.checks.products.quantities import check_unit_quantities
from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.language.documents import ProductDocument, TechnicalProductDocument
from compiler.language.patterns import validate_pattern
from compiler.source.document import KeyPath
from compiler.source.findings import Finding

_NUMERIC_TYPES = frozenset({AttributeType.INTEGER, AttributeType.NUMBER})
_SIZED = frozenset({AttributeType.STRING, AttributeType.LIST})
_CONSTRAINT_TYPES: Mapping[str, frozenset[AttributeType]] = {
    "minimum": _NUMERIC_TYPES,
    "maximum": _NUMERIC_TYPES,
    "min_length": _SIZED,
    "max_length": _SIZED,
    "pattern": frozenset({AttributeType.STRING}),
    "items": frozenset({AttributeType.LIST}),
    "properties": frozenset({AttributeType.OBJECT}),
}
"""Constraint → the types that it applies to."""
_CONSTRAINT_HINTS = {
    "minimum": ": it is for numbers; for the length of texts and lists use `min_length`",
    "maximum": ": it is for numbers; for the length of texts and lists use `max_length`",
    "min_length": ": it is for texts and lists; for numbers use `minimum`",
    "max_length": ": it is for texts and lists; for numbers use `maximum`",
}
_ORDERED_TYPES = _NUMERIC_TYPES | {AttributeType.DATE, AttributeType.DATETIME}
_MERGE_TYPES: Mapping[str, frozenset[AttributeType]] = {
    "min": _ORDERED_TYPES,
    "max": _ORDERED_TYPES,
    "sum": _NUMERIC_TYPES,
    "list": frozenset({AttributeType.LIST}),
}
"""Merge strategy → the types that it is for; `reject` and `first` are for all."""


def check(index: DefinitionIndex) -> Iterator[Finding]:
    yield from _check_codes(index)
    for entry in index.definitions.products.values():
        yield from entry.cached_findings("declarations", None, partial(_check_product, entry))
    for inherited in index.definitions.classes.values():
        yield from _check_attributes(inherited, ("attributes",), inherited.model.attributes, mergeable=True)
    for group in index.step_groups.values():
        yield from group.entry.cached_findings("forms", None, partial(_check_forms, group))


def _check_product(entry: DefinitionEntry[ProductDocument]) -> Iterator[Finding]:
    technical = isinstance(entry.model, TechnicalProductDocument)
    yield from _check_attributes(entry, ("attributes",), entry.model.attributes, mergeable=technical)
    yield from check_unit_quantities(entry)


def _check_forms(group: StepGroup) -> Iterator[Finding]:
    for step, definition in group.steps.items():
        if definition.manual:
            path: KeyPath = ("steps", step, "manual", "form")
            yield from _check_attributes(group.entry, path, definition.manual.form, mergeable=False)


def _check_codes(index: DefinitionIndex) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for name, entry in index.definitions.products.items():
        code = entry.model.code
        if code is None:
            continue
        if code in owners:
            message = f"the code `{code}` already belongs to product `{owners[code]}`"
            yield entry.finding("code-duplicate", ("code",), message)
        elif code != name and code in index.definitions.products:
            message = f"the code `{code}` is the id of another product: orders could not tell them apart"
            yield entry.finding("code-duplicate", ("code",), message)
        owners.setdefault(code, name)


def _check_attributes(
    entry: DefinitionEntry[Any], path: KeyPath, attributes: Mapping[str, Attribute], *, mergeable: bool
) -> Iterator[Finding]:
    for name, attribute in attributes.items():
        attribute_path = (*path, name)
        if attribute.merge is not None and not mergeable:
            message = "`merge` is for fulfilment lines with several sources: it needs a technical product"
            yield entry.finding("merge-misplaced", (*attribute_path, "merge"), message, key=True)
        elif (
            attribute.merge is not None
            and attribute.merge in _MERGE_TYPES
            and attribute.type not in _MERGE_TYPES[attribute.merge]
        ):
            fitting = ", ".join(sorted(_MERGE_TYPES[attribute.merge]))
            message = f"`merge: {attribute.merge}` is for values of type {fitting}, and this is {attribute.type}"
            yield entry.finding("merge-misplaced", (*attribute_path, "merge"), message)
        yield from _check_attribute(entry, attribute_path, attribute)


def _check_attribute(entry: DefinitionEntry[Any], path: KeyPath, attribute: Attribute) -> Iterator[Finding]:
    misfits = [
        name
        for name in attribute.model_fields_set
        if name in _CONSTRAINT_TYPES
        and getattr(attribute, name) is not None
        and attribute.type not in _CONSTRAINT_TYPES[name]
    ]
    if misfits:
        written = sorted(misfits, key=lambda name: entry.document.location((*path, name), key=True))
        names = " and ".join(f"`{name}`" for name in written)
        verb = "does" if len(misfits) == 1 else "do"
        message = f"{names} {verb} not apply to a value of type {attribute.type}{_CONSTRAINT_HINTS.get(written[0], '')}"
        yield entry.finding("constraint-misplaced", (*path, written[0]), message, key=True)
    if attribute.items is not None:
        yield from _check_attribute(entry, (*path, "items"), attribute.items)
    for name, inner in (attribute.properties or {}).items():
        yield from _check_attribute(entry, (*path, "properties", name), inner)
    if not misfits:
        yield from _check_limits(entry, path, attribute)


def _check_limits(entry: DefinitionEntry[Any], path: KeyPath, attribute: Attribute) -> Iterator[Finding]:
    for least, most in (("minimum", "maximum"), ("min_length", "max_length")):
        low, high = getattr(attribute, least), getattr(attribute, most)
        if low is not None and high is not None and low > high:
            yield entry.finding("limits-contradict", (*path, least), f"`{least}` is above `{most}`: nothing fits")
            return
    if attribute.pattern is not None:
        try:
            validate_pattern(attribute.pattern)
        except ValueError as error:
            yield entry.finding("pattern-invalid", (*path, "pattern"), str(error))
            return
    yield from _check_values(entry, path, attribute)


def _check_values(entry: DefinitionEntry[Any], path: KeyPath, attribute: Attribute) -> Iterator[Finding]:
    """Checks that the values in the declaration itself are valid."""
    if attribute.enum is not None and not attribute.enum:
        yield entry.finding("enum-empty", (*path, "enum"), "`enum` is empty: no value would ever be allowed")
        return
    wrong = False
    unlimited = attribute.model_copy(update={"enum": None}) if attribute.enum else attribute
    for position, value in enumerate(attribute.enum or ()):
        for problem in validate_value(unlimited, value)[1]:
            wrong = True
            yield entry.finding("enum-misfit", (*path, "enum", position), f"a value of `enum` {problem}")
    if attribute.default is not None and not wrong:
        for problem in validate_value(attribute, attribute.default)[1]:
            yield entry.finding("default-misfit", (*path, "default"), f"the default {problem}")
