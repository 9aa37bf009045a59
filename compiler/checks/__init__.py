"""The checks that a catalogue passes before it is used, each in the file that its subject names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compiler.checks import (
    actions,
    conditions,
    cycles,
    declarations,
    expressions,
    outputs,
    references,
    scenarios,
    use,
)
from compiler.findings import FINDINGS_TOLD, Finding, bounded
from compiler.survey import Survey

Check = Callable[[Survey], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    references.check,
    declarations.check,
    cycles.check,
    expressions.check,
    outputs.check,
    use.check,
    actions.check,
    conditions.check,
    scenarios.check,
)


def findings_in(survey: Survey) -> list[Finding]:
    """What every check has to say, errors and warnings."""
    told = len(survey.definitions.findings)
    return bounded((finding for check in CHECKS for finding in check(survey)), told) if told < FINDINGS_TOLD else []
