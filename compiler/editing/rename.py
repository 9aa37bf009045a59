"""Renames a definition, a step, an attribute or a named value everywhere, or says why that cannot be complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from compiler.editing.cursor import Position
from compiler.editing.documents import SourceDocument
from compiler.editing.navigation import SymbolTable
from compiler.editing.occurrences import Occurrence, Symbol
from compiler.language.attributes import Attribute, copies_to
from compiler.language.documents import AttributeName, DefinitionId
from compiler.source.document import KeyPath
from compiler.source.findings import Finding


class RenameRefused(Exception):
    """The message is for the person who renames."""


_KIND_WORDS = {
    "definition": "a product or workstream", "class": "a product class", "let": "a named value",
    "attribute": "an attribute", "event": "an event",
}  # fmt: skip
_NAME_TYPES = {"attribute": TypeAdapter[str](AttributeName)}
_ID_TYPE = TypeAdapter[str](DefinitionId)


def renamable_at(table: SymbolTable, file: str, position: Position) -> Occurrence:
    """What would be renamed at the position. Raises RenameRefused."""
    occurrence = table.at(file, position)
    if occurrence is None:
        raise RenameRefused("There is no id, step, attribute or named value here")
    if occurrence.is_alias:
        raise RenameRefused("This is the product's code: change it in the product and in the orders")
    if len(occurrence.symbols) > 1:
        owners = " and ".join(sorted(f"`{symbol.owner}`" for symbol in occurrence.symbols))
        raise RenameRefused(f"`{occurrence.symbols[0].name}` is declared by {owners}: rename it where it is declared")
    (symbol,) = occurrence.symbols
    if symbol.kind == "event":
        raise RenameRefused(f"`{symbol.name}` is an event that other systems send: they know it by this name")
    if symbol.kind != "queue" and not table.is_declared(symbol):
        raise RenameRefused(f"`{symbol.name}` is not defined in this catalogue")
    return occurrence


def rename(
    table: SymbolTable,
    documents: Sequence[SourceDocument],
    findings: Sequence[Finding],
    occurrence: Occurrence,
    new_name: str,
) -> list[Occurrence]:
    """The occurrences to replace by `new_name`. Raises RenameRefused where the result would not be the same catalogue.

    `findings`: of the catalogue. With errors, not every place is known.
    """
    (symbol,) = occurrence.symbols
    if error := next((finding for finding in findings if finding.severity == "error"), None):
        raise RenameRefused(
            f"The definitions have errors, so that not every place can be found. The first is at {error.file}:"
            f"{error.line}: {error.message}"
        )
    _check_name(symbol, new_name)
    for problem in (*_conflicts(table, symbol, new_name), *_hidden_places(table, documents, symbol)):
        raise RenameRefused(problem)
    return [one for one in table.references([symbol]) if not one.is_alias]


def replace_occurrences(text: str, places: Iterable[Occurrence], new_name: str) -> str:
    """The text of a file with the new name at these places of it."""
    lines = text.split("\n")
    for one in sorted(places, key=lambda place: place.start, reverse=True):
        line = lines[one.start.line]
        lines[one.start.line] = line[: one.start.column] + new_name + line[one.end.column :]
    return "\n".join(lines)


def _check_name(symbol: Symbol, new_name: str) -> None:
    try:
        _NAME_TYPES.get(symbol.kind, _ID_TYPE).validate_python(new_name)
    except ValidationError:
        rule = "letters, digits and `_`" if symbol.kind == "attribute" else "lower-case letters, digits and `_`"
        raise RenameRefused(
            f"`{new_name}` cannot be a name: it begins with a letter, has {rule} only, and is no reserved word"
        ) from None


def _conflicts(table: SymbolTable, symbol: Symbol, new_name: str) -> Iterator[str]:
    renamed = symbol._replace(name=new_name)
    if table.is_declared(renamed):
        kind = _KIND_WORDS.get(symbol.kind, f"a {symbol.kind}")
        yield f"There is {kind} `{new_name}` already"
    if symbol.kind == "step" and new_name in table.index.step_groups:
        yield f"`{new_name}` is a workstream: a reference to the step could be taken for one"
    if symbol.kind == "definition" and any(new_name in group.steps for group in table.index.step_groups.values()):
        yield f"`{new_name}` is a step: a reference could be taken for one to it"
    if symbol.kind in ("attribute", "let"):
        for product in _products_with(table, symbol):
            if new_name in _attributes(table, product) and symbol.kind == "attribute":
                yield f"`{product}` has an attribute `{new_name}` already"


def _hidden_places(table: SymbolTable, documents: Sequence[SourceDocument], symbol: Symbol) -> Iterator[str]:
    """Why there are places that depend on the name and cannot be changed."""
    for one in table.references([symbol]):
        if len(one.symbols) > 1:
            owners = " and ".join(sorted(f"`{each.owner}`" for each in one.symbols))
            yield f"{_place(one)} names `{symbol.name}` of {owners} at once: rename it by hand"
    if symbol.kind == "attribute":
        yield from _copies(table, symbol)
    if symbol.kind in ("attribute", "let"):
        yield from _overridden(table, symbol)
    for document in documents:
        if document.kind == "scenario":
            yield from _in_scenario(table, document, symbol)


def _place(occurrence: Occurrence) -> str:
    return f"{occurrence.file}:{occurrence.start.line + 1}"


def _products_with(table: SymbolTable, symbol: Symbol) -> list[str]:
    """The products that have the declared attribute or named value: the owner, or all products of its class."""
    definitions = table.index.definitions
    if not symbol.owner.startswith("class "):
        return [symbol.owner] if symbol.owner in definitions.products else []
    return list(table.index.products_by_class.get(symbol.owner.removeprefix("class "), ()))


def _attributes(table: SymbolTable, product: str) -> Any:
    return table.index.product_attributes.get(product, {})


def _overridden(table: SymbolTable, symbol: Symbol) -> Iterator[str]:
    """A product's own attribute replaces that of its class by its name."""
    definitions = table.index.definitions
    for product in _products_with(table, symbol):
        model = definitions.products[product].model
        inherited = definitions.classes.get(model.product_class or "")
        key = "attributes" if symbol.kind == "attribute" else "let"
        own = symbol.name in getattr(model, key)
        if own and inherited is not None and symbol.name in getattr(inherited.model, key):
            yield f"`{symbol.name}` of `{product}` replaces that of its class `{inherited.model.id}`: rename by hand"


def _copies(table: SymbolTable, symbol: Symbol) -> Iterator[str]:
    """Rules copy attributes of the same name and type: with another name, the value would no longer be passed on."""
    index = table.index
    having = set(_products_with(table, symbol))
    for source in index.definitions.products:
        for written in index.effective_rules(source):
            target = written.rule.product
            if target not in index.definitions.products or symbol.name in written.rule.attributes:
                continue
            if source not in having and target not in having:
                continue
            given, taken = _attributes(table, source).get(symbol.name), _attributes(table, target).get(symbol.name)
            if isinstance(given, Attribute) and isinstance(taken, Attribute) and copies_to(given, taken):
                yield (
                    f"`{symbol.name}` of `{source}` is copied to `{target}` because both have this name: first map it "
                    f'in the rule (`attributes: {{{symbol.name}: "${{attributes.{symbol.name}}}"}}`)'
                )


def _in_scenario(table: SymbolTable, source: SourceDocument, symbol: Symbol) -> Iterator[str]:
    """Texts of scenarios that contain the name and are no reference, such as a part of an idempotency key."""
    file = source.document.file
    known = {one.path for one in table.references([symbol]) if one.file == file}
    for path, text, is_key in _texts(source.document.data, ()):
        if path in known or not _may_name(symbol, path, text, is_key=is_key):
            continue
        start = source.position(path, 0, is_key=is_key)
        if symbol.kind != "attribute" or table.at(file, start) is None:
            yield f"The scenario at {file}:{start.line + 1} contains `{text[:80]}`: rename it by hand"


def _may_name(symbol: Symbol, path: KeyPath, text: str, *, is_key: bool) -> bool:
    name = re.escape(symbol.name)
    if symbol.kind == "attribute":
        return is_key and path[-2] == "attributes" and text == symbol.name
    if symbol.kind == "step":
        return re.search(rf"\b{re.escape(symbol.owner)}\.{name}\b", text) is not None
    return symbol.kind == "definition" and re.search(rf"(?<![\w.]){name}[@.]", text) is not None


def _texts(data: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str, bool]]:
    """Path, text, and whether it is a key: of all keys and texts."""
    if isinstance(data, dict):
        for key, value in data.items():
            if path:
                yield (*path, key), key, True
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for position, value in enumerate(data):
            yield from _texts(value, (*path, position))
    elif isinstance(data, str):
        yield path, data, False
