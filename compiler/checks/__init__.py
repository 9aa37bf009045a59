"""The checks that a catalogue passes before it is used, each in the file that its subject names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compiler.catalogue.definition_index import Survey
from compiler.checks import (
    cycles,
    expressions,
    impossible_conditions,
    line_actions,
    output_order,
    product_declarations,
    receivers,
    references,
    scenarios,
    unused,
)
from compiler.source.findings import FINDINGS_TOLD, MORE, Finding, bounded

Check = Callable[[Survey], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    references.check,
    product_declarations.check,
    cycles.check,
    expressions.check,
    output_order.check,
    impossible_conditions.check,
    scenarios.check,
    receivers.check,
)
OF_THE_WHOLE: tuple[Check, ...] = (unused.check, line_actions.check)
"""What can be told only once every reference is good: what nobody brings may be a slip of the pen away from that."""


def findings_in(survey: Survey) -> list[Finding]:
    """What every check has to say, errors and warnings."""
    told = len(survey.definitions.findings)
    if told >= FINDINGS_TOLD:
        return []
    findings = bounded((finding for check in CHECKS for finding in check(survey)), told)
    unsure = survey.definitions.incomplete or survey.definitions.broken
    if not unsure and not any(finding.code in _OF_REFERENCES for finding in findings):
        findings += bounded((finding for check in OF_THE_WHOLE for finding in check(survey)), told + len(findings))
    return findings


_OF_REFERENCES = frozenset({"reference-unknown", "rule-to-commercial", "component-technical", MORE})
