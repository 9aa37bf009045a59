"""Texts in boxes: broken into lines and cut where they do not fit. Widths are estimated, as SVG cannot measure."""

from __future__ import annotations

NARROW, WIDE = frozenset("iljtfrI.,:;'|!()[] "), frozenset("mwMW@%—…ABCDEFGHKNOPQRSTUVXYZ")


def text_width(text: str, size: float) -> float:
    """About, in pixels, in a common sans-serif font."""
    return size * sum(_width(char) for char in text)


def _width(char: str) -> float:
    if ord(char) > 0x2E80:
        return 1.0
    return 0.36 if char in NARROW else 0.79 if char in WIDE else 0.61


def cut(text: str, width: float, size: float) -> str:
    """The text, shortened with `…` if it is wider."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, width: float, size: float, max_lines: int) -> list[str]:
    """At most `max_lines` lines, broken between words where possible; the last one is cut."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < max_lines:
        if len(lines) == max_lines - 1:
            lines.append(cut(" ".join(words), width, size))
            break
        line = words.pop(0)
        while words and text_width(f"{line} {words[0]}", size) <= width:
            line += " " + words.pop(0)
        lines.append(cut(line, width, size))
    return lines
