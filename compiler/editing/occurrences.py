"""Where definitions, steps, attributes and named values are declared, and where they are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.cel.syntax_tree import PathUse, UnparsableError, path_uses
from compiler.cel.templates import split_template
from compiler.editing.cursor import Position
from compiler.editing.documents import SourceDocument
from compiler.editing.expression_place import attribute_owners, shape_at
from compiler.editing.lenient_index import index_with
from compiler.editing.line_attributes import find_product, products_of_attributes
from compiler.editing.mark_tree import MarkNode, mark_tree
from compiler.language.documents import ProductClassDocument, ProductDocument
from compiler.source.document import KeyPath
from compiler.typecheck.expression_sites import ExpressionShape

SymbolKind = Literal[
    "definition", "class", "system", "receiver", "retry", "scenario", "step", "attribute", "let", "queue", "event"
]


class Symbol(NamedTuple):
    """`definition`: a product or a workstream. They share one namespace of ids."""

    kind: SymbolKind
    name: str
    owner: str = ""
    """Of a step its workstream; of an attribute or a named value its product or workstream, or `class ID`."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    symbols: tuple[Symbol, ...]
    """Several where it depends on the order which one is meant: an attribute in a workstream of several products."""
    file: str
    start: Position
    length: int
    is_declaration: bool = False
    is_alias: bool = False
    """Whether another name is written there: the code of a product."""
    path: KeyPath = ()

    @property
    def end(self) -> Position:
        return Position(self.start.line, self.start.column + self.length)


_ID_KINDS: Mapping[str, SymbolKind] = {
    "commercial_product": "definition",
    "technical_product": "definition",
    "workstream": "definition",
    "product_class": "class",
    "system": "system",
    "receiver": "receiver",
    "retry": "retry",
    "scenario": "scenario",
}
_MARKED_KINDS: Mapping[str, SymbolKind] = {
    "commercial_product": "definition",
    "technical_product": "definition",
    "product": "definition",
    "product_class": "class",
    "system": "system",
    "receiver": "receiver",
    "retry": "retry",
    "queue": "queue",
    "event": "event",
}


def find_occurrences(documents: Iterable[SourceDocument], index: DefinitionIndex) -> Iterator[Occurrence]:
    """In definitions, orders and environment files."""
    for document in documents:
        yield from _DocumentWalk(document, index).occurrences()


class _DocumentWalk:
    def __init__(self, source: SourceDocument, index: DefinitionIndex) -> None:
        self._source = source
        self._data = source.document.data
        self._kind = source.kind
        self._id = str(self._data.get("id")) if isinstance(self._data, dict) else ""
        steps = self._data.get("steps") if isinstance(self._data, dict) else None
        self._own_steps = set(steps) if isinstance(steps, dict) else set()
        found = index_with(index, self._data) if self._kind in _ID_KINDS else None
        self._index: DefinitionIndex = found[0] if found else index
        self._entry: DefinitionEntry[Any] | None = found[1] if found else None

    def occurrences(self) -> Iterator[Occurrence]:
        root = mark_tree(self._kind)
        if root is not None:
            yield from self._declarations()
            yield from self._walk(self._data, root, ())

    # Declarations

    def _declarations(self) -> Iterator[Occurrence]:
        if self._kind in _ID_KINDS and "id" in self._data:
            yield self._value((Symbol(_ID_KINDS[self._kind], self._id),), ("id",), declares=self._source.is_definition)
        for key, kind in (("steps", "step"), ("attributes", "attribute"), ("let", "let")):
            declared = self._data.get(key)
            if self._kind != "order" and isinstance(declared, dict):
                for name in declared:
                    yield self._key((Symbol(kind, name, self._owner),), (key, name), declares=True)  # type: ignore[arg-type]

    @property
    def _owner(self) -> str:
        return f"class {self._id}" if self._kind == "product_class" else self._id

    # References

    def _walk(self, data: Any, node: MarkNode | None, path: KeyPath) -> Iterator[Occurrence]:
        if isinstance(data, dict):
            if path[-1:] == ("attributes",):
                yield from self._attribute_keys(data, path)
            if self._kind == "scenario" and path[-1:] == ("order",):
                node = mark_tree("order")
            for key, value in data.items():
                for mark in node.key_marks if node else ():
                    yield from self._named(mark, key, (*path, key), is_key=True)
                if self._kind == "scenario" and path[-1:] == ("lines",):
                    yield from self._line_ids(key, 0, (*path, key), is_key=True)
                yield from self._walk(value, node.child(key) if node else None, (*path, key))
        elif isinstance(data, list):
            for position, value in enumerate(data):
                yield from self._walk(value, node.item if node else None, (*path, position))
        elif isinstance(data, str):
            if path == ("id",):
                return
            if path[:1] == ("drop_units",):
                yield from self._line_ids(data, 0, path)
            for mark in sorted(node.marks) if node else ():
                yield from self._named(mark, data, path)
            yield from self._expressions(data, path)

    def _named(self, mark: str, text: str, path: KeyPath, *, is_key: bool = False) -> Iterator[Occurrence]:
        if "${" in text:
            return
        if mark in _MARKED_KINDS:
            yield self._value((Symbol(_MARKED_KINDS[mark], text),), path, is_key=is_key)
        elif mark == "ordered_product":
            yield from self._ordered_product(text, path)
        elif mark == "own_step":
            yield self._value((Symbol("step", text, self._id),), path)
        elif mark == "receiver_or_queue":
            kind: SymbolKind = "receiver" if text in self._index.definitions.receivers else "queue"
            yield self._value((Symbol(kind, text),), path)
        elif mark in ("step", "step_or_instance"):
            yield from self._step_reference(text, path, is_key=is_key)

    def _ordered_product(self, text: str, path: KeyPath) -> Iterator[Occurrence]:
        product = find_product(self._index, text)
        if product is not None:
            yield self._value((Symbol("definition", product),), path, is_alias=product != text)

    def _step_reference(self, text: str, path: KeyPath, *, is_key: bool) -> Iterator[Occurrence]:
        """`step`, `workstream.step` or `workstream`; in scenarios with `@` and the line's id."""
        reference, at, line = text.partition("@")
        name, dot, step = reference.partition(".")
        if not dot and name in self._own_steps and self._kind != "scenario":
            yield self._part((Symbol("step", name, self._id),), path, 0, len(name), is_key=is_key)
            return
        yield self._part((Symbol("definition", name),), path, 0, len(name), is_key=is_key)
        if dot:
            yield self._part((Symbol("step", step, name),), path, len(name) + 1, len(step), is_key=is_key)
        if at:
            yield from self._line_ids(line, len(reference) + 1, path, is_key=is_key)

    def _line_ids(self, text: str, offset: int, path: KeyPath, *, is_key: bool = False) -> Iterator[Occurrence]:
        """The product at the beginning of a fulfilment line's id: `router@1#2`."""
        name = text.partition("@")[0].partition("#")[0]
        if name in self._index.definitions.products:
            yield self._part((Symbol("definition", name),), path, offset, len(name), is_key=is_key)

    def _attribute_keys(self, data: Mapping[str, Any], path: KeyPath) -> Iterator[Occurrence]:
        """The keys of `attributes` of a rule, a component, an order line, or a line in a scenario."""
        named = products_of_attributes(self._data, self._kind, path, Path(self._source.document.file).parent)
        products = [product for one in named if (product := find_product(self._index, one)) is not None]
        for name in data:
            if symbols := self._inherited_symbols("attribute", products, name):
                yield self._key(symbols, (*path, name))

    def _inherited_symbols(
        self, kind: SymbolKind, products: Iterable[str], name: str, own_class: str | None = None
    ) -> tuple[Symbol, ...]:
        """The declarations that the name may mean: those of the products, or of their classes; or of `own_class`."""
        found: dict[Symbol, None] = {}
        classes = [own_class] if own_class else []
        for product in products:
            entry = self._index.definitions.products.get(product)
            if entry is not None and name in _declared(entry.model, kind):
                found[Symbol(kind, name, product)] = None
            elif entry is not None:
                classes.append(entry.model.product_class or "")
        for one in classes:
            document = self._index.definitions.classes.get(one)
            if document is not None and name in _declared(document.model, kind):
                found[Symbol(kind, name, f"class {one}")] = None
        return tuple(found)

    # Expressions

    def _expressions(self, text: str, path: KeyPath) -> Iterator[Occurrence]:
        shape = shape_at(self._kind, path)
        if shape is None or self._entry is None:
            return
        if isinstance(shape, ExpressionShape):
            pieces: list[tuple[int, str]] = [(0, text)] if text not in shape.keywords else []
        elif "${" not in text:
            return
        else:
            try:
                pieces = [piece for piece in split_template(text) if not isinstance(piece, str)]
            except ValueError:
                return
        for offset, expression in pieces:
            try:
                uses = path_uses(expression)
            except UnparsableError:
                continue
            for use in uses:
                yield from self._use(use, offset, path)

    def _use(self, use: PathUse, offset: int, path: KeyPath) -> Iterator[Occurrence]:
        assert self._entry is not None
        starts = use.offset, *use.part_offsets
        match use.path:
            case ("steps", step, *_):
                yield self._use_part(
                    (Symbol("step", step, self._workstream_of(path)),), use, 1, offset + starts[1], path
                )
            case ("workstreams", workstream, *rest):
                yield self._use_part((Symbol("definition", workstream),), use, 1, offset + starts[1], path)
                if rest:
                    yield self._use_part((Symbol("step", rest[0], workstream),), use, 2, offset + starts[2], path)
        owners = list(attribute_owners(self._index, self._entry, path))
        own_class = self._id if self._kind == "product_class" else None
        for position, part in enumerate(use.path[:-1]):
            if part in ("attributes", "let") and use.path[:position] in _LINE_PATHS:
                kind: SymbolKind = "attribute" if part == "attributes" else "let"
                name = use.path[position + 1]
                symbols = self._own_let(name) if kind == "let" else ()
                symbols = symbols or self._inherited_symbols(kind, [] if own_class else owners, name, own_class)
                if symbols:
                    yield self._use_part(symbols, use, position + 1, offset + starts[position + 1], path)

    def _workstream_of(self, path: KeyPath) -> str:
        """The workstream whose steps `steps` has: in a scenario, that of the step which `when` names."""
        if self._kind != "scenario":
            return self._id
        when = self._source.document.value((*path[:2], "when"))
        step = when.get("step") if isinstance(when, dict) else when
        return step.partition(".")[0] if isinstance(step, str) else ""

    def _own_let(self, name: str) -> tuple[Symbol, ...]:
        declared = self._data.get("let")
        return (Symbol("let", name, self._owner),) if isinstance(declared, dict) and name in declared else ()

    def _use_part(self, symbols: tuple[Symbol, ...], use: PathUse, part: int, offset: int, path: KeyPath) -> Occurrence:
        return self._part(symbols, path, offset, len(use.path[part]))

    # Places

    def _value(
        self,
        symbols: tuple[Symbol, ...],
        path: KeyPath,
        *,
        is_key: bool = False,
        declares: bool = False,
        is_alias: bool = False,
    ) -> Occurrence:
        text = path[-1] if is_key else self._source.document.value(path)
        found = self._part(symbols, path, 0, len(str(text)), is_key=is_key)
        return Occurrence(symbols, found.file, found.start, found.length, declares, is_alias, path)

    def _key(self, symbols: tuple[Symbol, ...], path: KeyPath, *, declares: bool = False) -> Occurrence:
        return self._value(symbols, path, is_key=True, declares=declares)

    def _part(
        self, symbols: tuple[Symbol, ...], path: KeyPath, offset: int, length: int, *, is_key: bool = False
    ) -> Occurrence:
        start = self._source.position(path, offset, is_key=is_key)
        return Occurrence(symbols, self._source.document.file, start, length, path=path)


_LINE_PATHS = ((), ("previous",), ("lines", "[]"), ("lines", "[]", "previous"))
"""What `attributes` and `let` of a line can follow."""


def _declared(model: Any, kind: SymbolKind) -> Mapping[str, Any]:
    if not isinstance(model, ProductDocument | ProductClassDocument):
        return {}
    return model.attributes if kind == "attribute" else model.let
