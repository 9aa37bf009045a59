"""Applies one rule to one source line: its `actions`, `when`, `for_each`, `quantity` and `attributes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from compiler.catalogue.catalogue import LookupTable, Product, Rule
from compiler.catalogue.catalogue_index import RankedRule
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.cel.templates import render_template
from compiler.decomposition.compile_context import CompileContext, location_suffix
from compiler.decomposition.line_graph import LineIdentity, LineNode
from compiler.decomposition.named_values import previous_lets
from compiler.language.attributes import copies_to
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction
from compiler.plan.plan import PreviousState
from compiler.source.findings import did_you_mean
from compiler.values import as_text, format_value, normalize_number, value_problem

ELEMENT_LIMIT = 100_000
"""The most elements of one `for_each` list."""


@dataclass(frozen=True, slots=True)
class ListElement:
    """One element of a rule's `for_each` list. `index` counts from 1."""

    value: Any
    index: int
    key: str
    identity: LineIdentity


@dataclass(slots=True)
class Contribution:
    """What one rule, for one source line or one element of its list, adds to a line of the target product."""

    source: LineNode
    rule: Rule
    rank: tuple[int, ...]
    """The source's rank, the rule's position, and the element's index (0 without `for_each`)."""
    quantity: int | float
    attributes: dict[str, Any]
    previous: PreviousState | None = None
    element: ListElement | None = None


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """Whether a rule applied to a source line, and why, for `plan --explain`."""

    applied: bool
    reason: str
    depends_on_values: bool = False
    """Whether a condition or list of the rule was evaluated."""


@dataclass(slots=True)
class RuleApplication:
    """Applies one rule to one source line. `outcome` says why it made lines, or none."""

    context: CompileContext
    source: LineNode
    ranked_rule: RankedRule
    target: Product
    bindings: dict[str, Any]
    outcome: RuleOutcome = field(default_factory=lambda: RuleOutcome(True, "always"))
    has_error: bool = False

    @property
    def rule(self) -> Rule:
        return self.ranked_rule.rule

    @property
    def rank(self) -> tuple[int, ...]:
        """Of the source, then the rule's position. Sorts rules of several lines."""
        return (*self.source.rank, self.ranked_rule.position)

    @property
    def _label(self) -> str:
        return f"the rule for `{self.target.id}`"

    def apply(self) -> list[Contribution]:
        """The contributions. Empty if the rule does not apply, or if it has an error. An error becomes a finding."""
        rule, action = self.rule, self.source.line.action
        if rule.actions is not None and action not in rule.actions:
            self.outcome = RuleOutcome(
                False, f"it is for {', '.join(sorted(rule.actions))} lines, and this is {action}"
            )
            return []
        is_element_condition = rule.when is not None and rule.for_each is not None and reads_element(rule.when)
        if not is_element_condition and not self._condition_holds(self.bindings):
            return []
        if rule.for_each is None:
            return self._contribute(self.bindings, None)
        contributions = []
        elements = self._evaluate_elements(rule.for_each)
        if not elements and self.outcome.applied:
            self.outcome = RuleOutcome(False, f"`{rule.for_each}` is empty", True)
        for element in elements:
            bindings = {**self.bindings, "each": element.value, "index": element.index}
            if not is_element_condition or self._condition_holds(bindings):
                contributions += self._contribute(bindings, element)
        if elements and rule.when is not None:
            reason = f"`{rule.when}` holds for {len(contributions)} of {len(elements)} elements"
            self.outcome = RuleOutcome(bool(contributions), reason, True)
        return contributions

    def _condition_holds(self, bindings: dict[str, Any]) -> bool:
        condition = self.rule.when
        if condition is None:
            return True
        holds = self.context.condition_holds(
            condition, bindings, self.source, f"`when` of {self._label}", self.rule.location
        )
        self.outcome = RuleOutcome(holds, f"`{condition}` {'holds' if holds else 'does not hold'}", True)
        return holds

    def _report_error(self, code: str, message: str) -> None:
        self.outcome, self.has_error = RuleOutcome(False, "it has an error"), True
        text = f"{self.source.label}: {self._label}{location_suffix(self.rule.location)} {message}"
        self.context.reject(self.source, code, text)

    def _report_failure(self, key: str, error: EvaluationError) -> None:
        self.outcome, self.has_error = RuleOutcome(False, "it has an error"), True
        self.context.report_failure(self.source, f"`{key}` of {self._label}", self.rule.location, error)

    def _evaluate_elements(self, expression: str) -> list[ListElement]:
        try:
            values = evaluate(expression, self.bindings)
        except EvaluationError as error:
            self._report_failure("for_each", error)
            return []
        if not isinstance(values, list | tuple):
            message = f"needs a list in `for_each`, and `{expression}` is {format_value(values)}"
            self._report_error("expression-failed", message)
            return []
        if len(values) > ELEMENT_LIMIT:
            self._report_error("order-too-large", f"would make {len(values)} lines; a list may have {ELEMENT_LIMIT}")
            return []
        return [one for index, value in enumerate(values, 1) if (one := self._make_element(value, index)) is not None]

    def _make_element(self, value: Any, index: int) -> ListElement | None:
        key: Any = index
        if self.rule.key is not None:
            try:
                key = evaluate(self.rule.key, {**self.bindings, "each": value, "index": index})
            except EvaluationError as error:
                self._report_failure("key", error)
                return None
            if key is None or key == "":
                self._report_error("expression-failed", f"gives element {index} no key: `{self.rule.key}` is empty")
                return None
        identity = ("each", self.source.product.id, self.ranked_rule.position, index)
        return ListElement(value, index, as_text(key), identity)

    def _contribute(self, bindings: dict[str, Any], element: ListElement | None) -> list[Contribution]:
        quantity = self._evaluate_quantity(bindings)
        if quantity is None:
            return []
        if quantity == 0:
            self.outcome = RuleOutcome(False, f"its quantity `{self.rule.quantity}` is 0")
            return []
        attributes = self._map_attributes(self._map_value, bindings, self.source.line.attributes)
        if self.has_error:
            return []
        rank = (*self.source.rank, self.ranked_rule.position, element.index if element else 0)
        previous = self._map_previous(bindings)
        return [Contribution(self.source, self.rule, rank, quantity, attributes, previous, element)]

    def _evaluate_quantity(self, bindings: dict[str, Any]) -> int | float | None:
        """The rule's quantity, by default the source's quantity. None if it is wrong."""
        expression = self.rule.quantity
        if expression is None:
            return self.source.line.quantity
        try:
            value = evaluate(expression, bindings)
        except EvaluationError as error:
            self._report_failure("quantity", error)
            return None
        problem = _quantity_error(value)
        if problem:
            self._report_error("quantity-invalid", f"gives a quantity that {problem}: `{expression}`")
            return None
        return normalize_number(value)

    def _map_attributes(
        self,
        map_value: Callable[[str, Any, Mapping[str, Any]], Any],
        bindings: Mapping[str, Any],
        source_attributes: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The target's attributes. The rule maps some. Others come from source attributes with the same name and a
        fitting type."""
        mapped = {}
        for name, attribute in self.target.attributes.items():
            value = None
            if name in self.rule.attributes:
                value = map_value(name, self.rule.attributes[name], bindings)
            elif (declared := self.source.product.attributes.get(name)) and copies_to(declared, attribute):
                value = source_attributes.get(name)
            if value is not None:
                mapped[name] = value
        return mapped

    def _map_value(self, name: str, mapping: Any, bindings: Mapping[str, Any]) -> Any:
        try:
            if isinstance(mapping, LookupTable):
                return self._look_up(name, mapping, bindings)
            return render_template(mapping, bindings)
        except EvaluationError as error:
            may_be_missing = self.source.line.action in (LineAction.DELETE, LineAction.NO_CHANGE)
            if not (may_be_missing and error.is_missing_value):
                self._report_failure(f"attributes.{name}", error)
        return None

    def _look_up(self, name: str, table: LookupTable, bindings: Mapping[str, Any]) -> Any:
        value = evaluate(table.key_expression, bindings)
        text = as_text(value)
        if text in table.rows:
            return render_template(table.rows[text], bindings)
        if table.has_default:
            return render_template(table.default, bindings)
        near = did_you_mean(text, table.rows)
        self._report_error(
            "table-without-row", f"looks `{name}` up in a table that has no row for {format_value(value)}{near}"
        )
        return None

    def _map_previous(self, bindings: dict[str, Any]) -> PreviousState | None:
        """The target's previous state, mapped like the attributes. If an expression has no value, it gives nothing."""
        previous = self.source.line.previous
        if previous is None or self.source.line.action not in ACTIONS_WITH_PREVIOUS:
            return None
        bindings = {**bindings, "attributes": previous.attributes, "quantity": previous.quantity}
        if self.source.product.let:
            bindings["let"] = previous_lets(self.source.product.let, bindings)
        attributes = self._map_attributes(_map_previous_value, bindings, previous.attributes)
        return PreviousState(attributes, _previous_quantity(self.rule.quantity, bindings, previous.quantity))


def _map_previous_value(_name: str, mapping: Any, bindings: Mapping[str, Any]) -> Any:
    try:
        if isinstance(mapping, LookupTable):
            mapping = mapping.rows.get(as_text(evaluate(mapping.key_expression, bindings)), mapping.default)
        return render_template(mapping, bindings)
    except EvaluationError:
        return None


def _previous_quantity(expression: str | None, bindings: Mapping[str, Any], default: int | float) -> int | float:
    try:
        value = default if expression is None else evaluate(expression, bindings)
    except EvaluationError:
        return default
    return default if _quantity_error(value) else normalize_number(value)


def _quantity_error(value: Any) -> str:
    """Why `value` is not a quantity. Empty if it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is no number ({format_value(value)})"
    if value_problem(value) or value_problem(normalize_number(value)):
        return "is too large to compute with"
    return f"is negative ({format_value(value)})" if value < 0 else ""


@lru_cache(maxsize=10_000)
def reads_element(expression: str) -> bool:
    """Whether the expression reads `each` or `index`."""
    try:
        return any(use.path[0] in ("each", "index") for use in path_uses(expression))
    except UnparsableError:
        return False
