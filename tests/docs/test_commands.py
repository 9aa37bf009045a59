"""README and docs: each command that a page shows is one that the command line understands."""

from __future__ import annotations

import re

import pytest
import typer
import typer.main
from typer.core import TyperGroup

from cli.app import build_app
from tests.support.docs.doc_pages import PAGES, all_blocks
from tests.support.paths import ROOT

COMMAND_LINE = typer.main.get_command(build_app("python starter.py", False))
SHOWN = [pytest.param(words, id=f"{block} {words[0]}") for block in all_blocks() for words, _ in block.commands()]


@pytest.mark.parametrize("words", SHOWN)
def test_command_is_understood(words: list[str]) -> None:
    assert isinstance(COMMAND_LINE, TyperGroup)
    name, command, arguments = COMMAND_LINE.resolve_command(typer.Context(COMMAND_LINE), _without_shell(words))
    assert command is not None
    command.make_context(name, arguments)


def _without_shell(words: list[str]) -> list[str]:
    """Without what the shell does: `> plan.html`."""
    return words[: words.index(">")] if ">" in words else words


def test_pages_have_blocks_that_can_be_found() -> None:
    """A block that is not closed, or is closed with other blanks, would not be tested."""
    for page in PAGES:
        fences = re.findall(r"^ *```", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) == 2 * sum(block.page == page for block in all_blocks()), page.relative_to(ROOT)
