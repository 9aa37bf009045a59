"""Runs all checks of a catalogue. Each check is in the file that is named after its subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.checks import (
    cycles,
    expressions,
    impossible_conditions,
    line_actions,
    output_order,
    product_declarations,
    receivers,
    references,
    scenario_references,
    unused,
)
from compiler.source.findings import MAX_FINDINGS, MORE_FINDINGS_CODE, Finding, limit_findings

Check = Callable[[DefinitionIndex], Iterable[Finding]]

CATALOGUE_CHECKS: tuple[Check, ...] = (
    references.check,
    product_declarations.check,
    cycles.check,
    expressions.check,
    output_order.check,
    impossible_conditions.check,
    scenario_references.check,
    receivers.check,
)
WHOLE_CATALOGUE_CHECKS: tuple[Check, ...] = (unused.check, line_actions.check)
"""Only run if every reference is known: with a misspelt name, other definitions only seem to be unused."""


def run_checks(index: DefinitionIndex) -> list[Finding]:
    """The findings of all checks, errors and warnings."""
    reported = len(index.definitions.findings)
    if reported >= MAX_FINDINGS:
        return []
    findings = limit_findings((finding for check in CATALOGUE_CHECKS for finding in check(index)), reported)
    uncertain = index.definitions.incomplete or index.definitions.invalid_ids
    if not uncertain and not any(finding.code in _REFERENCE_CODES for finding in findings):
        findings += limit_findings(
            (finding for check in WHOLE_CATALOGUE_CHECKS for finding in check(index)), reported + len(findings)
        )
    return findings


_REFERENCE_CODES = frozenset({"reference-unknown", "rule-to-commercial", "component-technical", MORE_FINDINGS_CODE})
