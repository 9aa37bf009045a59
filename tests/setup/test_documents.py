"""README and docs: links lead somewhere, commands exist, and what they show is what comes out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.docs import readme
from tests.support.docs.readme import README
from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FINDING_PAGES = sorted((ROOT / "compiler" / "finding_pages" / "pages").glob("*.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
STARTER = [sys.executable, str(ROOT / "starter.py")]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """The page without its code blocks and code."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def starter(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*STARTER, *words], cwd=cwd, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("page", [*PAGES, *FINDING_PAGES], ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), f"{name_of(page)} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(to), f"{name_of(page)} links to {target}: no such heading"


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    listed = set(LINK.findall(index))
    pages = {str(page.relative_to(ROOT / "docs")) for page in PAGES[1:]} - {"README.md"}
    assert pages <= listed, f"docs/README.md leaves out {pages - listed}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w.-]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) <= targets


def test_every_command_that_is_named_exists() -> None:
    known = set(re.findall(r"^  ([a-z]+) ", starter("--help").stdout, re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"python starter\.py ([a-z]+)", page.read_text(encoding="utf-8")))
        assert named <= known, f"{name_of(page)} names {named - known}"


def test_the_picture_of_a_plan_is_what_the_command_draws() -> None:
    (file,) = re.findall(r"!\[[^]]*\]\((docs/pictures/[a-z_]+\.svg)\)", README)
    (command,) = re.findall(r"`python starter\.py (plan \S+ --format svg)`", README)
    drawn = starter(*command.split())
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout == (ROOT / file).read_text(), f"draw it again: python starter.py {command} > {file}"


def test_the_offer_that_readers_add_is_valid_and_gives_a_plan(tmp_path: Path) -> None:
    folder = readme.copied(tmp_path)
    readme.save_files(folder)
    validate, plan, test, start = readme.commands()
    assert validate[0] == "validate"
    assert plan[0] == "plan"
    assert test[0] == "test"
    assert start[0] == "start"
    valid = starter(*validate, cwd=folder)
    assert valid.returncode == 0, valid.stdout + valid.stderr
    assert "no findings" in valid.stdout
    planned = starter(*plan, cwd=folder)
    assert planned.returncode == 0, planned.stderr
    for step in ("Reserve stock", "Hand the parcel to the carrier", "Start billing"):
        assert step in planned.stdout
    tested = starter(*test, cwd=folder)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "1 passed" in tested.stdout
