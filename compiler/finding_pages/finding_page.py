"""Reads the pages that explain findings.

A page is Markdown: front matter with `severity` and `subject`, the code as title, the meaning, and the sections
`## Fails` and `## Passes`. Each code block of a section is one file of the example: `definitions.yaml`, or the name in
a comment in its first line (`# order.yaml`). A block in `sh` is a script that runs in an empty folder. A finding
that only a worker gives has `given_by: worker` in its front matter, and blocks in `console`: what a terminal shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from compiler.language.strict_model import StrictModel
from compiler.source.findings import Severity

PAGES_FOLDER = Path(__file__).parent / "pages"

Subject = Literal["files", "definitions", "orders", "scenarios", "generated orders"]
SUBJECTS: Mapping[Subject, str] = {
    "files": "Files",
    "definitions": "Definitions",
    "orders": "Orders",
    "scenarios": "Scenarios",
    "generated orders": "Generated orders",
}
"""What a finding is about → the heading in the index."""

_PAGE = re.compile(
    r"---\n(?P<front>.*?)---\n+# (?P<code>[a-z-]+)\n+(?P<text>.*?)\n+"
    r"## Fails\n(?P<fails>.*?)\n## Passes\n(?P<passes>.*)",
    re.DOTALL,
)
_BLOCK = re.compile(r"^```(?P<language>yaml|sh|console)\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE_NAME = re.compile(r"# (?P<name>[a-z_]+\.yaml)\n")


class FindingExample(StrictModel):
    """Files by name, or a script that calls `ordo validate`, or what a terminal shows."""

    files: dict[str, str] = {}
    script: str | None = None
    session: str | None = None


class FindingPage(StrictModel):
    """What a finding means."""

    code: str
    severity: Severity
    """In a few codes some findings are warnings, though most are errors; the text then says which."""
    subject: Subject
    given_by: Literal["worker"] | None = None
    """None: `validate` gives it."""
    text: str
    """Markdown, without the examples."""
    fails: FindingExample
    passes: FindingExample
    markdown: str = Field(exclude=True, repr=False)
    """The whole page, without its front matter."""

    @property
    def summary(self) -> str:
        """The first sentence of the text."""
        return re.split(r"(?<=\.)\s", " ".join(self.text.split()), maxsplit=1)[0]


class UnknownCode(Exception):
    """There is no such code."""


@cache
def finding_codes() -> tuple[str, ...]:
    """All codes, sorted."""
    return tuple(sorted(path.stem for path in PAGES_FOLDER.glob("*.md")))


def read_page(code: str) -> FindingPage:
    """Raises UnknownCode."""
    if code not in finding_codes():
        raise UnknownCode(code)
    return parse_page((PAGES_FOLDER / f"{code}.md").read_text(encoding="utf-8"))


def parse_page(markdown: str) -> FindingPage:
    """Raises ValueError for a text that does not have the form of a page."""
    match = _PAGE.fullmatch(markdown)
    if match is None:
        raise ValueError("a page has front matter, a title, a text, `## Fails` and `## Passes`")
    return FindingPage(
        code=match["code"],
        text=match["text"],
        fails=_parse_example(match["fails"]),
        passes=_parse_example(match["passes"]),
        markdown=markdown[match.start("code") - 2 :],
        **yaml.safe_load(match["front"]),
    )


def _parse_example(section: str) -> FindingExample:
    example = FindingExample()
    for block in _BLOCK.finditer(section):
        content = block["content"]
        if block["language"] == "sh":
            return FindingExample(script=content)
        if block["language"] == "console":
            return FindingExample(session=content)
        named = _FILE_NAME.match(content)
        example.files[named["name"] if named else "definitions.yaml"] = content
    if not example.files:
        raise ValueError("an example has a block of `yaml`, `sh` or `console`")
    return example
