"""What `validate` looks at: definitions as one catalogue, and orders against it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cli.order_files import read_texts
from compiler.findings import Finding, OrderRejected

JSON_FILES = {".json", ".jsonl", ".ndjson"}
YAML_FILES = {".yaml", ".yml"}
_KIND = re.compile(rb"""^\s*["']?kind["']?\s*:""", re.MULTILINE)
_LINES = re.compile(rb"""^["']?lines["']?\s*:""", re.MULTILINE)


def findings_of(paths: Sequence[str], definitions: Path) -> list[Finding]:
    """Every finding in `paths`. Raises WrongUsage: a path that cannot be read.

    Files that lie in the folder `definitions` are checked with all of it; orders against the definitions named, or,
    where none are, against `definitions`.
    """
    orders = [file for path in paths for file in _orders_in(path)]
    named = [Path(path) for path in paths if not _orders_in(path)]
    within = named and all(path.is_file() and path.resolve().is_relative_to(definitions.resolve()) for path in named)
    checked = [definitions] if within or not named else named
    from compiler.loading import check

    findings = check(checked)
    broken = any(finding.severity == "error" for finding in findings)
    if within:
        inside = {path.resolve() for path in named}
        findings = [finding for finding in findings if Path(finding.file).resolve() in inside]
    elif not named and not broken:
        findings = []
    if orders and not broken:
        findings += _of_orders(orders, checked)
    return findings


def _orders_in(path: str) -> list[str]:
    """`path` itself, or the files of a folder, where what stands in them are orders; else nothing."""
    where = Path(path)
    if path == "-":
        return [path]
    if where.is_dir():
        files = sorted(each for each in where.rglob("*") if each.suffix in YAML_FILES | JSON_FILES and each.is_file())
        return [str(each) for each in files] if files and all(_is_order(each) for each in files) else []
    return [path] if where.is_file() and _is_order(where) else []


def _is_order(file: Path) -> bool:
    if file.suffix in JSON_FILES:
        return True
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return bool(_LINES.search(content)) and not _KIND.search(content)


def _of_orders(files: Iterable[str], checked: Sequence[Path]) -> list[Finding]:
    from compiler.compile import compile_order

    from compiler.loading import load_catalogue
    from compiler.orders import read_orders

    catalogue = load_catalogue(checked[0])
    findings: list[Finding] = []
    for text in read_texts(list(files)):
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
