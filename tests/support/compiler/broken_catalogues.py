"""The shipped catalogue with one mistake in it. The mistakes are in tests/compiler/broken, by subject."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from compiler.load_catalogue import check_definitions
from compiler.source.findings import Finding, Severity
from tests.definitions.conftest import DEFINITIONS
from tests.support.compiler.written_catalogues import MARK

MISTAKES_FOLDER = Path(__file__).parents[2] / "compiler" / "broken"


class Mistake(BaseModel):
    """One change of one file, and the only finding that it may give."""

    model_config = ConfigDict(extra="forbid")

    file: str
    """Relative to the definitions. A new file, if there is nothing to `replace`."""
    replace: str = ""
    """Occurs in the file; the first occurrence is replaced."""
    by: str
    """`«` marks where the finding points to, unless that is in `at`."""
    at: str = ""
    """A text of the changed catalogue with `«`, where the finding is not in what was changed."""
    in_: str = Field("", alias="in")
    """The file of `at`, if it is another one."""
    code: str
    severity: Severity = "error"
    words: str = ""
    """Occur in the message."""


def read_mistakes() -> dict[str, Mistake]:
    """All mistakes, by a name."""
    return {
        f"{path.stem}-{number}-{mistake.code}": mistake
        for path in sorted(MISTAKES_FOLDER.glob("*.yaml"))
        for number, mistake in enumerate(map(Mistake.model_validate, yaml.safe_load(path.read_text("utf-8"))), 1)
    }


def make_mistake(mistake: Mistake, folder: Path) -> tuple[str, list[Finding]]:
    """The expected place `FILE:LINE:COLUMN` in the new `folder`, and the findings of the catalogue there."""
    shutil.copytree(DEFINITIONS, folder, ignore=shutil.ignore_patterns("scenarios"))
    changed = folder / mistake.file
    text = changed.read_text("utf-8") if mistake.replace else ""
    assert mistake.replace in text, f"{mistake.file} does not contain {mistake.replace!r}"
    changed.write_text(text.replace(mistake.replace, mistake.by.replace(MARK, ""), 1), encoding="utf-8")
    place = (
        _place_in_change(mistake, text)
        if not mistake.at
        else _place_of(mistake.at, folder / (mistake.in_ or mistake.file))
    )
    return f"{folder / (mistake.in_ or mistake.file)}:{place}", check_definitions([folder])


def _place_in_change(mistake: Mistake, text: str) -> str:
    return _line_and_column(text[: text.index(mistake.replace)] + mistake.by[: mistake.by.index(MARK)])


def _place_of(marked: str, file: Path) -> str:
    text = file.read_text("utf-8")
    start = text.index(marked.replace(MARK, ""))
    return _line_and_column(text[:start] + marked[: marked.index(MARK)])


def _line_and_column(before: str) -> str:
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
