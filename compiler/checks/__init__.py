"""The checks that a catalogue passes before it is used, each in the file that its subject names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compiler.definitions import Definitions
from compiler.findings import Finding

Check = Callable[[Definitions], Iterable[Finding]]

CHECKS: tuple[Check, ...] = ()


def findings_in(definitions: Definitions) -> list[Finding]:
    """What every check has to say, errors and warnings."""
    return [finding for check in CHECKS for finding in check(definitions)]
