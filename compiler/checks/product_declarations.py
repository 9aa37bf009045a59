"""What a product declares must be consistent in itself: attributes, codes, how lines are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.catalogue.definition_index import Survey
from compiler.catalogue.definitions import Entry
from compiler.cel.evaluation import check_pattern
from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.language.documents import TechnicalProductDocument
from compiler.source.document import KeyPath
from compiler.source.findings import Finding

_NUMERIC = frozenset({AttributeType.INTEGER, AttributeType.NUMBER})
_LONG = frozenset({AttributeType.STRING, AttributeType.LIST})
_FITTING: Mapping[str, frozenset[AttributeType]] = {
    "minimum": _NUMERIC,
    "maximum": _NUMERIC,
    "min_length": _LONG,
    "max_length": _LONG,
    "pattern": frozenset({AttributeType.STRING}),
    "items": frozenset({AttributeType.LIST}),
    "properties": frozenset({AttributeType.OBJECT}),
}
"""Which types a constraint says something about."""
_INSTEAD = {
    "minimum": ": it is for numbers; for the length of texts and lists there is `min_length`",
    "maximum": ": it is for numbers; for the length of texts and lists there is `max_length`",
    "min_length": ": it is for texts and lists; for numbers there is `minimum`",
    "max_length": ": it is for texts and lists; for numbers there is `maximum`",
}
_ORDERED = _NUMERIC | {AttributeType.DATE, AttributeType.DATETIME}
_MERGED: Mapping[str, frozenset[AttributeType]] = {
    "min": _ORDERED,
    "max": _ORDERED,
    "sum": _NUMERIC,
    "list": frozenset({AttributeType.LIST}),
}
"""Which types a way of merging makes sense for; `reject` and `first` fit all."""


def check(survey: Survey) -> Iterator[Finding]:
    yield from _codes(survey)
    for entry in survey.definitions.products.values():
        technical = isinstance(entry.model, TechnicalProductDocument)
        yield from _attributes(entry, ("attributes",), entry.model.attributes, mergeable=technical)
        yield from _counting(entry)
    for inherited in survey.definitions.classes.values():
        yield from _attributes(inherited, ("attributes",), inherited.model.attributes, mergeable=True)
    for group in survey.groups.values():
        for step, definition in group.steps.items():
            if definition.manual:
                path: KeyPath = ("steps", step, "manual", "form")
                yield from _attributes(group.entry, path, definition.manual.form, mergeable=False)


def _codes(survey: Survey) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for name, entry in survey.definitions.products.items():
        code = entry.model.code
        if code is None:
            continue
        if code in owners:
            message = f"the code `{code}` already belongs to product `{owners[code]}`"
            yield entry.finding("code-duplicate", ("code",), message)
        elif code != name and code in survey.definitions.products:
            message = f"the code `{code}` is the id of another product: orders could not tell them apart"
            yield entry.finding("code-duplicate", ("code",), message)
        owners.setdefault(code, name)


def _counting(entry: Entry[Any]) -> Iterator[Finding]:
    document = entry.model
    if isinstance(document, TechnicalProductDocument) and document.per == "unit" and document.merged_quantity != "sum":
        message = "with `per: unit` the units of all rules add up: leave `merged_quantity` out"
        yield entry.finding("merged-quantity-of-units", ("merged_quantity",), message)


def _attributes(
    entry: Entry[Any], path: KeyPath, attributes: Mapping[str, Attribute], *, mergeable: bool
) -> Iterator[Finding]:
    for name, attribute in attributes.items():
        here = (*path, name)
        if attribute.merge is not None and not mergeable:
            message = "`merge` decides where fulfilment lines meet: it belongs to a technical product's attribute"
            yield entry.finding("merge-misplaced", (*here, "merge"), message, key=True)
        elif (
            attribute.merge is not None
            and attribute.merge in _MERGED
            and attribute.type not in _MERGED[attribute.merge]
        ):
            fitting = ", ".join(sorted(_MERGED[attribute.merge]))
            message = f"`merge: {attribute.merge}` fits values of type {fitting}, and this is {attribute.type}"
            yield entry.finding("merge-misplaced", (*here, "merge"), message)
        yield from _attribute(entry, here, attribute)


def _attribute(entry: Entry[Any], path: KeyPath, attribute: Attribute) -> Iterator[Finding]:
    misfits = [
        name
        for name in attribute.model_fields_set
        if name in _FITTING and getattr(attribute, name) is not None and attribute.type not in _FITTING[name]
    ]
    if misfits:
        written = sorted(misfits, key=lambda name: entry.document.place((*path, name), key=True))
        said = " and ".join(f"`{name}`" for name in written) + (" says" if len(misfits) == 1 else " say")
        message = f"{said} nothing about a value of type {attribute.type}{_INSTEAD.get(written[0], '')}"
        yield entry.finding("constraint-misplaced", (*path, written[0]), message, key=True)
    if attribute.items is not None:
        yield from _attribute(entry, (*path, "items"), attribute.items)
    for name, inner in (attribute.properties or {}).items():
        yield from _attribute(entry, (*path, "properties", name), inner)
    if not misfits:
        yield from _limits(entry, path, attribute)


def _limits(entry: Entry[Any], path: KeyPath, attribute: Attribute) -> Iterator[Finding]:
    for least, most in (("minimum", "maximum"), ("min_length", "max_length")):
        low, high = getattr(attribute, least), getattr(attribute, most)
        if low is not None and high is not None and low > high:
            yield entry.finding("limits-contradict", (*path, least), f"`{least}` is above `{most}`: nothing fits")
            return
    if attribute.pattern is not None:
        try:
            check_pattern(attribute.pattern)
        except ValueError as error:
            yield entry.finding("pattern-invalid", (*path, "pattern"), str(error))
            return
    yield from _values(entry, path, attribute)


def _values(entry: Entry[Any], path: KeyPath, attribute: Attribute) -> Iterator[Finding]:
    """The values that the declaration itself gives must fit it."""
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
