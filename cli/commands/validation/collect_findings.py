"""The findings of `validate`: definitions are checked as one catalogue, and orders against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.user_input.order_files import ORDER_SUFFIXES, STDIN, LoadedOrder, looks_like_order_file, read_order_files
from compiler.source.findings import Finding, OrderRejected

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from compiler.incremental_loader import IncrementalLoader
    from compiler.loaded_definitions import LoadedDefinitions


def collect_findings(paths: Sequence[str], definitions: Path) -> list[Finding]:
    """All findings about `paths`. Raises UsageError for a path that cannot be read."""
    return FindingsCollector(paths, definitions).collect()


class FindingsCollector:
    """Collects the findings about some paths, again and again; what did not change is not checked again.

    A part of the folder `definitions` is checked together with the whole folder. Orders are checked against the
    definitions among `paths`, or against `definitions` if there are none.
    """

    def __init__(self, paths: Sequence[str], definitions: Path) -> None:
        self._paths, self._definitions = paths, definitions
        self._loaders: dict[tuple[Path, ...], IncrementalLoader] = {}

    def collect(self) -> list[Finding]:
        """Raises UsageError for a path that cannot be read."""
        from compiler.source.garbage_collection import gc_paused, promote_gc_generation

        with gc_paused():
            findings = self._collect()
            promote_gc_generation()
            return findings

    def _collect(self) -> list[Finding]:
        orders = [file for path in self._paths for file in _order_files(path)]
        named = [Path(path) for path in self._paths if not _order_files(path)]
        only_parts = bool(named) and all(_is_inside_catalogue(path, self._definitions) for path in named)
        checked = [self._definitions] if only_parts or not named else named
        together = len(checked) > 1 or not checked[0].is_dir()
        loaded = self._load([*checked, *(Path(file) for file in orders if together)])
        findings = loaded.findings
        if only_parts:
            findings = [finding for finding in findings if any(_is_within(finding.file, path) for path in named)]
        elif not named and not loaded.refused:
            findings = []
        if not orders or together or loaded.refused:
            return findings
        return findings + _order_findings(orders, loaded.catalogue)

    def _load(self, paths: Sequence[Path]) -> LoadedDefinitions:
        from compiler.incremental_loader import IncrementalLoader

        loader = self._loaders.get(tuple(paths))
        if loader is None:
            self._loaders = {tuple(paths): IncrementalLoader(paths)}
            loader = self._loaders[tuple(paths)]
        return loader.load()


def concerns_catalogue(paths: Sequence[str], definitions: Path) -> bool:
    """Whether all `paths` are orders, or parts of the folder `definitions`."""
    return all(_order_files(path) or _is_within(path, definitions) for path in paths)


def _is_inside_catalogue(path: Path, definitions: Path) -> bool:
    return path.exists() and definitions.resolve() in path.resolve().parents


def _is_within(file: str, path: Path) -> bool:
    return Path(file).resolve().is_relative_to(path.resolve())


def _order_files(path: str) -> list[str]:
    """`path`, or the files in that folder, if they hold orders; else nothing."""
    if path == STDIN:
        return [path]
    root = Path(path)
    if root.is_dir():
        files = sorted(file for file in root.rglob("*") if file.suffix in ORDER_SUFFIXES and file.is_file())
        return [str(file) for file in files] if all(looks_like_order_file(file) for file in files) else []
    return [path] if root.is_file() and looks_like_order_file(root) else []


def _order_findings(files: Iterable[str], catalogue: Catalogue) -> list[Finding]:
    from compiler.orders.reader import read_orders

    findings: list[Finding] = []
    for text in read_order_files(list(files)):
        try:
            orders = [LoadedOrder(order, text.file) for order in read_orders(text.text, text.file)]
        except OrderRejected as rejected:
            findings += rejected.findings
        else:
            findings += compile_findings(orders, catalogue)
    return findings


def compile_findings(orders: Iterable[LoadedOrder], catalogue: Catalogue) -> list[Finding]:
    """Everything that a worker with this catalogue would reject the orders for, or warn of."""
    from compiler.compile_order import compile_with_warnings

    findings: list[Finding] = []
    for loaded in orders:
        compilation = compile_with_warnings(loaded.order, catalogue, loaded.file)
        findings += [*compilation.findings, *compilation.warnings]
    return findings
