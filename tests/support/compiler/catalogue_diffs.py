"""Differences of catalogues that are written in a test, in short texts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from compiler.diff.change import CatalogueDiff, Change
from compiler.diff.compare_catalogues import diff_catalogues
from compiler.incremental_loader import IncrementalLoader
from compiler.loaded_definitions import LoadedDefinitions
from views.diff.words import describe


def loaded_text(text: str) -> LoadedDefinitions:
    """The definitions of one file."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "catalogue.yaml").write_text(text, encoding="utf-8")
        return IncrementalLoader([Path(folder)]).load()


def diff_texts(old: str, new: str, *, try_out: bool = True) -> CatalogueDiff:
    return diff_catalogues(loaded_text(old), loaded_text(new), try_out=try_out)


def edited(text: str, before: str, after: str) -> str:
    """The text with one place replaced, which must be there once."""
    assert text.count(before) == 1, f"{before!r} is there {text.count(before)} times"
    return text.replace(before, after)


def told(change: Change) -> str:
    """`breaking: attribute `n` is gone`."""
    return f"{change.severity.value}: {describe(change)}"
