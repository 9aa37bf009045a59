"""Between the core's positions and findings and those of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from compiler.editing.completion import Completion, CompletionKind, Completions
from compiler.editing.cursor import Position
from compiler.editing.hover import Hover
from compiler.editing.navigation import OutlineItem
from compiler.editing.occurrences import SymbolKind
from compiler.editing.workspace import Diagnostic

SOURCE = "ordo"
_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
_COMPLETION_KINDS: dict[CompletionKind, types.CompletionItemKind] = {
    "key": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "reference": types.CompletionItemKind.Reference,
    "attribute": types.CompletionItemKind.Field,
    "name": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
}


def lines_of(text: str) -> list[str]:
    return text.split("\n")


def to_position(codec: PositionCodec, lines: Sequence[str], position: types.Position) -> Position:
    """The core's position: in characters, whatever units the editor counts in."""
    found = codec.position_from_client_units(lines, types.Position(position.line, position.character))
    return Position(found.line, found.character)


def to_range(codec: PositionCodec, lines: Sequence[str], start: Position, end: Position) -> types.Range:
    return types.Range(
        codec.position_to_client_units(lines, types.Position(*start)),
        codec.position_to_client_units(lines, types.Position(*end)),
    )


def to_diagnostic(codec: PositionCodec, lines: Sequence[str], diagnostic: Diagnostic) -> types.Diagnostic:
    finding, page = diagnostic.finding, diagnostic.page
    return types.Diagnostic(
        range=to_range(codec, lines, diagnostic.start, diagnostic.end),
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(page.as_uri()) if page else None,
        source=SOURCE,
    )


def to_completion_list(
    codec: PositionCodec, lines: Sequence[str], found: Completions, position: Position
) -> types.CompletionList:
    replaced = to_range(codec, lines, found.start, position)
    items = [_to_item(item, number, replaced) for number, item in enumerate(found.items)]
    return types.CompletionList(is_incomplete=not found.is_complete, items=items)


def _to_item(item: Completion, number: int, replaced: types.Range) -> types.CompletionItem:
    documentation = types.MarkupContent(types.MarkupKind.Markdown, item.documentation) if item.documentation else None
    return types.CompletionItem(
        label=item.label,
        kind=_COMPLETION_KINDS[item.kind],
        detail=item.detail or None,
        documentation=documentation,
        sort_text=f"{int(not item.is_preferred)}{number:06}",
        filter_text=item.label,
        text_edit=types.TextEdit(replaced, item.insert or item.label),
    )


_SYMBOL_KINDS: dict[SymbolKind, types.SymbolKind] = {
    "definition": types.SymbolKind.Class,
    "step": types.SymbolKind.Method,
    "attribute": types.SymbolKind.Field,
    "let": types.SymbolKind.Variable,
}


def to_hover(codec: PositionCodec, lines: Sequence[str], found: Hover) -> types.Hover:
    content = types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
    return types.Hover(content, to_range(codec, lines, found.start, found.end))


def to_symbol(codec: PositionCodec, lines: Sequence[str], item: OutlineItem) -> types.DocumentSymbol:
    name_end = Position(item.start.line, item.start.column + len(item.name))
    return types.DocumentSymbol(
        name=item.name,
        detail=item.detail,
        kind=_SYMBOL_KINDS.get(item.kind, types.SymbolKind.Object),
        range=to_range(codec, lines, item.start, max(item.end, name_end)),
        selection_range=to_range(codec, lines, item.start, name_end),
        children=[to_symbol(codec, lines, child) for child in item.children],
    )


def to_uri(file: Path) -> str:
    return file.absolute().as_uri()
