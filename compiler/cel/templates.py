"""Text with `${…}`: split into its pieces, and rendered with the values of its expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from compiler.cel.evaluation import evaluate
from compiler.values import as_text

_TEMPLATE_START = re.compile(r"\$\$\{|\$\{")


@lru_cache(maxsize=100_000)
def split_template(text: str) -> tuple[str | tuple[int, str], ...]:
    """The pieces of `text`: a literal str, or (offset of the expression in `text`, expression).

    `${ … }` ends at its matching brace outside quotes; `$${` is a literal `${`.
    Raises ValueError if a brace is not closed.
    """
    pieces: list[str | tuple[int, str]] = []
    literal = ""
    position = 0
    while match := _TEMPLATE_START.search(text, position):
        literal += text[position : match.start()]
        if match[0] == "$${":
            literal, position = literal + "${", match.end()
            continue
        end = _closing_brace(text, match.end())
        if literal:
            pieces.append(literal)
            literal = ""
        pieces.append((match.end(), text[match.end() : end]))
        position = end + 1
    literal += text[position:]
    if literal or not pieces:
        pieces.append(literal)
    return tuple(pieces)


def _closing_brace(text: str, start: int) -> int:
    depth, quote, position = 0, "", start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            if depth == 0:
                return position
            depth -= 1
        position += 1
    raise ValueError("`${` is not closed by a `}`")


def render_template(template: Any, bindings: Mapping[str, Any]) -> Any:
    """`template` (any JSON value) with each `${…}` replaced. Alone, a value keeps its type; inside text it is text.

    Raises EvaluationError if an expression has no value.
    """
    if isinstance(template, str):
        if "${" not in template:
            return template
        pieces = split_template(template)
        if len(pieces) == 1:
            piece = pieces[0]
            return piece if isinstance(piece, str) else evaluate(piece[1], bindings)
        return "".join(p if isinstance(p, str) else as_text(evaluate(p[1], bindings)) for p in pieces)
    if isinstance(template, dict):
        return {key: render_template(value, bindings) for key, value in template.items()}
    if isinstance(template, list):
        return [render_template(value, bindings) for value in template]
    return template
