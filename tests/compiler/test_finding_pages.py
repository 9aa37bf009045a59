"""Every finding code has a page, and every example does what its page says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.finding_pages.finding_page import finding_codes, parse_page, read_page
from compiler.finding_pages.index import with_new_index
from compiler.source.findings import MORE_FINDINGS_CODE
from tests.support.finding_examples import run_example
from tests.support.paths import ROOT

CODE = re.compile(r"(?!x-)[a-z]+(?:-[a-z]+)+")  # x-… are keywords of JSON Schema
NOT_COMPILER = ("cli", "gateway", "operations", "scenarios", "stack", "views", "workers", "activities", "editor")
FINDING_CALLS = {"finding", "finding_at", "file_finding", "Finding"}

each_code = pytest.mark.parametrize("code", finding_codes())


def texts_of(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and CODE.fullmatch(each.value):
            yield each.value


def codes_in_source() -> set[str]:
    """Each text in the compiler that has the form of a code; elsewhere, those that are given to a finding."""
    codes: set[str] = set()
    for path in (ROOT / "compiler").rglob("*.py"):
        codes.update(texts_of(ast.parse(path.read_text(encoding="utf-8"))))
    for path in (path for package in NOT_COMPILER for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
            if isinstance(node, ast.Call) and called in FINDING_CALLS:
                codes.update(texts_of(node))
    return codes


def test_every_code_has_a_page() -> None:
    assert codes_in_source() - set(finding_codes()) == set()


def test_every_page_is_of_a_code_that_exists() -> None:
    assert set(finding_codes()) - codes_in_source() == set()


@each_code
def test_page_is_named_after_its_code(code: str) -> None:
    assert read_page(code).code == code


@each_code
def test_failing_example_gives_the_finding_and_no_other(code: str, tmp_path: Path) -> None:
    page = read_page(code)
    findings = run_example(page.fails, tmp_path)
    found = {(finding.code, finding.severity) for finding in findings}
    if code == MORE_FINDINGS_CODE:  # it ends a long list of others
        assert (code, page.severity) in found
        return
    assert found == {(code, page.severity)}, "\n".join(map(str, findings))
    assert len(findings) == 1, "\n".join(map(str, findings))


@each_code
def test_passing_example_gives_no_finding(code: str, tmp_path: Path) -> None:
    assert [str(finding) for finding in run_example(read_page(code).passes, tmp_path)] == []


def test_index_in_the_documentation_is_complete() -> None:
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert text == with_new_index(text), "run `python -m compiler.finding_pages.index`"


@pytest.mark.parametrize(
    "markdown",
    [
        "",
        "# a-b\n\ntext",
        "---\nseverity: error\nsubject: files\n---\n\n# a-b\n\ntext\n\n## Fails\n\nnothing\n\n## Passes\n",
    ],
)
def test_text_that_is_no_page_is_refused(markdown: str) -> None:
    with pytest.raises(ValueError, match=r"a page has|an example has"):
        parse_page(markdown)
