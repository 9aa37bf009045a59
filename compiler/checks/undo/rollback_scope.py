"""What the failure policies of steps undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.graph import walk
from compiler.language.documents import CommercialProductDocument
from compiler.language.steps import FailureRule, LineScope


class UndoingRule(NamedTuple):
    """An entry of `on_failure` that undoes steps."""

    step: str
    position: int
    rule: FailureRule


def undoing_rules(group: StepGroup) -> list[UndoingRule]:
    """The entries with `rollback` or `redo_from` of all steps of a workstream."""
    return group.entry.cached("undoing rules", None, partial(_find_undoing_rules, group))


def _find_undoing_rules(group: StepGroup) -> list[UndoingRule]:
    return [
        UndoingRule(step, position, rule)
        for step, definition in group.steps.items()
        for position, rule in enumerate(definition.on_failure)
        if rule.rollback is not None or rule.redo_from is not None
    ]


class RollbackScope:
    """Answers from the rules and components of a catalogue. Orders may nest other lines, which are not considered."""

    def __init__(self, index: DefinitionIndex) -> None:
        self._index = index

    def rolled_back(self, products: Iterable[str], scope: LineScope) -> set[str]:
        """The products whose lines a roll-back undoes if a step of one of `products` asks for it."""
        with_components = scope != "line"
        sources = self._component_sources if with_components else {}
        above = walk(products, lambda one: [*self._rule_sources.get(one, ()), *sources.get(one, ())])
        return self.below([one for one in above if self._index.is_commercial(one)], components=with_components)

    def below(self, products: Iterable[str], *, components: bool) -> set[str]:
        """The products, and those that their rules, and if wanted their components, lead to."""
        defined = self._index.definitions.products

        def targets(name: str) -> list[str]:
            rules = [written.rule.product for written in self._index.effective_rules(name)]
            named = self._index.product_targets(name) if components else rules
            return [one for one in named if one in defined]

        return set(walk(products, targets))

    @cached_property
    def _rule_sources(self) -> Mapping[str, list[str]]:
        return {product: [source for source, _ in rules] for product, rules in self._index.rules_by_target.items()}

    @cached_property
    def _component_sources(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, entry in self._index.definitions.products.items():
            if isinstance(entry.model, CommercialProductDocument):
                for component in entry.model.components:
                    found.setdefault(component.product, []).append(name)
        return found
