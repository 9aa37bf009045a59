"""What `validate` looks at: definitions as one catalogue, and orders against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cli.user_input.order_files import ORDER_SUFFIXES, looks_like_order_file, read_order_files
from compiler.source.findings import Finding, OrderRejected


def collect_findings(paths: Sequence[str], definitions: Path) -> list[Finding]:
    """Every finding in `paths`. Raises WrongUsage: a path that cannot be read.

    Parts of the folder `definitions` are checked with all of it; orders against the definitions named, or, where none
    are, against `definitions`.
    """
    orders = [file for path in paths for file in _order_files(path)]
    named = [Path(path) for path in paths if not _order_files(path)]
    parts = bool(named) and all(_is_inside_catalogue(path, definitions) for path in named)
    checked = [definitions] if parts or not named else named
    from compiler.load_catalogue import check_definitions

    findings = check_definitions(checked)
    broken = any(finding.severity == "error" for finding in findings)
    if parts:
        findings = [finding for finding in findings if any(_is_within(finding.file, path) for path in named)]
    elif not named and not broken:
        findings = []
    if orders and not broken:
        if len(checked) > 1 or not checked[0].is_dir():
            return check_definitions([*checked, *map(Path, orders)])
        findings += _order_findings(orders, checked[0])
    return findings


def concerns_catalogue(paths: Sequence[str], definitions: Path) -> bool:
    """Whether all `paths` are orders, or parts of the folder `definitions`."""
    return all(_order_files(path) or _is_within(path, definitions) for path in paths)


def _is_inside_catalogue(path: Path, definitions: Path) -> bool:
    """A file or folder below the folder of the catalogue."""
    return path.exists() and definitions.resolve() in path.resolve().parents


def _is_within(file: str, path: Path) -> bool:
    where, whole = Path(file).resolve(), path.resolve()
    return where == whole or whole in where.parents


def _order_files(path: str) -> list[str]:
    """`path` itself, or the files of a folder, where what stands in them are orders; else nothing."""
    where = Path(path)
    if path == "-":
        return [path]
    if where.is_dir():
        files = sorted(each for each in where.rglob("*") if each.suffix in ORDER_SUFFIXES and each.is_file())
        return [str(each) for each in files] if files and all(looks_like_order_file(each) for each in files) else []
    return [path] if where.is_file() and looks_like_order_file(where) else []


def _order_findings(files: Iterable[str], definitions: Path) -> list[Finding]:
    from compiler.compile_order import compile_order
    from compiler.load_catalogue import load_catalogue
    from compiler.orders.reader import read_orders

    catalogue = load_catalogue(definitions)
    findings: list[Finding] = []
    for text in read_order_files(list(files)):
        try:
            orders = read_orders(text.text, text.file)
        except OrderRejected as rejected:
            findings += rejected.findings
            continue
        for order in orders:
            try:
                compile_order(order, catalogue, text.file)
            except OrderRejected as rejected:
                findings += rejected.findings
    return findings
