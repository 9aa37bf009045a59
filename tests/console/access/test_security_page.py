"""docs/console-security.md: the tests that it names are there."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "console-security.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "console").rglob("test_*.py"))
    assert len(named) > 20
    assert named <= set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.M))


def test_every_item_has_a_test_or_a_reason() -> None:
    rows = [line.strip("|").split(" | ") for line in PAGE.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) > 35
    for row in rows:
        assert len(row) == 3, row
        assert all(cell.strip() for cell in row), row
