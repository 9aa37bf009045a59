"""A valid catalogue as bytes that can be kept elsewhere, and read again although its files have changed.

It is kept as text, each definition at its line, so that messages about it name the same places as before. Systems and
receivers belong to the environment and not to the catalogue's version, so they are packed apart.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from compiler.catalogue.definitions import DefinitionEntry, Definitions
from compiler.language.documents import DocumentModel
from compiler.source.document import Document, ReadResult
from compiler.source.yaml_reader import read_documents

VERSIONED_KINDS = frozenset({"commercial_product", "technical_product", "product_class", "workstream", "retry"})
FORMAT = 1
SourceFile = tuple[str, str]
"""The name of a file, and its text."""


@dataclass(frozen=True, slots=True)
class PackedCatalogue:
    version: str
    definitions: bytes
    """What the version is computed from."""
    environment: bytes
    """Systems and receivers, as the environment's file overrides them."""


class UnreadablePack(Exception):
    """These bytes are no packed catalogue, or one of a later version of the compiler."""


def pack_catalogue(version: str, documents: Iterable[Document], definitions: Definitions) -> PackedCatalogue:
    """`documents`: as read from the files. `definitions`: after the environment's overrides."""
    entries = [*definitions.systems.values(), *definitions.receivers.values()]
    return PackedCatalogue(version, pack_definitions(documents), pack_files(map(_environment_file, entries)))


def unpack_documents(packed: PackedCatalogue) -> ReadResult:
    """Raises UnreadablePack."""
    result = ReadResult()
    for part in (packed.definitions, packed.environment):
        for file, text in unpack_files(part):
            one = read_documents(text, file)
            # A file with a scenario among its documents is packed as a whole if the scenario was not read.
            result.documents += (each for each in one.documents if not each.has_kind("scenario"))
            result.findings += one.findings
    return result


def pack_files(files: Iterable[SourceFile]) -> bytes:
    """The names and texts of files as compressed bytes."""
    content = {"format": FORMAT, "files": list(files)}
    return zlib.compress(json.dumps(content, ensure_ascii=False).encode())


def unpack_files(packed: bytes) -> Iterator[SourceFile]:
    """Raises UnreadablePack."""
    try:
        content = json.loads(zlib.decompress(packed))
        known = content["format"] == FORMAT
        files = [(str(file), str(text)) for file, text in content["files"]] if known else []
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise UnreadablePack(f"it cannot be unpacked ({error})") from None
    if not known:
        raise UnreadablePack(f"its format is {content['format']}, and only {FORMAT} can be read")
    yield from files


def pack_definitions(documents: Iterable[Document]) -> bytes:
    """Only the kinds of documents that a catalogue's version covers, each at its line."""
    return pack_files(_versioned_files(documents))


def _versioned_files(documents: Iterable[Document]) -> Iterator[SourceFile]:
    files: dict[str, list[Document]] = {}
    for document in documents:
        files.setdefault(document.file, []).append(document)
    for file, all_ in files.items():
        kept = [document for document in all_ if document.data["kind"] in VERSIONED_KINDS]
        if len(kept) == len(all_):
            yield file, all_[0].text
        elif kept:
            yield file, _blank_others(kept)


def _blank_others(kept: list[Document]) -> str:
    """The text of the file with only the documents of `kept`. Nothing moves to another line."""
    text = kept[0].text
    starts = {document.start_index for document in kept}
    parts, position = [], 0
    for begin, end in _document_spans(text):
        if not any(begin <= start < end for start in starts):
            parts += [text[position:begin], "\n" * text.count("\n", begin, end)]
            position = end
    return "".join([*parts, text[position:]])


def _document_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each document begins, after its `---`, and ends."""
    parser, begin = CParser(text), 0
    while (event := parser.get_event()) is not None:
        if isinstance(event, yaml.DocumentStartEvent):
            begin = _position(event.end_mark)
        elif isinstance(event, yaml.DocumentEndEvent):
            yield begin, _position(event.start_mark)


def _position(mark: Any) -> int:
    return int(mark.index)


def _environment_file(entry: DefinitionEntry[DocumentModel]) -> SourceFile:
    """One definition as JSON, which is YAML, at its line."""
    location = entry.document.location()
    return location.file, "\n" * (location.line - 1) + json.dumps(entry.document.data, ensure_ascii=False)
