"""YAML 1.2 read into plain data that remembers where everything stands.

Only what the core schema says has a type: `true` and `false` are booleans, `NO`, `10:00` and `01067` are text. The same
reader serves definitions and orders (JSON is YAML). Whatever the input is, the answer is data and findings: never an
exception, never a hang.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from compiler.cel import INTEGERS
from compiler.findings import MORE, Finding, Place

Key = str | int
KeyPath = tuple[Key, ...]

FILE_LIMIT = 16 * 1024 * 1024
"""Bytes of one file. A larger one is data that ended up in the wrong folder, or an attack."""
DEPTH_LIMIT = 64
ALIAS_LIMIT = 100_000
"""Values that aliases (`*name`) may repeat in one file: what stands behind an alias counts each time."""
VALUE_LIMIT = 1_000_000
"""Keys, texts, numbers, lists and mappings of one file: what takes memory and time, more than bytes do."""
FINDINGS_PER_FILE = 50
SUFFIXES = (".yaml", ".yml")


class Inside(NamedTuple):
    """Where a mapping or a list begins, and where everything in it does. Of a text or number the mark is enough."""

    mark: Any
    """The parser's own: index, line and column, from 0."""
    keys: dict[Key, Any] | None
    """Of a mapping: each key's mark."""
    values: dict[Key, Spot] | list[Spot]


Spot = Any
"""A mark, or an Inside."""

_new = tuple.__new__
"""Makes an Inside in half the time that calling it takes; there is one for every mapping and list."""


def _mark(spot: Spot) -> Any:
    return spot.mark if type(spot) is Inside else spot


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: plain data (str, int, float, bool, None, list, dict with text keys) and its places."""

    file: str
    data: Any
    text: str = field(repr=False)
    root: Spot = field(repr=False)

    def place(self, path: KeyPath = (), *, key: bool = False) -> Place:
        """Where the value at `path` (or its key) begins; where there is none, the nearest value around it."""
        spot = self.root
        for position, part in enumerate(path):
            if type(spot) is not Inside:
                break
            if key and position == len(path) - 1 and spot.keys is not None and part in spot.keys:
                spot = spot.keys[part]
                break
            values: Any = spot.values
            try:
                spot = values[part]
            except (KeyError, IndexError, TypeError):
                break
        mark = _mark(spot)
        return Place(self.file, mark.line + 1, mark.column + 1)

    def place_in(self, path: KeyPath, offset: int) -> Place:
        """Where the character `offset` of the text at `path` stands in the file."""
        spot, value = self.root, self.data
        try:
            for part in path:
                spot, value = spot.values[part], value[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            return self.place(path)
        if not isinstance(value, str) or type(spot) is Inside:
            return self.place(path)
        line, column = _character(self.text, spot, value, offset)
        return Place(self.file, line + 1, column + 1)

    def value(self, path: KeyPath) -> Any:
        """The value at `path`, or None where there is none."""
        found: Any = self.data
        for part in path:
            if isinstance(found, dict) and part in found:
                found = found[str(part)]
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return None
        return found


@dataclass(slots=True)
class Reading:
    """What was read: the documents that could be, in order, and what was wrong with the others."""

    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_documents(text: str | bytes, file: str) -> Reading:
    """All documents of one file's `text`; `file` is its name in findings. Empty documents are left out."""
    reading = Reading()
    try:
        decoded = _decoded(text, file)
        _Builder(decoded, file, reading).read()
    except _UnreadableError as unreadable:
        reading.findings.append(unreadable.finding)
    return reading


def read_file(path: Path, name: str | None = None) -> Reading:
    """The documents of one file on disk."""
    file = name or str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return Reading(findings=[_finding(file, "file-unreadable", f"{file} is not a regular file")])
        if status.st_size > FILE_LIMIT:
            return Reading(findings=[_too_large(file, status.st_size)])
        return read_documents(path.read_bytes(), file)
    except FileNotFoundError:
        return Reading(findings=[_finding(file, "file-missing", f"there is no file {file}")])
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Reading(findings=[_finding(file, "file-unreadable", f"{file} cannot be read: {reason}")])


def read_folder(folder: Path) -> Reading:
    """The documents of every `*.yaml` and `*.yml` below `folder`, in path order; hidden files are left out."""
    if not folder.is_dir():
        said = f"{folder} is not a folder" if folder.exists() else f"there is no folder {folder}"
        message = f"{said}; definitions are read from a folder"
        return Reading(findings=[_finding(str(folder), "folder-missing", message)])
    reading = Reading()
    files = sorted(_files(folder, reading.findings), key=lambda path: path.relative_to(folder).as_posix())
    for path in files:
        one = read_file(path)
        reading.documents += one.documents
        reading.findings += one.findings
    if not files and not reading.findings:
        message = f"{folder} holds no definitions: no file there ends in .yaml or .yml"
        reading.findings.append(_finding(str(folder), "catalogue-empty", message, warning=True))
    return reading


def _files(folder: Path, findings: list[Finding]) -> Iterator[Path]:
    """Follows symbolic links, each folder once: links in a circle end, and are told of."""
    seen = {os.path.realpath(folder)}

    def unreadable(error: OSError) -> None:
        said = f"{error.filename} cannot be read: {error.strerror}"
        findings.append(_finding(str(error.filename), "file-unreadable", said))

    for parent, folders, files in os.walk(folder, followlinks=True, onerror=unreadable):
        kept = []
        for name in sorted(folders):
            path = os.path.join(parent, name)
            real = os.path.realpath(path)
            if name.startswith("."):
                continue
            if os.path.realpath(parent).startswith(real.rstrip(os.sep) + os.sep) or real == os.path.realpath(parent):
                message = f"{path} is a symbolic link to a folder that it stands in: links go round in a circle"
                findings.append(_finding(path, "folder-circle", message))
            elif real not in seen:
                seen.add(real)
                kept.append(name)
        folders[:] = kept
        yield from (Path(parent, name) for name in files if name.endswith(SUFFIXES) and not name.startswith("."))


def _finding(file: str, code: str, message: str, line: int = 0, column: int = 0, *, warning: bool = False) -> Finding:
    severity = "warning" if warning else "error"
    return Finding(file=file, line=line, column=column, code=code, message=message, severity=severity)


def _too_large(file: str, size: int) -> Finding:
    message = f"{file} has {size / 1024 / 1024:.1f} MB; a file may have {FILE_LIMIT // 1024 // 1024} MB: split it"
    return _finding(file, "file-too-large", message)


class _UnreadableError(Exception):
    """The rest of this file cannot be read."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


def _from_utf8(raw: bytes, file: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        message = f"this is not UTF-8 text (byte 0x{raw[error.start]:02x}): save the file as UTF-8"
        raise _UnreadableError(_finding(file, "yaml-encoding", message, line, column)) from None


_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _decoded(text: str | bytes, file: str) -> str:
    if len(text) > FILE_LIMIT:
        raise _UnreadableError(_too_large(file, len(text)))
    if isinstance(text, bytes):
        text = _from_utf8(text, file)
    text = text.removeprefix("\ufeff")
    if bad := _CONTROL.search(text):
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start())
        shown = "a NUL character" if bad[0] == "\0" else f"the control character U+{ord(bad[0]):04X}"
        raise _UnreadableError(
            _finding(file, "yaml-encoding", f"{shown} cannot stand in YAML: take it out", line, column)
        )
    return text


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_PLAIN_START = frozenset("0123456789+-.~nNtTfF")
"""Plain text that begins otherwise is text; spares most values the expressions below."""
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def resolve_plain(text: str) -> Any:
    """What unquoted `text` is in YAML 1.2's core schema. Raises ValueError for a number that nothing can hold."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
        number = int(text, 0) if len(text) < 70 else INTEGERS.stop
        if number not in INTEGERS:
            raise ValueError(f"`{text[:40]}` is too large for a number: quote it if it is text")
        return number
    if _ENDLESS.fullmatch(text):
        raise ValueError(f"`{text}` is no number that can be computed with")
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"`{text[:40]}` is too large for a number: quote it if it is text")
        return value
    return text


_TAG = "tag:yaml.org,2002:"
_TAGGED = {_TAG + "int": int, _TAG + "float": float, _TAG + "bool": bool, _TAG + "null": type(None)}
_TEXT_TAGS = frozenset({"!", _TAG + "str"})
_UNTAG = "leave it out, or quote the text if it begins with `!`"
_COLLECTION_TAGS = frozenset({"!", _TAG + "map", _TAG + "seq"})


@dataclass(slots=True)
class _Anchored:
    value: Any
    spot: Spot
    size: int


class _Builder:
    """Builds data and places from the parser's events: a third of the time that composing nodes takes."""

    def __init__(self, text: str, file: str, reading: Reading) -> None:
        self._text = text
        self._file = file
        self._reading = reading
        self._parser = CParser(text)
        self._next: Callable[[], Any] = self._parser.get_event
        self._anchors: dict[str, _Anchored | None] = {}
        self._depth = 0
        self._repeated = 0
        self._count = 0

    def read(self) -> None:
        try:
            while (event := self._next()) is not None:
                if type(event) is yaml.DocumentStartEvent:
                    self._anchors = {}
                    value, spot = self._node(self._next())
                    self._count += 1
                    if value is not None:
                        self._reading.documents.append(Document(self._file, value, self._text, spot))
        except yaml.MarkedYAMLError as error:
            raise _UnreadableError(self._syntax(error)) from None
        except yaml.YAMLError as error:
            raise _UnreadableError(_finding(self._file, "yaml-syntax", f"this is not YAML: {error}")) from None

    def _node(self, event: Any) -> tuple[Any, Spot]:
        kind = type(event)
        self._count += 1
        if kind is yaml.ScalarEvent:
            value, spot = self._scalar(event), event.start_mark
            if event.anchor:
                self._anchors[event.anchor] = _Anchored(value, spot, 1)
            return value, spot
        if kind is yaml.AliasEvent:
            return self._alias(event)
        if self._count > VALUE_LIMIT:
            raise self._too_many(event)
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise self._stop(event, "yaml-depth", f"this is nested more than {DEPTH_LIMIT} levels deep")
        if event.anchor:
            self._anchors[event.anchor] = None
        before = self._count
        if event.tag is not None and event.tag not in _COLLECTION_TAGS:
            self._report(event, "yaml-tag", f"the tag `{event.tag}` means nothing here: {_UNTAG}")
        value, spot = self._mapping(event) if kind is yaml.MappingStartEvent else self._list(event)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, spot, self._count - before)
        self._depth -= 1
        return value, spot

    def _alias(self, event: Any) -> tuple[Any, Spot]:
        name = event.anchor
        if name not in self._anchors:
            raise self._stop(event, "yaml-alias", f"`*{name}` stands for `&{name}`, which does not come before it")
        anchored = self._anchors[name]
        if anchored is None:
            raise self._stop(event, "yaml-alias", f"`*{name}` stands inside the `&{name}` that it stands for")
        self._count += anchored.size
        self._repeated += anchored.size
        if self._repeated > ALIAS_LIMIT:
            message = f"aliases repeat more than {ALIAS_LIMIT:,} values in this file: write what is meant without them"
            raise self._stop(event, "yaml-alias", message)
        return anchored.value, anchored.spot

    def _list(self, event: Any) -> tuple[list[Any], Spot]:
        following, node = self._next, self._node
        values, spots = [], []
        while type(item := following()) is not yaml.SequenceEndEvent:
            value, spot = node(item)
            values.append(value)
            spots.append(spot)
            if self._count > VALUE_LIMIT:
                raise self._too_many(item)
        return values, _new(Inside, (event.start_mark, None, spots))

    def _mapping(self, event: Any) -> tuple[dict[str, Any], Spot]:
        following, node, scalar, end = self._next, self._node, yaml.ScalarEvent, yaml.MappingEndEvent
        values: dict[str, Any] = {}
        keys: dict[Key, Any] = {}
        spots: dict[Key, Spot] = {}
        while type(key_event := following()) is not end:
            plain = type(key_event) is scalar and key_event.anchor is None and key_event.value != "<<"
            key = key_event.value if plain else self._key(key_event)
            item = following()
            if type(item) is scalar and item.anchor is None:
                value, spot = self._scalar(item), item.start_mark
                self._count += 1
            else:
                value, spot = node(item)
            if self._count > VALUE_LIMIT:
                raise self._too_many(key_event)
            if key is None:
                continue
            if key in values:
                first = keys[key].line + 1
                self._report(key_event, "yaml-duplicate-key", f"`{key}` is given twice; first in line {first}")
                continue
            values[key] = value
            keys[key] = key_event.start_mark
            spots[key] = spot
        self._count += len(values)
        return values, _new(Inside, (event.start_mark, keys, spots))

    def _key(self, event: Any) -> str | None:
        """A key's text as written (`1: …` and `"1": …` are the same key), or None where it is none."""
        if type(event) is yaml.ScalarEvent:
            text: str = event.value
            if event.anchor:
                self._anchors[event.anchor] = _Anchored(text, event.start_mark, 1)
            if text == "<<" and event.implicit[0]:
                message = "merge keys (`<<`) are no part of YAML 1.2: write the keys out, or use a `product_class`"
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
            if not event.implicit[0] or (value and value[0] not in _PLAIN_START):
                return value
        elif tag in _TEXT_TAGS:
            return value
        try:
            resolved = resolve_plain(value)
        except ValueError as error:
            self._report(event, "yaml-number", str(error))
            return None
        if tag is not None and type(resolved) is not _TAGGED.get(tag):
            if tag in _TAGGED:
                self._report(event, "yaml-tag", f"`{value}` is not what its tag `{tag.removeprefix(_TAG)}` says")
            else:
                self._report(event, "yaml-tag", f"the tag `{tag}` means nothing here: {_UNTAG}")
        return resolved

    def _too_many(self, event: Any) -> _UnreadableError:
        return self._stop(event, "file-too-large", f"this file has more than {VALUE_LIMIT:,} values: split it")

    def _at(self, event: Any, code: str, message: str) -> Finding:
        return _finding(self._file, code, message, event.start_mark.line + 1, event.start_mark.column + 1)

    def _stop(self, event: Any, code: str, message: str) -> _UnreadableError:
        return _UnreadableError(self._at(event, code, message))

    def _report(self, event: Any, code: str, message: str) -> None:
        if len(self._reading.findings) >= FINDINGS_PER_FILE:
            raise self._stop(event, MORE, "there are too many mistakes above: the rest of this file was not read")
        self._reading.findings.append(self._at(event, code, message))

    def _syntax(self, error: yaml.MarkedYAMLError) -> Finding:
        unclosed = error.problem == "found unexpected end of stream"
        mark = (error.context_mark if unclosed else error.problem_mark) or error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = self._text.splitlines()
        rest = lines[line][column:] if line < len(lines) else ""
        problem = str(error.problem or error.context or "this is not YAML")
        code = "yaml-depth" if problem.startswith("exceeded maximum nesting depth") else "yaml-syntax"
        return _finding(self._file, code, _in_words(problem, rest, error), line + 1, column + 1)


_PROBLEMS = {
    "mapping values are not allowed": "a `:` cannot stand here: quote text with `: ` in it, or mend the indentation",
    "found character that cannot start": "text that begins with `{first}` must be quoted",
    "could not find expected ':'": "a `:` is missing after the key in the line above",
    "found unexpected end of stream": "the quote that begins here is never closed",
    "found unknown escape character": "in double quotes a backslash begins an escape: write `\\\\` for one",
    "did not find expected ',' or ']'": "a `,` or the closing `]` is missing before this",
    "did not find expected ',' or '}'": "a `,` or the closing `}` is missing before this; braces in text need quotes",
    "did not find expected '-' indicator": "a list item beginning with `-` was expected here: mend the indentation",
    "did not find expected key": "a key was expected here: mend the indentation, or quote the text before it",
    "did not find expected <document start>": "this belongs to nothing above: mend the indentation, or add `---`",
    "block sequence entries are not allowed": "a list cannot begin here: put `-` on a line of its own",
    "exceeded maximum nesting depth": f"this is nested more than {DEPTH_LIMIT} levels deep",
    "found undefined tag handle": "the tag means nothing here: leave it out, or quote the text if it begins with `!`",
}  # fmt: skip


def _in_words(problem: str, rest: str, error: yaml.MarkedYAMLError) -> str:
    if rest.startswith("\t"):
        return "a tab cannot indent YAML: use spaces"
    if problem.startswith("did not find expected key") and rest.startswith("- "):
        return (
            "a list item stands where a key was expected: is a blank missing after a `-` above, or the indent off?"
        )
    for beginning, words in _PROBLEMS.items():
        if problem.startswith(beginning):
            return words.replace("{first}", rest[:1])
    context = f" {error.context}" if error.context else ""
    return f"this is not YAML: {problem}{context}"


_PROPERTIES = re.compile(r"(?:[&!][^\s]*\s+)*")
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


def _character(text: str, mark: Any, value: str, offset: int) -> tuple[int, int]:
    """Line and column, from 0, of the character `offset` of the text `value` that is written at `mark`.

    Walks what is written along what it means: folded lines, indentation and escapes are the difference.
    """
    if "\n" not in value:
        index = mark.index
        if text.startswith(value, index) and text[index : index + 1] not in ("|", ">"):
            return mark.line, mark.column + offset
        if text.startswith(value, index + 1) and text[index] in "'\"":
            return mark.line, mark.column + 1 + offset
    properties = _PROPERTIES.match(text, mark.index)
    position = properties.end() if properties else mark.index
    style = text[position : position + 1]
    if style in ("|", ">"):
        position = _past_header(text, position)
    elif style in ("'", '"'):
        position += 1
    end = len(text)
    for character in value[:offset]:
        if position >= end:
            break
        written = text[position]
        if character in " \n" and written in " \t\n\r":
            position = _past_break(text, position)
        elif style == '"' and written == "\\":
            position = _past_escape(text, position)
        elif style == "'" and written == "'":
            position += 2
        else:
            position += 1
    breaks = text.count("\n", mark.index, position)
    column = position - (text.rfind("\n", 0, position) + 1) if breaks else mark.column + position - mark.index
    return mark.line + breaks, column


_BLANK = re.compile(r"[ \n]*")
_BREAK = re.compile(r"[ \t]*\r?\n[ \t]*")


def _past_header(text: str, position: int) -> int:
    """After the line of `|` or `>`, and the indentation of the first line of text."""
    blank = _BLANK.match(text, text.find("\n", position) + 1)
    return blank.end() if blank else position


def _past_break(text: str, position: int) -> int:
    """After one blank, or after a line's end with the next line's indentation."""
    match = _BREAK.match(text, position)
    return match.end() if match else position + 1


def _past_escape(text: str, position: int) -> int:
    kind = text[position + 1 : position + 2]
    return position + 2 + _HEX_ESCAPES.get(kind, 0)
