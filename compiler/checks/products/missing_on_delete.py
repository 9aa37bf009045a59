"""Checks conditions and quantities that a `delete` line without a required attribute would reject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.cel.let_name import LET
from compiler.cel.syntax_tree import Path, PathUse, UnparsableError, path_uses
from compiler.language.documents import CommercialProductDocument
from compiler.language.steps import LineAction
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, finding_at
from compiler.typecheck.expression_sites import COMPONENT_SHAPE, RULE_SHAPE, Shape, find_expressions
from compiler.typecheck.let_types import computation_order


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
        maybe = _maybe_missing(index, name)
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
    entry: DefinitionEntry[Any], path: KeyPath, when: str | None, maybe: frozenset[Path], shape: Shape
) -> Iterator[Finding]:
    if when is not None and _reads_action(when):
        return
    guarded = maybe - _read(when)
    for site in find_expressions(entry.document.value(path), shape, path):
        yield from _check_expression(entry, site.path, site.expression, guarded if site.path[-1] != "when" else maybe)


def _check_workstream(index: DefinitionIndex, group: StepGroup) -> Iterator[Finding]:
    when = None if group.is_inline else group.entry.model.when
    if when is None or not any(LineAction.DELETE in group.line_actions(step) for step in group.steps):
        return
    maybe: frozenset[Path] = frozenset()
    for product in group.products:
        maybe |= _maybe_missing(index, product)
    yield from _check_expression(group.entry, ("when",), when, maybe)


def _check_expression(
    entry: DefinitionEntry[Any], path: KeyPath, expression: str, maybe: frozenset[Path]
) -> Iterator[Finding]:
    if _reads_action(expression):
        return
    for use in _unguarded_uses(expression, maybe):
        name = ".".join(use.path[:2])
        reason = "though it is required" if use.path[0] == "attributes" else "which reads a required attribute"
        message = (
            f"a delete line may lack `{name}`, {reason}, and is then rejected: write `has({name}) && …`, or limit "
            "`actions`"
        )
        location = entry.document.location_in_text(path, use.offset)
        yield finding_at(location, "missing-on-delete", message, "warning")
        return


def _unguarded_uses(expression: str, maybe: frozenset[Path]) -> list[PathUse]:
    """The uses of what may be missing that no `has` guards."""
    return [
        use
        for use in path_uses(expression)
        if use.path[:2] in maybe and not use.is_has_test and use.path[:2] not in use.guarded_paths
    ]


def _maybe_missing(index: DefinitionIndex, product: str) -> frozenset[Path]:
    """The required attributes, which a delete line may lack, and the named values that read them without a test."""
    attributes = index.product_attributes[product]
    found = {("attributes", name) for name, one in attributes.items() if one.required and one.default is None}
    lets = {name: written.expression for name, written in index.lets.product_lets(product).items()}
    for name in computation_order(lets):
        if not _reads_action(lets[name]) and _unguarded_uses(lets[name], frozenset(found)):
            found.add((LET, name))
    return frozenset(found)


def _is_for_delete(actions: Iterable[LineAction] | None) -> bool:
    """Whether a rule is for delete lines and others. A rule for delete lines alone is written with them in mind."""
    return actions is None or (LineAction.DELETE in actions and set(actions) != {LineAction.DELETE})


def _reads_action(expression: str) -> bool:
    """Whether the expression itself may tell delete lines apart; True also for one that cannot be read."""
    try:
        return any(use.path[0] == "action" for use in path_uses(expression))
    except UnparsableError:
        return True


def _read(condition: str | None) -> frozenset[Path]:
    """What a rule's `when` reads or tests: a finding about it is at the `when`."""
    return frozenset() if condition is None else frozenset(use.path[:2] for use in path_uses(condition))
