"""Every finding code has a page, and every example does what its page says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from activities.compilation.compile_amendment import CUSTOMER_CHANGED, VERSION_UNUSABLE
from activities.compilation.compile_order import PLAN_TOO_LARGE
from activity_contract.compilation import INTERNAL_ERROR_CODE
from compiler.finding_pages.finding_page import finding_codes, parse_page, read_page
from compiler.finding_pages.index import with_new_index
from compiler.source.findings import MORE_FINDINGS_CODE
from tests.support.docs.finding_examples import run_example
from tests.support.paths import ROOT

CODE = re.compile(r"(?!x-)[a-z]+(?:-[a-z]+)+")  # x-… are keywords of JSON Schema
OTHER_PACKAGES = (
    *("activities", "activity_contract", "cli", "gateway", "operations"),
    *("scenarios", "stack", "views", "workers", "workflows"),
)
FINDING_CALLS = {"finding", "finding_at", "file_finding", "order_finding", "Finding"}

each_code = pytest.mark.parametrize("code", finding_codes())
each_example = pytest.mark.parametrize("code", [code for code in finding_codes() if not read_page(code).given_by])


def texts_of(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and CODE.fullmatch(each.value):
            yield each.value


@cache
def compiler_codes() -> set[str]:
    """Each text in the compiler that has the form of a code."""
    paths = (ROOT / "compiler").rglob("*.py")
    return {code for path in paths for code in texts_of(ast.parse(path.read_text(encoding="utf-8")))}


@cache
def other_codes() -> set[str]:
    """What is given to findings outside the compiler, as texts or by the names of constants."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for package in OTHER_PACKAGES
        for path in (ROOT / package).rglob("*.py")
    ]
    constants = {
        target.id: code
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        for code in texts_of(node.value)
    }
    codes: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        called = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
        if isinstance(node, ast.Call) and called in FINDING_CALLS:
            codes.update(texts_of(node))
            names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            codes.update(constants[name] for name in names & constants.keys())
    return codes


def test_each_code_has_a_page_and_each_page_is_of_a_code() -> None:
    assert set(finding_codes()) == compiler_codes() | other_codes()


@each_code
def test_page_is_named_after_its_code(code: str) -> None:
    assert read_page(code).code == code


def test_pages_say_which_findings_only_a_worker_gives() -> None:
    given = {code for code in finding_codes() if read_page(code).given_by == "worker"}
    expected = {PLAN_TOO_LARGE, VERSION_UNUSABLE, CUSTOMER_CHANGED, INTERNAL_ERROR_CODE}
    assert given == other_codes() - compiler_codes() == expected


@each_example
def test_failing_example_gives_the_finding_and_no_other(code: str, tmp_path: Path) -> None:
    page = read_page(code)
    findings = run_example(page.fails, tmp_path)
    found = {(finding.code, finding.severity) for finding in findings}
    if code == MORE_FINDINGS_CODE:  # it ends a long list of others
        assert (code, page.severity) in found
        return
    assert found == {(code, page.severity)}, "\n".join(map(str, findings))
    assert len(findings) == 1, "\n".join(map(str, findings))


@each_example
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
