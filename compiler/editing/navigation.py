"""Go to definition, find references, and the outline of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.editing.cursor import Position
from compiler.editing.documents import SourceDocument
from compiler.editing.occurrences import Occurrence, Symbol, SymbolKind, find_occurrences


class SymbolTable:
    """All occurrences in these documents. Built once for them; nothing changes it."""

    def __init__(self, documents: Iterable[SourceDocument], index: DefinitionIndex) -> None:
        self.index = index
        self._by_symbol: dict[Symbol, list[Occurrence]] = {}
        self._by_line: dict[tuple[str, int], list[Occurrence]] = {}
        for occurrence in find_occurrences(documents, index):
            for symbol in occurrence.symbols:
                self._by_symbol.setdefault(symbol, []).append(occurrence)
            self._by_line.setdefault((occurrence.file, occurrence.start.line), []).append(occurrence)

    def at(self, file: str, position: Position) -> Occurrence | None:
        """What is named at the position."""
        for occurrence in self._by_line.get((file, position.line), ()):
            if occurrence.start.column <= position.column <= occurrence.end.column:
                return occurrence
        return None

    def declarations(self, symbols: Iterable[Symbol]) -> list[Occurrence]:
        """Where they are declared. Nothing declares a queue or an event: they are everywhere where they are named."""
        found = []
        for symbol in symbols:
            occurrences = self._by_symbol.get(symbol, [])
            found += [one for one in occurrences if one.is_declaration] or (
                occurrences if symbol.kind in ("queue", "event") else []
            )
        return found

    def references(self, symbols: Iterable[Symbol], *, with_declarations: bool = True) -> list[Occurrence]:
        """Where they are named, each place once, in the order of files and places."""
        found = {
            (one.file, one.start): one
            for symbol in symbols
            for one in self._by_symbol.get(symbol, ())
            if with_declarations or not one.is_declaration
        }
        return [found[place] for place in sorted(found)]

    def is_declared(self, symbol: Symbol) -> bool:
        return any(one.is_declaration for one in self._by_symbol.get(symbol, ()))


@dataclass
class OutlineItem:
    name: str
    detail: str
    kind: SymbolKind
    start: Position
    end: Position
    children: list[OutlineItem] = field(default_factory=list)


def outline(documents: Sequence[SourceDocument], last_line: int, index: DefinitionIndex) -> list[OutlineItem]:
    """The definitions of one file, with their attributes, named values and steps. `last_line`: of the file, from 0."""
    tops = [_top(document) for document in documents]
    for item, following in zip(tops, [*tops[1:], None], strict=False):
        item.end = Position(following.start.line if following else last_line, 0)
    for document, item in zip(documents, tops, strict=True):
        item.children = list(_children(document, item, index))
    return tops


def _top(source: SourceDocument) -> OutlineItem:
    data = source.document.data
    name = str(data.get("id", "(no id)")) if isinstance(data, dict) else "(no id)"
    start = Position(source.document.location().line - 1 + source.first_line, 0)
    label = data.get("name") if isinstance(data, dict) else None
    words = [source.kind.replace("_", " "), label if isinstance(label, str) else ""]
    return OutlineItem(name, ": ".join(filter(None, words)), "definition", start, start)


def _children(source: SourceDocument, top: OutlineItem, index: DefinitionIndex) -> Iterator[OutlineItem]:
    found = [one for one in find_occurrences([source], index) if one.is_declaration and len(one.path) == 2]
    found.sort(key=lambda one: one.start)
    for occurrence, following in zip(found, [*found[1:], None], strict=False):
        (symbol,) = occurrence.symbols
        end = Position(following.start.line, 0) if following else top.end
        value = source.document.value(occurrence.path)
        detail = value.get("name") or value.get("type") if isinstance(value, dict) else None
        words = detail if isinstance(detail, str) else symbol.kind
        yield OutlineItem(symbol.name, words, symbol.kind, occurrence.start, max(end, occurrence.end))
