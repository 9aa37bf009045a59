"""docs/console-security.md: the tests that it names are there."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "console-security.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    files = [path for folder in ("console", "browser") for path in (ROOT / "tests" / folder).rglob("test_*.py")]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert len(named) > 20
    assert named <= set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.M))


def test_every_item_has_a_test_or_a_reason() -> None:
    rows = [line.strip("|").split(" | ") for line in PAGE.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) > 35
    for row in rows:
        assert len(row) == 3, row
        assert all(cell.strip() for cell in row), row
