"""Runs all checks of a catalogue. Each check is in the file that is named after its subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import Definitions
from compiler.checks.allowed_warnings import without_allowed
from compiler.checks.expressions import constant_conditions, expressions, literal_texts, named_values
from compiler.checks.products import (
    missing_on_delete,
    product_declarations,
    uncopied_attributes,
    uncovered_values,
    ungiven_attributes,
    unread_attributes,
    unread_quantities,
    work_on_delete,
)
from compiler.checks.references import cycles, references, unused, unused_definitions
from compiler.checks.scenarios import scenario_references
from compiler.checks.steps import (
    detached_steps,
    ignored_keys,
    line_actions,
    lost_outputs,
    output_fields,
    output_order,
    short_slas,
    unlimited_waits,
    unread_outputs,
)
from compiler.checks.systems import addresses, example_coverage, receivers
from compiler.checks.undo import missing_undo, unreachable_undo
from compiler.source.findings import MAX_FINDINGS, MORE_FINDINGS_CODE, Finding, has_errors, limit_findings

Check = Callable[[DefinitionIndex], Iterable[Finding]]

ERROR_CHECKS: tuple[Check, ...] = (
    references.check,
    product_declarations.check,
    cycles.check,
    named_values.check,
    expressions.check,
    output_order.check,
    literal_texts.check_fixed_times,
    scenario_references.check,
    receivers.check,
)
"""Those that may refuse a catalogue. Every load runs them; some of them also warn."""
WARNING_CHECKS: tuple[Check, ...] = (
    constant_conditions.check,
    ignored_keys.check,
    literal_texts.check,
    unlimited_waits.check,
    short_slas.check,
    addresses.check,
)
"""Those that only warn, as all of the following. They run where a person reads warnings, not where a worker starts."""
WHOLE_CATALOGUE_CHECKS: tuple[Check, ...] = (
    unused.check,
    named_values.check_unused,
    line_actions.check,
    missing_on_delete.check,
)
"""Only run if every reference is known: with a misspelt name, other definitions only seem to be unused."""
CHECKS_WITHOUT_ERRORS: tuple[Check, ...] = (uncopied_attributes.check,)
"""Only run if no check has found an error: an attribute with a wrong type only seems to differ on purpose."""
CHECKS_OF_VALID_CATALOGUES: tuple[Check, ...] = (
    example_coverage.check,
    unused_definitions.check,
    unread_attributes.check,
    unread_outputs.check,
    unread_quantities.check,
    output_fields.check,
    lost_outputs.check,
    ungiven_attributes.check,
    uncovered_values.check,
    missing_undo.check,
    unreachable_undo.check,
    work_on_delete.check,
    detached_steps.check,
)
"""Only run if there is no error at all: with one, others only seem to be unused, or to lack something."""


def run_error_checks(index: DefinitionIndex) -> list[Finding]:
    """What may refuse the catalogue, and some warnings."""
    return _run(ERROR_CHECKS, index, [])


def add_warnings(index: DefinitionIndex, errors: list[Finding]) -> list[Finding]:
    """The findings of `run_error_checks`, and those of all other checks, without the warnings that are allowed."""
    findings = _run(WARNING_CHECKS, index, errors)
    definitions = index.definitions
    checks = CHECKS_WITHOUT_ERRORS if not has_errors(findings) else ()
    uncertain = definitions.incomplete or definitions.invalid_ids or _has_twins(definitions)
    if not uncertain and not any(finding.code in _REFERENCE_CODES for finding in findings):
        checks = (*WHOLE_CATALOGUE_CHECKS, *checks)
        if not has_errors([*findings, *definitions.findings]):
            checks = (*checks, *CHECKS_OF_VALID_CATALOGUES)
    return without_allowed(index, _run(checks, index, findings))


def _run(checks: Iterable[Check], index: DefinitionIndex, before: list[Finding]) -> list[Finding]:
    """The findings `before`, and those of `checks`. None is added once there are too many."""
    reported = len(index.definitions.findings) + len(before)
    if reported >= MAX_FINDINGS:
        return before
    return before + limit_findings((finding for check in checks for finding in check(index)), reported)


def _has_twins(definitions: Definitions) -> bool:
    """Whether an id is defined twice: one of the two is not in the index."""
    return any(finding.code == "id-duplicate" for finding in definitions.findings)


_REFERENCE_CODES = frozenset({"reference-unknown", "rule-to-commercial", "component-technical", MORE_FINDINGS_CODE})
