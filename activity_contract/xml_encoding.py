"""XML as JSON-like data, and back: `@name` is an attribute, `#text` the text beside attributes or child elements.

A document is a mapping with one key, its root element. An element without attributes and children is its text, or null
if it is empty. Elements of the same name under one parent are a list. Prefixes and `xmlns` are kept as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from compiler.values import as_text

MAX_DEPTH = 100
MAX_ELEMENTS = 100_000
ATTRIBUTE_PREFIX, TEXT_KEY = "@", "#text"
_NAME = re.compile(r"[^\W\d][\w.-]*(:[^\W\d][\w.-]*)?")
_INVALID_CHARS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WHITESPACE_ENTITIES = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}

Element = dict[str, Any]


def encode_xml(document: Any) -> str:
    """Raises ValueError, with the reason, if `document` cannot be written as XML."""
    if not isinstance(document, dict) or len(document) != 1:
        raise ValueError("an XML body must be a mapping with one key, the name of its root element")
    (name, root), *_ = document.items()
    if isinstance(root, list):
        raise ValueError(f"the root element `{name}` cannot be a list")
    return '<?xml version="1.0" encoding="UTF-8"?>' + "".join(_encode_element(name, root, 1))


def _encode_element(name: str, value: Any, level: int) -> Iterator[str]:
    if level > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, list):
        for item in value:
            if isinstance(item, list):
                raise ValueError(f"the list `{name}` holds a list, which has no element name")
            yield from _encode_element(name, item, level)
        return
    _check_name(name)
    if not isinstance(value, dict):
        yield f"<{name}/>" if value is None else f"<{name}>{_text(value)}</{name}>"
        return
    attributes = "".join(
        f" {_check_name(key[1:])}={quoteattr(_check_characters(as_text(item)), _WHITESPACE_ENTITIES)}"
        for key, item in value.items()
        if key.startswith(ATTRIBUTE_PREFIX) and item is not None
    )
    yield f"<{name}{attributes}>"
    for key, item in value.items():
        if key == TEXT_KEY:
            yield "" if item is None else _text(item)
        elif not key.startswith(ATTRIBUTE_PREFIX):
            yield from _encode_element(key, item, level + 1)
    yield f"</{name}>"


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"`{name[:100]}` is not a valid name of an XML element or attribute")
    return name


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError("`#text` must be one text, number or truth value")
    return escape(_check_characters(as_text(value)), {"\r": "&#13;"})


def _check_characters(text: str) -> str:
    if _INVALID_CHARS.search(text):
        raise ValueError("it holds a control character, which XML cannot carry")
    return text


def parse_xml(raw: bytes, encoding: str | None) -> Element:
    """The document in `raw`. `encoding`: from the response's header; None leaves it to the document.

    Raises ValueError if it is not well-formed, or could be an attack: it has a document type (which could define
    entities), more than MAX_DEPTH levels, or more than MAX_ELEMENTS elements and attributes.
    """
    try:
        parser = expat.ParserCreate(encoding)
        builder = _DocumentBuilder()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = builder.start
        parser.EndElementHandler = builder.end
        parser.CharacterDataHandler = builder.text
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise ValueError(f"{expat.ErrorString(error.code)} (line {error.lineno}, column {error.offset + 1})") from None
    except LookupError:
        raise ValueError("its encoding is unknown") from None
    return builder.document


def _refuse_doctype(*_: Any) -> None:
    raise ValueError("it has a document type (DOCTYPE), which is not allowed")


class _DocumentBuilder:
    """Builds the document from expat's events, with a stack of open elements and their texts."""

    def __init__(self) -> None:
        self.document: Element = {}
        self._open: list[tuple[str, Element, list[str]]] = []
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1 + len(attributes)
        if len(self._open) >= MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
        if self._elements > MAX_ELEMENTS:
            raise ValueError(f"it has more than {MAX_ELEMENTS} elements and attributes")
        self._open.append((name, {ATTRIBUTE_PREFIX + key: value for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _: str) -> None:
        name, content, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Any = content or (text or None)
        if content and text:
            content[TEXT_KEY] = text
        parent = self._open[-1][1] if self._open else self.document
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]
