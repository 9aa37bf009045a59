"""What the language says and this engine does not do yet: an order that needs it is refused, no key is ignored."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue import Catalogue
from compiler.findings import Finding, Place, finding_at
from compiler.plan import Plan, PlannedDefinition


def not_yet(plan: Plan, catalogue: Catalogue) -> list[Finding]:
    """One finding for each key that the plan's steps need and that is not done yet, at its step's definition.

    The worker refuses an order for them; `plan` only warns. What an order does not need while it goes forward
    (`undo`, `sla`, `on_change`, `point_of_no_return`) is no reason to refuse it.
    """
    findings = []
    for definition in plan.definitions:
        place = _place(definition, catalogue)
        for key, instead in _needed(definition):
            message = f"step `{definition.workstream}.{definition.step}` needs {key}, which is not done yet: {instead}"
            findings.append(finding_at(place, "not-yet", message))
    return list({(found.file, found.line, found.message): found for found in findings}.values())


def _place(definition: PlannedDefinition, catalogue: Catalogue) -> Place:
    workstream = catalogue.workstreams.get(definition.workstream)
    step = workstream.steps.get(definition.step) if workstream else None
    return step.place if step else Place("definitions")


def _needed(planned: PlannedDefinition) -> Iterator[tuple[str, str]]:
    """The key, and what to write instead."""
    definition = planned.definition
    for case in definition.on_failure:
        if case.redo_from is not None:
            yield "`on_failure: redo_from`", "say `do: fallout`, and let a person retry the step"
        if case.rollback is not None:
            yield "`on_failure: rollback`", "say `do: fallout`, and let a person decide"
