"""Elements of SVG and HTML. Every text and attribute is escaped when the tree is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, tostring

Child = Element | str | None
_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may contain."""


def element(tag: str, attributes: Mapping[str, object] | None = None, *children: Child) -> Element:
    """An element. Attributes are texts or numbers, which are written as short as possible. Children may be None."""
    made = Element(tag, {name: _attribute(value) for name, value in (attributes or {}).items()})
    append(made, children)
    return made


def append(parent: Element, children: Iterable[Child]) -> None:
    for child in children:
        if isinstance(child, Element):
            parent.append(child)
        elif child is not None:
            _append_text(parent, clean(child))


def _append_text(parent: Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def with_code(text: str) -> list[Child]:
    """Parts of the text in backticks as `code` elements."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return [text]
    return [element("code", None, part) if at % 2 else part for at, part in enumerate(parts)]


def clean(text: str) -> str:
    """The text without characters that a document cannot contain; each becomes the replacement character."""
    return _NOT_ALLOWED.sub("\ufffd", text)


def write_xml(root: Element) -> str:
    return tostring(root, encoding="unicode")


def write_html(root: Element) -> str:
    """HTML: elements without content have an end tag where HTML needs one, and scripts and styles are not escaped."""
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html")


def _attribute(value: object) -> str:
    return f"{round(value, 2):g}" if isinstance(value, int | float) else clean(str(value))
