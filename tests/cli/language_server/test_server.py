"""The language server, with a real LSP client over standard input and output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from compiler.finding_pages.finding_page import PAGES_FOLDER
from tests.support.editors.cursor_text import split_cursor
from tests.support.editors.editor_client import Editor

OFFER = """\
kind: commercial_product
id: kit
name: Kit
attributes:
  size: {type: integer, default: 1}
decomposes_to:
  - product: box
    quantity: quantity * attributes.size
"""
BOX = """\
kind: technical_product
id: box
steps:
  pack: {call: {system: store, post: /packs, body: "${quantity}"}}
---
kind: system
id: store
base_url: http://localhost:1
"""
ORDER = "id: O-1\nlines:\n  - {id: '1', product: kit, attributes: {size: 2}}\n"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """One server for all tests, with a catalogue and an order."""
    root = tmp_path_factory.mktemp("editor")
    (root / "definitions").mkdir()
    (root / "definitions/kit.yaml").write_text(OFFER)
    (root / "definitions/box.yaml").write_text(BOX)
    (root / "order.yaml").write_text(ORDER)
    client = Editor(root)
    await client.start()
    yield client
    await client.end()


@pytest.fixture
async def editor(server: Editor) -> AsyncIterator[Editor]:
    """Without open files."""
    yield server
    server.close_all()
    server.messages.clear()
    await server.until(lambda: not any(server.diagnostics.values()))


async def test_findings_follow_the_text_before_it_is_saved(editor: Editor) -> None:
    editor.open("definitions/kit.yaml")
    editor.write("definitions/kit.yaml", OFFER.replace("attributes.size", "attributes.sise"))
    await editor.until(lambda: editor.codes("definitions/kit.yaml"))
    (found,) = editor.diagnostics[editor.uri("definitions/kit.yaml")]
    assert found.code == "name-unknown"
    assert "did you mean `size`" in found.message
    assert found.severity == types.DiagnosticSeverity.Error
    assert (found.range.start.line, found.range.start.character) == (7, 36)
    assert (found.range.end.line, found.range.end.character) == (7, 40)
    assert found.code_description is not None
    assert found.code_description.href == (PAGES_FOLDER / "name-unknown.md").as_uri()
    editor.write("definitions/kit.yaml", OFFER)
    await editor.until(lambda: not editor.codes("definitions/kit.yaml"))


async def test_a_mistake_shows_in_the_files_that_it_breaks(editor: Editor) -> None:
    editor.open("definitions/box.yaml")
    editor.write("definitions/box.yaml", BOX.replace("id: box", "id: bix"))
    await editor.until(lambda: editor.codes("definitions/kit.yaml"))
    assert editor.codes("definitions/kit.yaml") == ["reference-unknown"]


async def test_a_closed_file_counts_as_it_is_on_disk(editor: Editor) -> None:
    editor.open("definitions/box.yaml")
    editor.write("definitions/box.yaml", "kind: [")
    await editor.until(lambda: editor.codes("definitions/box.yaml"))
    editor.close("definitions/box.yaml")
    await editor.until(lambda: not editor.codes("definitions/box.yaml"))


async def test_orders_are_checked_with_the_catalogue(editor: Editor) -> None:
    editor.open("order.yaml", ORDER.replace("size: 2", "sise: 2"))
    await editor.until(lambda: editor.codes("order.yaml"))
    assert editor.codes("order.yaml") == ["attribute-unknown"]
    editor.write("order.yaml", ORDER)
    await editor.until(lambda: not editor.codes("order.yaml"))


async def test_completion_while_the_text_is_broken(editor: Editor) -> None:
    text, position = split_cursor(OFFER + "steps:\n  go:\n    when: attributes.‸\n    call: {system: sto")
    editor.open("definitions/kit.yaml")
    editor.write("definitions/kit.yaml", text)
    assert "size" in await editor.labels("definitions/kit.yaml", position)


async def test_characters_count_as_the_protocol_counts_them(editor: Editor) -> None:
    text = OFFER.replace("quantity * attributes.size", "size('😀') + attributes.sise")
    editor.open("definitions/kit.yaml")
    editor.write("definitions/kit.yaml", text)
    await editor.until(lambda: editor.codes("definitions/kit.yaml"))
    (found,) = editor.diagnostics[editor.uri("definitions/kit.yaml")]
    line = text.split("\n")[7]
    assert found.range.start.character == line.index("sise") + 1  # the face counts twice


async def test_text_that_is_no_file_is_left_alone(editor: Editor) -> None:
    item = types.TextDocumentItem("untitled:Untitled-1", "yaml", 1, "kind: retry\nma")
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    params = types.CompletionParams(types.TextDocumentIdentifier("untitled:Untitled-1"), types.Position(1, 2))
    found = await editor.text_document_completion_async(params)
    assert isinstance(found, types.CompletionList)
    assert "max_attempts" in {one.label for one in found.items}
    assert editor.messages == []


async def test_hover_explains_a_path(editor: Editor) -> None:
    text, position = split_cursor(OFFER.replace("attributes.size", "attributes.si‸ze"))
    editor.open("definitions/kit.yaml", text)
    found = await editor.text_document_hover_async(types.HoverParams(*editor.at("definitions/kit.yaml", position)))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert "attributes.size: integer, default 1" in found.contents.value


async def test_go_to_definition_in_another_file(editor: Editor) -> None:
    text, position = split_cursor(OFFER.replace("product: box", "product: b‸ox"))
    editor.open("definitions/kit.yaml", text)
    found = await editor.text_document_definition_async(
        types.DefinitionParams(*editor.at("definitions/kit.yaml", position))
    )
    assert isinstance(found, list)
    (place,) = found
    assert isinstance(place, types.Location)
    assert place.uri == editor.uri("definitions/box.yaml")
    assert (place.range.start, place.range.end) == (types.Position(1, 4), types.Position(1, 7))


async def test_references_in_orders(editor: Editor) -> None:
    text, position = split_cursor(OFFER.replace("  size:", "  si‸ze:"))
    editor.open("definitions/kit.yaml", text)
    params = types.ReferenceParams(types.ReferenceContext(False), *editor.at("definitions/kit.yaml", position))
    found = await editor.text_document_references_async(params)
    assert found is not None
    assert [one.uri for one in found] == [editor.uri("definitions/kit.yaml"), editor.uri("order.yaml")]


async def test_rename_changes_definitions_and_orders(editor: Editor) -> None:
    text, position = split_cursor(OFFER.replace("  size:", "  si‸ze:"))
    editor.open("definitions/kit.yaml", text)
    prepared = await editor.text_document_prepare_rename_async(
        types.PrepareRenameParams(*editor.at("definitions/kit.yaml", position))
    )
    assert prepared == types.Range(types.Position(4, 2), types.Position(4, 6))
    params = types.RenameParams(*editor.at("definitions/kit.yaml", position), "amount")
    edit = await editor.text_document_rename_async(params)
    assert edit is not None
    assert edit.changes is not None
    assert {uri: len(edits) for uri, edits in edit.changes.items()} == {
        editor.uri("definitions/kit.yaml"): 2,
        editor.uri("order.yaml"): 1,
    }


async def test_a_refused_rename_says_why(editor: Editor) -> None:
    text, position = split_cursor(OFFER.replace("  size:", "  si‸ze:"))
    editor.open("definitions/kit.yaml", text)
    params = types.RenameParams(*editor.at("definitions/kit.yaml", position), "in")
    with pytest.raises(JsonRpcException, match="`in` cannot be a name"):
        await editor.text_document_rename_async(params)
    assert editor.messages == []


async def test_the_outline_of_a_file(editor: Editor) -> None:
    editor.open("definitions/box.yaml")
    params = types.DocumentSymbolParams(types.TextDocumentIdentifier(editor.uri("definitions/box.yaml")))
    found = await editor.text_document_document_symbol_async(params)
    assert found is not None
    outlined = [one for one in found if isinstance(one, types.DocumentSymbol)]
    assert [(one.name, one.detail, one.range.start.line, one.range.end.line) for one in outlined] == [
        ("box", "technical product", 0, 5),
        ("store", "system", 5, 8),
    ]
    assert [one.name for one in outlined[0].children or ()] == ["pack"]


async def test_a_file_that_changes_on_disk(editor: Editor) -> None:
    for text, codes in ((BOX.replace("id: box", "id: bix"), ["reference-unknown"]), (BOX, [])):
        await asyncio.to_thread((editor.root / "definitions/box.yaml").write_text, text)
        change = types.FileEvent(editor.uri("definitions/box.yaml"), types.FileChangeType.Changed)
        editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        await editor.until(lambda expected=codes: editor.codes("definitions/kit.yaml") == expected)  # type: ignore[misc]


async def test_a_missing_folder_is_told_once(tmp_path: Path) -> None:
    client = Editor(tmp_path)
    await client.start("--definitions", "elsewhere")
    client.open("retry.yaml", "kind: retry\nid: slow\nmax_attemps: 2\n")
    await client.until(lambda: client.codes("retry.yaml"))
    assert client.codes("retry.yaml") == ["key-unknown"]
    (message,) = client.messages
    assert "There is no folder" in message
    await client.end()
