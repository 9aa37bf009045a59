"""Runs all checks of a catalogue. Each check is in the file that is named after its subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.checks import (
    cycles,
    expressions,
    ignored_keys,
    impossible_conditions,
    line_actions,
    literal_texts,
    missing_on_delete,
    output_order,
    product_declarations,
    receivers,
    references,
    scenario_references,
    uncopied_attributes,
    unlimited_waits,
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
    ignored_keys.check,
    literal_texts.check,
    unlimited_waits.check,
)
WHOLE_CATALOGUE_CHECKS: tuple[Check, ...] = (unused.check, line_actions.check, missing_on_delete.check)
"""Only run if every reference is known: with a misspelt name, other definitions only seem to be unused."""
CHECKS_WITHOUT_ERRORS: tuple[Check, ...] = (uncopied_attributes.check,)
"""Only run if there is no error: an attribute with a wrong type only seems to differ on purpose."""


def run_checks(index: DefinitionIndex) -> list[Finding]:
    """The findings of all checks, errors and warnings."""
    reported = len(index.definitions.findings)
    if reported >= MAX_FINDINGS:
        return []
    findings = limit_findings((finding for check in CATALOGUE_CHECKS for finding in check(index)), reported)
    checks = CHECKS_WITHOUT_ERRORS if not any(finding.severity == "error" for finding in findings) else ()
    uncertain = index.definitions.incomplete or index.definitions.invalid_ids
    if not uncertain and not any(finding.code in _REFERENCE_CODES for finding in findings):
        checks = (*WHOLE_CATALOGUE_CHECKS, *checks)
    if checks:
        findings += limit_findings((finding for check in checks for finding in check(index)), reported + len(findings))
    return findings


_REFERENCE_CODES = frozenset({"reference-unknown", "rule-to-commercial", "component-technical", MORE_FINDINGS_CODE})
