"""The index of all finding pages, as it is in docs/findings.md: `python -m compiler.finding_pages.index` renews it."""

from __future__ import annotations

import sys
from pathlib import Path

from compiler.finding_pages.finding_page import SUBJECTS, finding_codes, read_page

INDEX_FILE = Path("docs", "findings.md")
_MARK = "<!-- The tables below are written by `python -m compiler.finding_pages.index`. -->\n"


def index_tables() -> str:
    """A table for each subject, in Markdown."""
    pages = [read_page(code) for code in finding_codes()]
    parts = []
    for subject, heading in SUBJECTS.items():
        rows = [
            f"| [{page.code}](../compiler/finding_pages/pages/{page.code}.md) | {page.severity} | {page.summary} |\n"
            for page in pages
            if page.subject == subject
        ]
        if rows:
            parts.append(f"\n## {heading}\n\n| code | severity | meaning |\n|---|---|---|\n{''.join(rows)}")
    return "".join(parts)


def with_new_index(markdown: str) -> str:
    """The text of docs/findings.md with its tables renewed."""
    return markdown.split(_MARK)[0] + _MARK + index_tables()


if __name__ == "__main__":
    INDEX_FILE.write_text(with_new_index(INDEX_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{INDEX_FILE} is renewed: {len(finding_codes())} findings\n")
