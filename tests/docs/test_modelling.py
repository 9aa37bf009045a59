"""docs/modelling.md: each picture is what `plan` draws of the definitions and the order above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import call
from tests.support.docs.doc_pages import Block, blocks_of
from tests.support.paths import ROOT

BLOCKS = blocks_of(ROOT / "docs" / "modelling.md")
EXAMPLES = list(zip(BLOCKS[::3], BLOCKS[1::3], BLOCKS[2::3], strict=True))


@pytest.mark.parametrize(("definitions", "order", "picture"), EXAMPLES, ids=[str(each[2]) for each in EXAMPLES])
def test_picture_is_what_plan_draws(definitions: Block, order: Block, picture: Block, tmp_path: Path) -> None:
    assert (definitions.language, order.frame, picture.language) == ("yaml", "order", "mermaid")
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "example.yaml").write_text(definitions.text, encoding="utf-8")
    (tmp_path / "order.yaml").write_text(order.text, encoding="utf-8")
    where = ("--definitions", tmp_path / "definitions")
    assert "valid" in call("validate", *where).out
    drawn = call("plan", tmp_path / "order.yaml", "--format", "mermaid", *where)
    assert drawn.status == 0, drawn.err
    assert drawn.out.strip() == picture.text.strip()


def test_each_of_the_five_rules_has_a_picture() -> None:
    page = (ROOT / "docs" / "modelling.md").read_text(encoding="utf-8")
    sections = page.split("\n### Rule ")[1:]
    assert sorted(section[0] for section in sections) == ["1", "2", "3", "4", "5"]
    assert all("```mermaid" in section for section in sections)
