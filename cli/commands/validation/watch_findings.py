"""`validate --watch`: checks again after each edit, and tells what it changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.commands.validation.collect_findings import FindingsCollector
from cli.framework.errors import UsageError
from cli.framework.file_watch import watch_files
from cli.framework.session import Session
from cli.user_input.order_files import ORDER_SUFFIXES, STDIN
from compiler.source.findings import Finding
from views.findings.changes import FindingChanges, change_lines, compare_findings
from views.shared.findings import finding_lines, findings_summary

if TYPE_CHECKING:
    from rich.text import Text


def watch_findings(session: Session, paths: Sequence[str]) -> None:
    """Prints all findings, and after each edit what it changed, until Ctrl-C. A terminal always shows all of them."""
    if STDIN in paths:
        raise UsageError("--watch reads files; standard input has no edits")
    collector = FindingsCollector(paths, session.definitions_dir)
    before: list[Finding] | None = None
    for changed in watch_files([*map(Path, paths), session.definitions_dir], ORDER_SUFFIXES):
        start = time.perf_counter()
        try:
            findings = collector.collect()
        except UsageError as error:  # A file went away while it was read; its next edit is seen.
            session.print_note(f"Error: {error}")
            continue
        taken = time.perf_counter() - start
        changes = compare_findings(before or (), findings)
        if session.is_terminal:
            session.console.clear()
        if before is None:
            session.print(*finding_lines(findings))
        else:
            session.print(_heading(changed, taken), *_lines(session, changes, findings))
        named = ", ".join(paths)
        session.print(f"{named}: {findings_summary(findings)}" if findings else f"{named}: valid, no findings")
        if before is None or session.is_terminal:
            session.print_note("Checked again after each edit; Ctrl-C ends.")
        before = findings


def _heading(changed: Sequence[Path], seconds: float) -> str:
    names = ", ".join(_shown(path) for path in changed[:3]) + (f" and {len(changed) - 3} more" if changed[3:] else "")
    return f"{datetime.now().astimezone():%H:%M:%S} {names} changed; checked in {seconds:.1f} s"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _lines(session: Session, changes: FindingChanges, findings: Sequence[Finding]) -> list[Text]:
    if not session.is_terminal:
        return change_lines(changes)
    new = set(map(id, changes.new))
    old = [finding for finding in findings if id(finding) not in new]
    return finding_lines(old) + change_lines(changes)
