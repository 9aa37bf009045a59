"""Which scenarios are run: by paths, by ids, and by a `-k` expression as pytest has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scenarios.scenario_order import ScenarioEntry

Match = Callable[[str], bool]
_TOKEN = re.compile(r"\s*(\(|\)|[^\s()]+)")


class SelectionError(Exception):
    """The selection cannot be understood; the message says why."""


def is_selected_by(path: str, entry: ScenarioEntry) -> bool:
    """Whether `path` is the scenario's id, its file, or a folder that has the file."""
    if path == entry.model.id:
        return True
    file, wanted = Path(entry.document.file).resolve(), Path(path).resolve()
    return file == wanted or wanted in file.parents


def select(entries: Sequence[ScenarioEntry], paths: Iterable[str], expression: str | None) -> list[ScenarioEntry]:
    """Without paths, all. Raises SelectionError for a wrong expression."""
    named = [*paths]
    chosen = [entry for entry in entries if not named or any(is_selected_by(path, entry) for path in named)]
    if expression is None:
        return chosen
    match = compile_expression(expression)
    return [entry for entry in chosen if match(_searched_text(entry))]


def _searched_text(entry: ScenarioEntry) -> str:
    return f"{entry.model.id} {entry.document.file} {entry.model.name or ''}".lower()


def compile_expression(expression: str) -> Match:
    """`and`, `or`, `not` and parentheses over words; a word matches if the text has it, whatever its case.

    Raises SelectionError.
    """
    parser = _Parser(expression)
    match = parser.read_or()
    if parser.next is not None:
        raise SelectionError(f"-k `{expression}`: `{parser.next}` is not expected there")
    return match


class _Parser:
    """Reads `or` before `and` before `not`, as Python does."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = [found[1] for found in _TOKEN.finditer(expression.strip())]
        self._position = 0

    @property
    def next(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, word: str) -> bool:
        if self.next != word:
            return False
        self._position += 1
        return True

    def read_or(self) -> Match:
        match = self._read_and()
        while self._take("or"):
            match = _either(match, self._read_and())
        return match

    def _read_and(self) -> Match:
        match = self._read_not()
        while self._take("and"):
            match = _both(match, self._read_not())
        return match

    def _read_not(self) -> Match:
        if self._take("not"):
            inner = self._read_not()
            return lambda text: not inner(text)
        if self._take("("):
            match = self.read_or()
            if not self._take(")"):
                raise SelectionError(f"-k `{self._expression}`: a `)` is missing")
            return match
        word = self.next
        if word is None or word in ("and", "or", ")"):
            raise SelectionError(f"-k `{self._expression}`: a word is missing" + (f" before `{word}`" if word else ""))
        self._position += 1
        return lambda text: word.lower() in text


def _either(one: Match, other: Match) -> Match:
    return lambda text: one(text) or other(text)


def _both(one: Match, other: Match) -> Match:
    return lambda text: one(text) and other(text)
