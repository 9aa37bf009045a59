"""One rule applied to one source line: the contributions that it makes to lines of its target product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from compiler.catalogue.catalogue import LookupTable, Product, Rule
from compiler.catalogue.catalogue_index import RankedRule
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.cel.templates import render_template
from compiler.decomposition.expression_evaluator import ExpressionEvaluator
from compiler.decomposition.line_graph import LineIdentity, LineNode
from compiler.decomposition.rejections import location_suffix
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction
from compiler.plan.plan import PreviousState
from compiler.source.findings import did_you_mean
from compiler.values import as_text, format_value, normalize_number, value_problem

ELEMENT_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class ListElement:
    """One element of a rule's list."""

    value: Any
    index: int
    key: str
    identity: LineIdentity


@dataclass(slots=True)
class Contribution:
    """What one rule makes of one source (or of one element of its list)."""

    source: LineNode
    rule: Rule
    rank: tuple[int, ...]
    """Its place in the order of lines and rules."""
    quantity: int | float
    attributes: dict[str, Any]
    previous: PreviousState | None = None
    element: ListElement | None = None


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What became of a rule at a source, for `plan --explain`."""

    applied: bool
    reason: str


@dataclass(slots=True)
class RuleApplication:
    """Applies one rule to one source; `outcome` says why it made lines, or none."""

    evaluator: ExpressionEvaluator
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
    def _label(self) -> str:
        return f"the rule for `{self.target.id}`"

    def apply(self) -> list[Contribution]:
        """Empty where the rule does not apply, or something is wrong."""
        rule, action = self.rule, self.source.line.action
        if rule.actions is not None and action not in rule.actions:
            self.outcome = RuleOutcome(
                False, f"it is for {', '.join(sorted(rule.actions))} lines, and this is {action}"
            )
            return []
        each_time = rule.when is not None and rule.for_each is not None and reads_element(rule.when)
        if rule.when is not None and not each_time and not self._condition_holds(rule.when, self.bindings):
            return []
        if rule.for_each is None:
            return self._contribute(self.bindings, None)
        found = []
        elements = self._evaluate_elements(rule.for_each)
        if not elements and self.outcome.applied:
            self.outcome = RuleOutcome(False, f"`{rule.for_each}` is empty")
        for element in elements:
            seen = {**self.bindings, "each": element.value, "index": element.index}
            if rule.when is None or not each_time or self._condition_holds(rule.when, seen):
                found += self._contribute(seen, element)
        if elements and rule.when is not None:
            self.outcome = RuleOutcome(bool(found), f"`{rule.when}` holds for {len(found)} of {len(elements)} elements")
        return found

    def _condition_holds(self, condition: str, bindings: dict[str, Any]) -> bool:
        held = self.evaluator.evaluate_condition(
            condition, bindings, self.source, f"`when` of {self._label}", self.rule.location
        )
        self.outcome = RuleOutcome(bool(held), f"`{condition}` {'holds' if held else 'does not hold'}")
        return bool(held)

    def _report_error(self, code: str, message: str) -> None:
        self.outcome, self.has_error = RuleOutcome(False, "it is wrong"), True
        text = f"{self.source.label}: {self._label}{location_suffix(self.rule.location)} {message}"
        self.evaluator.rejections.add_line_finding(self.source, code, text)

    def _report_failure(self, key: str, error: EvaluationError) -> None:
        self.outcome, self.has_error = RuleOutcome(False, "it is wrong"), True
        self.evaluator.report_failure(self.source, f"`{key}` of {self._label}", self.rule.location, error)

    def _evaluate_elements(self, expression: str) -> list[ListElement]:
        try:
            values = evaluate(expression, self.bindings)
        except EvaluationError as error:
            self._report_failure("for_each", error)
            return []
        if not isinstance(values, list | tuple):
            self._report_error(
                "expression-failed", f"needs a list in `for_each`, and `{expression}` is {format_value(values)}"
            )
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
                self._report_error("expression-failed", f"gives element {index} no name: `{self.rule.key}` is empty")
                return None
        identity = ("each", self.source.product.id, self.ranked_rule.position, index)
        return ListElement(value, index, as_text(key), identity)

    def _contribute(self, bindings: dict[str, Any], element: ListElement | None) -> list[Contribution]:
        quantity = self._evaluate_quantity(bindings, self.source.line.quantity)
        if quantity is None:
            return []
        if quantity == 0:
            self.outcome = RuleOutcome(False, f"its quantity `{self.rule.quantity}` is 0")
            return []
        position = (self.ranked_rule.position, element.index if element else 0)
        attributes = self._map_attributes(bindings, self.source.line.attributes)
        if self.has_error:
            return []
        return [
            Contribution(
                source=self.source,
                rule=self.rule,
                rank=(*self.source.rank, *position),
                quantity=quantity,
                attributes=attributes,
                previous=self._map_previous(bindings),
                element=element,
            )
        ]

    def _evaluate_quantity(self, bindings: dict[str, Any], default: int | float) -> int | float | None:
        expression = self.rule.quantity
        if expression is None:
            return default
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

    def _map_attributes(self, bindings: Mapping[str, Any], source_attributes: Mapping[str, Any]) -> dict[str, Any]:
        """What the rule gives each target attribute, and what flows down by itself; nothing for what is not given."""
        found = {}
        for name, attribute in self.target.attributes.items():
            if name in self.rule.attributes:
                value = self._map_value(name, self.rule.attributes[name], bindings)
                if value is not None:
                    found[name] = value
            elif name in source_attributes:
                declared = self.source.product.attributes.get(name)
                if declared is not None and declared.type is attribute.type:
                    found[name] = source_attributes[name]
        return found

    def _map_value(self, name: str, mapping: Any, bindings: Mapping[str, Any]) -> Any:
        try:
            return (
                self._look_up(name, mapping, bindings)
                if isinstance(mapping, LookupTable)
                else render_template(mapping, bindings)
            )
        except EvaluationError as error:
            ending = self.source.line.action in (LineAction.DELETE, LineAction.NO_CHANGE)
            if not (ending and error.is_missing_value):
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
        """What the line had before, made likewise; an expression that then has no value gives nothing."""
        before = self.source.line.previous
        if before is None or self.source.line.action not in ACTIONS_WITH_PREVIOUS:
            return None
        then = {**bindings, "attributes": before.attributes, "quantity": before.quantity}
        attributes = {}
        for name, attribute in self.target.attributes.items():
            value = None
            if name in self.rule.attributes:
                value = _map_previous_value(self.rule.attributes[name], then)
            elif (declared := self.source.product.attributes.get(name)) is not None and declared.type is attribute.type:
                value = before.attributes.get(name)
            if value is not None:
                attributes[name] = value
        return PreviousState(attributes, _previous_quantity(self.rule.quantity, then, before.quantity))


def _map_previous_value(mapping: Any, bindings: Mapping[str, Any]) -> Any:
    try:
        if not isinstance(mapping, LookupTable):
            return render_template(mapping, bindings)
        return render_template(
            mapping.rows.get(as_text(evaluate(mapping.key_expression, bindings)), mapping.default), bindings
        )
    except EvaluationError:
        return None


def _previous_quantity(expression: str | None, bindings: Mapping[str, Any], default: int | float) -> int | float:
    try:
        value = default if expression is None else evaluate(expression, bindings)
    except EvaluationError:
        return default
    return default if _quantity_error(value) else normalize_number(value)


def _quantity_error(value: Any) -> str:
    """Why `value` is no quantity; empty where it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is no number ({format_value(value)})"
    if value_problem(value) or value_problem(normalize_number(value)):
        return "is too large to compute with"
    return f"is negative ({format_value(value)})" if value < 0 else ""


@lru_cache(maxsize=10_000)
def reads_element(expression: str) -> bool:
    """Whether it reads `each` or `index`."""
    try:
        return any(use.path[0] in ("each", "index") for use in path_uses(expression))
    except UnparsableError:
        return False
