"""Where the expressions of a step are written, for messages at run time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from compiler.source.document import Document
from compiler.source.findings import SourceLocation
from compiler.typecheck.expression_sites import ExpressionSite


class ExpressionLocations(Mapping[str, SourceLocation]):
    """Expression → its first position. Computed when somebody asks: most steps of a catalogue never need it."""

    def __init__(self, document: Document, sites: Sequence[ExpressionSite]) -> None:
        self._document, self._sites = document, sites

    @cached_property
    def _found(self) -> dict[str, SourceLocation]:
        locate = self._document.location_in_text
        return {one.expression: locate(one.path, one.offset) for one in reversed(self._sites)}

    def __getitem__(self, expression: str) -> SourceLocation:
        return self._found[expression]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
