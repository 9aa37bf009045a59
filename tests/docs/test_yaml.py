"""README and docs: each YAML block is what its page says it is, and has no error.

The second word of a block's info string, which readers do not see, completes a fragment: `yaml call` has keys of a
call, `yaml line` order lines, `yaml steps` the steps of a product. Pages with tests of their own are left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from compiler.load_catalogue import check_definitions
from compiler.source.findings import Finding
from tests.support.command_line import call
from tests.support.docs.doc_pages import Block, all_blocks
from tests.support.paths import ROOT

ELSEWHERE = {"guide.md", "cookbook.md", "modelling.md", "README.md"}
FRAMES = {
    "steps": "kind: commercial_product\nid: fragment\n{0}",
    "call": "kind: commercial_product\nid: fragment\nsteps:\n  step:\n    call:\n"
    "      system: billing\n      post: /a\n      format: xml\n{6}",
    "line": "id: fragment\ncustomer: {{id: C-1}}\nlines:\n{0}",
}
BLOCKS = [
    pytest.param(block, id=str(block))
    for block in all_blocks()
    if block.language == "yaml" and block.page.name not in ELSEWHERE
]


def framed(block: Block) -> str:
    if block.frame not in FRAMES:
        return block.text
    return FRAMES[block.frame].format(*(indent(block.text, " " * spaces) for spaces in range(7)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sample catalogue without scenarios."""
    shutil.copytree(ROOT / "definitions", tmp_path / "definitions", ignore=shutil.ignore_patterns("scenarios"))
    shutil.copytree(ROOT / "orders", tmp_path / "orders")
    return tmp_path / "definitions"


@pytest.mark.parametrize("block", BLOCKS)
def test_block_has_no_error(block: Block, folder: Path) -> None:
    text = framed(block)
    documents = [each for each in yaml.safe_load_all(text) if each]
    kinds = {each.get("kind", "order") for each in documents}
    if block.frame == "workflow":
        assert documents[0]["jobs"]
    elif block.frame == "environment":
        (folder.parent / "environment.yaml").write_text(text, encoding="utf-8")
        found = check_definitions([folder], folder.parent / "environment.yaml")
        assert _errors(found) == []
    elif kinds == {"order"}:
        (folder.parent / "order.yaml").write_text(text, encoding="utf-8")
        called = call("validate", folder.parent / "order.yaml", "--definitions", folder)
        assert "valid, no findings" in called.out, called
    else:
        _leave_out(folder, {str(each["id"]) for each in documents})
        (folder / "scenarios").mkdir()
        (folder / "scenarios" / "block.yaml").write_text(text, encoding="utf-8")
        assert _errors(check_definitions([folder])) == []


def _errors(findings: Iterable[Finding]) -> list[str]:
    return [str(finding) for finding in findings if finding.severity == "error"]


def _leave_out(folder: Path, ids: set[str]) -> None:
    """The block has documents of these ids in place of the sample catalogue's."""
    for file in folder.rglob("*.yaml"):
        parts = file.read_text(encoding="utf-8").split("\n---\n")
        kept = [part for part in parts if str(yaml.safe_load(part)["id"]) not in ids]
        file.write_text("\n---\n".join(kept), encoding="utf-8")
