"""The language server, with a real LSP client over standard input and output."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lsprotocol import types

from compiler.finding_pages.finding_page import PAGES_FOLDER
from tests.support.cursor_text import split_cursor
from tests.support.editor_client import Editor

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


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions/kit.yaml").write_text(OFFER)
    (tmp_path / "definitions/box.yaml").write_text(BOX)
    (tmp_path / "order.yaml").write_text(ORDER)
    client = Editor(tmp_path)
    await client.start()
    yield client
    await client.end()


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
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(editor.uri("definitions/box.yaml")))
    )
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
