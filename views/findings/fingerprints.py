"""What code hosts need to know a finding again, and to find its file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from compiler.source.findings import Finding


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """One for each finding. They stay the same if lines are added above; equal findings of a file are numbered."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for finding in findings:
        key = (finding.code, path_from_here(finding.file), finding.message)
        seen[key] += 1
        found.append(hashlib.sha256("\0".join((*key, str(seen[key]))).encode()).hexdigest())
    return found


def path_from_here(file: str) -> str:
    """The path relative to the working folder, if it is inside: code hosts show files of a repository."""
    path = Path(file)
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix() if path.is_absolute() else path.as_posix()
    except ValueError:
        return path.as_posix()
