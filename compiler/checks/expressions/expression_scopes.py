"""Which names the expressions of each definition can use, with their types: for the checks, and for editors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.language.documents import ComponentDefinition, RuleDefinition
from compiler.language.steps import LineAction, StepDefinition
from compiler.typecheck.expression_sites import ExpressionSite
from compiler.typecheck.scopes import (
    available_names,
    element_type,
    per_line_scope,
    receiver_scope,
    source_scope,
    step_scope,
)
from compiler.typecheck.type_scope import TypeScope
from compiler.typecheck.types import DOUBLE, EMPTY_OBJECT, INT, Type


class RuleScopes:
    """The scopes of one rule or component. `products`: those that have the rule. `lets`: their named values."""

    def __init__(
        self,
        index: DefinitionIndex,
        rule: ComponentDefinition,
        attributes: Type,
        products: Sequence[str],
        lets: Type = EMPTY_OBJECT,
    ) -> None:
        actions = rule.actions if isinstance(rule, RuleDefinition) else None
        for_each = rule.for_each if isinstance(rule, RuleDefinition) else None
        self._when = rule.when
        self._line = source_scope(attributes, actions, index.quantity_type(products), lets)
        self._element = self._line
        if for_each:
            self._element = self._line.with_names(each=element_type(for_each, attributes, lets), index=INT)

    def scope_for(self, site: ExpressionSite) -> TypeScope:
        scope = self._element if site.extra_names else self._line
        return scope if site.path[-1] == "when" else scope.assuming(self._when)

    @property
    def mapping(self) -> TypeScope:
        """The scope of the values in `attributes`, and of the quantity."""
        return self._element.assuming(self._when)


def product_per_scope(index: DefinitionIndex, product: str) -> TypeScope | None:
    """The scope of a technical product's `per`: its sources. None if no rule leads to it."""
    sources = [source for source, _ in index.rules_by_target.get(product, ())]
    if not sources:
        return None
    _, combined = index.attribute_types(sources)
    _, lets = index.lets.served_lets(sources)
    return per_line_scope(combined, index.quantity_type(sources), lets)


def system_scope(site: ExpressionSite) -> TypeScope:
    return TypeScope({}).with_names(**available_names(site.extra_names, None))


def receiver_site_scope(site: ExpressionSite) -> TypeScope:
    names = available_names(site.extra_names, None)
    return TypeScope({}).with_names(**names) if names else receiver_scope()


class StepScopes:
    """The scopes of a workstream and its steps, shared by expressions that can use the same names."""

    def __init__(self, index: DefinitionIndex, group: StepGroup) -> None:
        self._index, self._group = index, group
        self._shared, self._combined = index.attribute_types(group.products)
        self._served_lets = index.lets.served_lets(group.products)
        self._step_lets = index.lets.step_lets(group)
        self._loop_variables = index.lets.loop_variables(group.products)
        self._decimal_quantities = index.decimal_quantities(group.products)
        self._quantity = index.quantity_type(group.products)
        self._cache: dict[object, TypeScope] = {}

    @property
    def known(self) -> object:
        """All that the scopes depend on besides the group's own document and, for `workstreams`, all other steps."""
        types = (self._shared, self._combined, *self._served_lets, *self._step_lets, self._quantity)
        return types, self._loop_variables, self._decimal_quantities

    @property
    def condition(self) -> TypeScope:
        """The scope of the workstream's `when`."""
        return source_scope(self._shared, self._group.actions, self._quantity, self._served_lets[0])

    @property
    def per(self) -> TypeScope:
        """The scope of `per` of the workstream and of its steps."""
        return per_line_scope(self._combined, self._quantity, self._served_lets[1])

    def scope_for(self, step: str, definition: StepDefinition, site: ExpressionSite) -> TypeScope:
        if site.per_line:
            return self.per
        path = site.path
        own_condition = path[-1] == "when" and len(path) == 3
        waits = path[-1] == "condition" and path[-2] == "wait"
        site_key = (step, site.extra_names, own_condition, waits)
        scope = self._cache.get(site_key)
        if scope is None:
            when = None if own_condition else definition.when
            key = (self._group.line_actions(step), self._group.step_per(step), when, waits)
            scope = self._cache.get(key)
            if scope is None:
                scope = self._cache[key] = self._build_scope(*key)
            if site.extra_names:
                scope = self._with_names(key, scope, available_names(site.extra_names, definition))
            self._cache[site_key] = scope
        return scope

    def _with_names(self, key: object, scope: TypeScope, more: Mapping[str, Type]) -> TypeScope:
        """The scope of `key` with more names. Steps share it, so that the type checker knows their expressions."""
        if not more:
            return scope
        extended_key = (key, *((name, id(type_)) for name, type_ in more.items()))
        extended = self._cache.get(extended_key)
        if extended is None:
            extended = self._cache[extended_key] = scope.with_names(**more)  # which keeps the types, and so their ids
        return extended

    def _missing_outputs(self, actions: frozenset[LineAction]) -> Mapping[str, str]:
        """Steps that may have no output. A workstream's `when` does not matter between its own steps."""
        group = self._group
        missing = self._index.skip_reasons
        unplanned = self._index.unplanned_reasons(group, actions)
        if not missing:
            return unplanned
        own_steps = {f"{group.id}.{step}" for step, definition in group.steps.items() if definition.when is None}
        if unplanned or any(step in missing for step in own_steps):
            missing = {step: why for step, why in missing.items() if step not in own_steps} | unplanned
        return missing

    def _build_scope(
        self, actions: frozenset[LineAction], per: str, when: str | None, is_wait_condition: bool
    ) -> TypeScope:
        several = per not in ("line", "unit")
        quantity = DOUBLE if True in self._decimal_quantities else INT
        scope = step_scope(
            self._shared, self._combined, actions, several, self._loop_variables, quantity, *self._step_lets
        )
        if not several and not self._group.is_inline:
            scope = scope.assuming(self._group.entry.model.when)
        scope = scope._replace(
            step_ids=self._index.steps_by_workstream[self._group.id],
            steps_by_workstream=self._index.steps_by_workstream,
            skip_reasons={} if is_wait_condition else self._missing_outputs(actions),
            workstream=self._group.id,
            may_be_in_unread_file=self._index.may_be_in_unread_file,
        )
        return scope.assuming(when)
