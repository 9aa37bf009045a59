"""Checks conditions and quantities that a `delete` line without a required attribute would reject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.language.attributes import Attribute
from compiler.language.documents import CommercialProductDocument
from compiler.language.steps import LineAction
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, finding_at
from compiler.typecheck.expression_sites import COMPONENT_SHAPE, RULE_SHAPE, Shape, find_expressions


def check(index: DefinitionIndex) -> Iterator[Finding]:
    """Of products that can be deleted, which have a step for it."""
    reported: set[tuple[str, int, int]] = set()
    for finding in _findings(index):  # a class's rule is one for each of its products
        place = (finding.file, finding.line, finding.column)
        if place not in reported:
            reported.add(place)
            yield finding


def _findings(index: DefinitionIndex) -> Iterator[Finding]:
    for name, entry in index.definitions.products.items():
        if not index.has_work(name, LineAction.DELETE):
            continue
        maybe = _maybe_missing(index.product_attributes[name])
        for written in index.effective_rules(name):
            if _is_for_delete(written.rule.actions):
                path = ("decomposes_to", written.position)
                yield from _check_rule(written.entry, path, written.rule.when, maybe, RULE_SHAPE)
        if isinstance(entry.model, CommercialProductDocument):
            for position, component in enumerate(entry.model.components):
                yield from _check_rule(entry, ("components", position), component.when, maybe, COMPONENT_SHAPE)
    for group in index.step_groups.values():
        yield from _check_workstream(index, group)


def _check_rule(
    entry: DefinitionEntry[Any], path: KeyPath, when: str | None, maybe: frozenset[str], shape: Shape
) -> Iterator[Finding]:
    if when is not None and _reads_action(when):
        return
    guarded = maybe - _tested(when)
    for site in find_expressions(entry.document.value(path), shape, path):
        yield from _check_expression(entry, site.path, site.expression, guarded if site.path[-1] != "when" else maybe)


def _check_workstream(index: DefinitionIndex, group: StepGroup) -> Iterator[Finding]:
    when = None if group.is_inline else group.entry.model.when
    if when is None or not any(LineAction.DELETE in group.line_actions(step) for step in group.steps):
        return
    maybe: frozenset[str] = frozenset()
    for product in group.products:
        maybe |= _maybe_missing(index.product_attributes[product])
    yield from _check_expression(group.entry, ("when",), when, maybe)


def _check_expression(
    entry: DefinitionEntry[Any], path: KeyPath, expression: str, maybe: frozenset[str]
) -> Iterator[Finding]:
    if _reads_action(expression):
        return
    for use in path_uses(expression):
        name = use.path[1] if use.path[0] == "attributes" and len(use.path) > 1 else ""
        if name in maybe and not use.is_has_test and ("attributes", name) not in use.guarded_paths:
            message = (
                f"a delete line may lack `attributes.{name}`, though it is required, and is then rejected: write "
                f"`has(attributes.{name}) && …`, or limit `actions`"
            )
            location = entry.document.location_in_text(path, use.offset)
            yield finding_at(location, "missing-on-delete", message, "warning")
            return


def _maybe_missing(attributes: Mapping[str, Attribute]) -> frozenset[str]:
    return frozenset(name for name, one in attributes.items() if one.required and one.default is None)


def _is_for_delete(actions: Iterable[LineAction] | None) -> bool:
    """Whether a rule is for delete lines and others. A rule for delete lines alone is written with them in mind."""
    return actions is None or (LineAction.DELETE in actions and set(actions) != {LineAction.DELETE})


def _reads_action(expression: str) -> bool:
    """Whether the expression itself may tell delete lines apart; True also for one that cannot be read."""
    try:
        return any(use.path[0] == "action" for use in path_uses(expression))
    except UnparsableError:
        return True


def _tested(condition: str | None) -> frozenset[str]:
    """The attributes that a rule's `when` reads or tests: a finding about them is at the `when`."""
    if condition is None:
        return frozenset()
    return frozenset(use.path[1] for use in path_uses(condition) if use.path[0] == "attributes" and len(use.path) > 1)
