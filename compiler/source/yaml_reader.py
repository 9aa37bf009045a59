"""Reads YAML 1.2 into plain data with positions.

The same reader serves definitions and orders (JSON is YAML). Whatever the input is, the result is data and findings:
never an exception, never a hang.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from compiler.source.decoding import LINE_BREAK, UnreadableError, decode_text, file_finding, require_allowed_characters
from compiler.source.document import CollectionMarks, Document, FileMarks, Key, NodeMark, ReadResult
from compiler.source.findings import MORE_FINDINGS_CODE, Finding
from compiler.source.plain_data import read_plain_data
from compiler.source.yaml_core_schema import NON_TEXT_FIRST_CHARS, resolve_plain_scalar
from compiler.source.yaml_errors import explain_yaml_error
from compiler.values import MAX_NESTING_DEPTH

ALIAS_LIMIT = 100_000
"""Values that aliases (`*name`) may repeat in one file. The values behind an alias count each time."""
VALUE_LIMIT = 1_000_000
"""Keys, texts, numbers, lists and mappings in one file. They cost more memory and time than bytes do."""
FINDINGS_PER_FILE = 50

_new_collection_marks = tuple.__new__
"""Creates CollectionMarks in half the time of a call; there is one for every mapping and list."""


def read_documents(text: str | bytes, file: str) -> ReadResult:
    """All documents in the `text` of one file; `file` is its name in findings. Empty documents are skipped."""
    result = ReadResult()
    try:
        text = decode_text(text, file)
        plain = read_plain_data(text)
        if plain is None:  # The parser itself refuses forbidden characters, so plain data has none.
            require_allowed_characters(text, file)
    except UnreadableError as unreadable:
        result.findings.append(unreadable.finding)
        return result
    if plain is None:
        builder = DocumentBuilder(text, file)
        builder.read()
        result.findings += builder.findings
        plain, roots = builder.values, builder.root_marks
        marks = FileMarks(lambda: roots)
    else:
        marks = FileMarks(partial(_read_marks, text, file))
    result.documents += (Document(file, data, text, marks, number) for number, data in enumerate(plain))
    return result


def _read_marks(text: str, file: str) -> list[NodeMark]:
    builder = DocumentBuilder(text, file)
    builder.read()
    return builder.root_marks


_TAG = "tag:yaml.org,2002:"
_TYPES_BY_TAG = {_TAG + "int": int, _TAG + "float": float, _TAG + "bool": bool, _TAG + "null": type(None)}
_TEXT_TAGS = frozenset({"!", _TAG + "str"})
_TAG_HINT = "remove it, or quote the text if it begins with `!`"
_COLLECTION_TAGS = frozenset({"!", _TAG + "map", _TAG + "seq"})


@dataclass(slots=True)
class _Anchored:
    value: Any
    mark: NodeMark
    size: int


class DocumentBuilder:
    """Builds data and marks from the parser's events: it takes a third of the time of composing nodes."""

    def __init__(self, text: str, file: str) -> None:
        self.values: list[Any] = []
        """Of each document that is not empty."""
        self.root_marks: list[NodeMark] = []
        """Of the same documents."""
        self.findings: list[Finding] = []
        self._text = text
        self._file = file
        self._parser = CParser(text)
        self._next_event: Callable[[], Any] = self._parser.get_event
        self._anchors: dict[str, _Anchored | None] = {}
        self._depth = 0
        self._aliased_count = 0
        self._value_count = 0

    def read(self) -> None:
        """The values and marks of what comes before the first mistake that makes the rest unreadable."""
        try:
            self._read()
        except UnreadableError as unreadable:
            self.findings.append(unreadable.finding)

    def _read(self) -> None:
        try:
            while (event := self._next_event()) is not None:
                if type(event) is yaml.DocumentStartEvent:
                    self._anchors = {}
                    value, spot = self._node(self._next_event())
                    self._value_count += 1
                    if value is not None:
                        self.values.append(value)
                        self.root_marks.append(spot)
        except yaml.MarkedYAMLError as error:
            raise UnreadableError(self._syntax_finding(error)) from None
        except yaml.YAMLError as error:
            raise UnreadableError(file_finding(self._file, "yaml-syntax", f"this is not YAML: {error}")) from None

    def _node(self, event: Any) -> tuple[Any, NodeMark]:
        kind = type(event)
        self._value_count += 1
        if kind is yaml.ScalarEvent:
            value, spot = self._scalar(event), event.start_mark
            if event.anchor:
                self._anchors[event.anchor] = _Anchored(value, spot, 1)
            return value, spot
        if kind is yaml.AliasEvent:
            return self._resolve_alias(event)
        if self._value_count > VALUE_LIMIT:
            raise self._too_many_values_error(event)
        self._depth += 1
        if self._depth > MAX_NESTING_DEPTH:
            raise self._unreadable_error(
                event, "yaml-depth", f"this is nested more than {MAX_NESTING_DEPTH} levels deep"
            )
        if event.anchor:
            self._anchors[event.anchor] = None
        before = self._value_count
        if event.tag is not None and event.tag not in _COLLECTION_TAGS:
            self._report(event, "yaml-tag", f"the tag `{event.tag}` has no meaning here: {_TAG_HINT}")
        value, spot = self._mapping(event) if kind is yaml.MappingStartEvent else self._list(event)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, spot, self._value_count - before)
        self._depth -= 1
        return value, spot

    def _resolve_alias(self, event: Any) -> tuple[Any, NodeMark]:
        name = event.anchor
        if name not in self._anchors:
            raise self._unreadable_error(
                event, "yaml-alias", f"`*{name}` refers to `&{name}`, which does not come before it"
            )
        anchored = self._anchors[name]
        if anchored is None:
            raise self._unreadable_error(event, "yaml-alias", f"`*{name}` is inside the `&{name}` that it refers to")
        self._value_count += anchored.size
        self._aliased_count += anchored.size
        if self._aliased_count > ALIAS_LIMIT:
            message = f"aliases repeat more than {ALIAS_LIMIT:,} values in this file: write the values out"
            raise self._unreadable_error(event, "yaml-alias", message)
        return anchored.value, anchored.mark

    def _list(self, event: Any) -> tuple[list[Any], NodeMark]:
        following, node = self._next_event, self._node
        values, spots = [], []
        while type(item := following()) is not yaml.SequenceEndEvent:
            value, spot = node(item)
            values.append(value)
            spots.append(spot)
            if self._value_count > VALUE_LIMIT:
                raise self._too_many_values_error(item)
        return values, _new_collection_marks(CollectionMarks, (event.start_mark, None, spots))

    def _mapping(self, event: Any) -> tuple[dict[str, Any], NodeMark]:
        following, node, scalar, end = self._next_event, self._node, yaml.ScalarEvent, yaml.MappingEndEvent
        values: dict[str, Any] = {}
        keys: dict[Key, Any] = {}
        spots: dict[Key, NodeMark] = {}
        is_next_document = False
        while type(key_event := following()) is not end:
            plain = type(key_event) is scalar and key_event.anchor is None and key_event.value != "<<"
            key = key_event.value if plain else self._key(key_event)
            item = following()
            if type(item) is scalar and item.anchor is None:
                value, spot = item.value, item.start_mark
                if item.tag is not None or (item.implicit[0] and (not value or value[0] in NON_TEXT_FIRST_CHARS)):
                    value = self._scalar(item)
                self._value_count += 1
            else:
                value, spot = node(item)
            if self._value_count > VALUE_LIMIT:
                raise self._too_many_values_error(key_event)
            if key is None or is_next_document:
                continue
            if key in values:
                is_next_document = key == "kind" and self._depth == 1
                hint = ": is a `---` missing above it?" if is_next_document else ""
                message = f"`{key}` is given twice; first in line {keys[key].line + 1}{hint}"
                self._report(key_event, "yaml-duplicate-key", message)
                continue
            values[key] = value
            keys[key] = key_event.start_mark
            spots[key] = spot
        self._value_count += len(values)
        return values, _new_collection_marks(CollectionMarks, (event.start_mark, keys, spots))

    def _key(self, event: Any) -> str | None:
        """A key's text as written (`1: …` and `"1": …` are the same key); None if it is not a key."""
        if type(event) is yaml.ScalarEvent:
            text: str = event.value
            if event.anchor:
                self._anchors[event.anchor] = _Anchored(text, event.start_mark, 1)
            if text == "<<" and event.implicit[0]:
                message = "merge keys (`<<`) are not part of YAML 1.2: write the keys out, or use a `product_class`"
                self._report(event, "yaml-merge-key", message)
                return None
            return text
        value, _ = self._node(event)
        if isinstance(value, str):
            return value
        self._report(event, "yaml-key", "a key is a single text, not a list or a mapping")
        return None

    def _scalar(self, event: Any) -> Any:
        value = event.value
        tag = event.tag
        if tag is None or tag == "?":
            if not event.implicit[0] or (value and value[0] not in NON_TEXT_FIRST_CHARS):
                return value
        elif tag in _TEXT_TAGS:
            return value
        try:
            resolved = resolve_plain_scalar(value)
        except ValueError as error:
            self._report(event, "yaml-number", str(error))
            return None
        if tag is not None and type(resolved) is not _TYPES_BY_TAG.get(tag):
            if tag in _TYPES_BY_TAG:
                self._report(event, "yaml-tag", f"`{value}` is not what its tag `{tag.removeprefix(_TAG)}` says")
            else:
                self._report(event, "yaml-tag", f"the tag `{tag}` has no meaning here: {_TAG_HINT}")
        return resolved

    def _too_many_values_error(self, event: Any) -> UnreadableError:
        return self._unreadable_error(
            event, "file-too-large", f"this file has more than {VALUE_LIMIT:,} values: split it"
        )

    def _finding_at_event(self, event: Any, code: str, message: str) -> Finding:
        return file_finding(self._file, code, message, event.start_mark.line + 1, event.start_mark.column + 1)

    def _unreadable_error(self, event: Any, code: str, message: str) -> UnreadableError:
        return UnreadableError(self._finding_at_event(event, code, message))

    def _report(self, event: Any, code: str, message: str) -> None:
        if len(self.findings) >= FINDINGS_PER_FILE:
            raise self._unreadable_error(
                event, MORE_FINDINGS_CODE, "there are too many errors above: the rest of this file was not read"
            )
        self.findings.append(self._finding_at_event(event, code, message))

    def _syntax_finding(self, error: yaml.MarkedYAMLError) -> Finding:
        unclosed = error.problem == "found unexpected end of stream"
        mark = (error.context_mark if unclosed else error.problem_mark) or error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = LINE_BREAK.split(self._text)
        if line >= len(lines):  # The parser adds a line break at the end.
            line, column = len(lines) - 1, len(lines[-1])
        rest = lines[line][column:]
        problem = str(error.problem or error.context or "this is not YAML")
        code = "yaml-depth" if problem.startswith("exceeded maximum nesting depth") else "yaml-syntax"
        return file_finding(self._file, code, explain_yaml_error(problem, rest, error), line + 1, column + 1)
