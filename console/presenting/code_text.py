"""Texts of the definitions' readers, in which backticks mark code."""

from __future__ import annotations

from markupsafe import Markup, escape


def code_text(text: str) -> Markup:
    """HTML: parts in backticks as `code`, and everything escaped. An odd backtick stays as it is."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )
