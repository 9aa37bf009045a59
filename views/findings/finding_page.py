"""The page of a finding code, for a terminal and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from compiler.finding_pages.finding_page import FindingExample, FindingPage
from views.shared.findings import SEVERITY_STYLES

_LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)*([^)]*)\)")
_INDENT = (0, 0, 0, 2)


def render_finding_page(page: FindingPage) -> Iterator[RenderableType]:
    yield Text.assemble((page.code, "bold"), " (", (page.severity, SEVERITY_STYLES[page.severity]), ")")
    yield ""
    yield plain_text(page.text)
    for heading, example in (("Fails:", page.fails), ("Passes:", page.passes)):
        yield ""
        yield Text(heading, "bold")
        yield from _render_example(example)


def plain_text(markdown: str) -> str:
    """Paragraphs as single lines; a link becomes its text and its address."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in markdown.split("\n\n")]
    return _LINK.sub(r"\1 (\2)", "\n\n".join(paragraphs))


def _render_example(example: FindingExample) -> Iterator[RenderableType]:
    for content in (*example.files.values(), example.script, example.session):
        if content is None:
            continue
        yield ""
        yield Padding(Text(content.rstrip("\n"), "cyan"), _INDENT)


def finding_page_to_json(page: FindingPage) -> dict[str, Any]:
    return page.model_dump(mode="json", exclude_none=True)
