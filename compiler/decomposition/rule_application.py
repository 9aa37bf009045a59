"""One rule applied to one source line: the contributions that it makes to lines of its target product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from compiler.catalogue.catalogue import Product, Rule, Table
from compiler.catalogue.catalogue_index import RankedRule
from compiler.cel.evaluation import EvaluationError, as_text, evaluate, render
from compiler.cel.syntax_tree import UnparsableError, uses_of
from compiler.decomposition.expression_evaluator import MISSING_VALUE, Judge
from compiler.decomposition.line_graph import Identity, LineNode
from compiler.decomposition.rejections import where
from compiler.language.steps import Action
from compiler.orders.values import value_problem, whole
from compiler.plan.bindings import BEFORE
from compiler.plan.plan import Previous
from compiler.source.findings import did_you_mean, shown

ELEMENT_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a rule's list."""

    value: Any
    index: int
    key: str
    identity: Identity


@dataclass(slots=True)
class Contribution:
    """What one rule makes of one source (or of one element of its list)."""

    source: LineNode
    rule: Rule
    rank: tuple[int, ...]
    """Its place in the order of lines and rules."""
    quantity: int | float
    attributes: dict[str, Any]
    previous: Previous | None = None
    element: Element | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rule at a source, for `plan --explain`."""

    applied: bool
    why: str


@dataclass(slots=True)
class RuleApplication:
    """Applies one rule to one source; `outcome` says why it made lines, or none."""

    judge: Judge
    source: LineNode
    ranked: RankedRule
    target: Product
    seen: dict[str, Any]
    outcome: Outcome = field(default_factory=lambda: Outcome(True, "always"))
    wrong: bool = False

    @property
    def rule(self) -> Rule:
        return self.ranked.rule

    @property
    def _what(self) -> str:
        return f"the rule for `{self.target.id}`"

    def contributions(self) -> list[Contribution]:
        """Empty where the rule does not apply, or something is wrong."""
        rule, action = self.rule, self.source.line.action
        if rule.actions is not None and action not in rule.actions:
            self.outcome = Outcome(False, f"it is for {', '.join(sorted(rule.actions))} lines, and this is {action}")
            return []
        each_time = rule.when is not None and rule.for_each is not None and reads_element(rule.when)
        if rule.when is not None and not each_time and not self._holds(rule.when, self.seen):
            return []
        if rule.for_each is None:
            return self._one(self.seen, None)
        found = []
        elements = self._elements(rule.for_each)
        if not elements and self.outcome.applied:
            self.outcome = Outcome(False, f"`{rule.for_each}` is empty")
        for element in elements:
            seen = {**self.seen, "each": element.value, "index": element.index}
            if rule.when is None or not each_time or self._holds(rule.when, seen):
                found += self._one(seen, element)
        if elements and rule.when is not None:
            self.outcome = Outcome(bool(found), f"`{rule.when}` holds for {len(found)} of {len(elements)} elements")
        return found

    def _holds(self, condition: str, seen: dict[str, Any]) -> bool:
        held = self.judge.holds(condition, seen, self.source, f"`when` of {self._what}", self.rule.place)
        self.outcome = Outcome(bool(held), f"`{condition}` {'holds' if held else 'does not hold'}")
        return bool(held)

    def _wrong(self, code: str, message: str) -> None:
        self.outcome, self.wrong = Outcome(False, "it is wrong"), True
        text = f"{self.source.who}: {self._what}{where(self.rule.place)} {message}"
        self.judge.rejections.at_line(self.source, code, text)

    def _failed(self, key: str, error: EvaluationError) -> None:
        self.outcome, self.wrong = Outcome(False, "it is wrong"), True
        self.judge.failed(self.source, f"`{key}` of {self._what}", self.rule.place, error)

    def _elements(self, expression: str) -> list[Element]:
        try:
            values = evaluate(expression, self.seen)
        except EvaluationError as error:
            self._failed("for_each", error)
            return []
        if not isinstance(values, list | tuple):
            self._wrong("expression-failed", f"needs a list in `for_each`, and `{expression}` is {shown(values)}")
            return []
        if len(values) > ELEMENT_LIMIT:
            self._wrong("order-too-large", f"would make {len(values)} lines; a list may have {ELEMENT_LIMIT}")
            return []
        return [one for index, value in enumerate(values, 1) if (one := self._element(value, index)) is not None]

    def _element(self, value: Any, index: int) -> Element | None:
        key: Any = index
        if self.rule.key is not None:
            try:
                key = evaluate(self.rule.key, {**self.seen, "each": value, "index": index})
            except EvaluationError as error:
                self._failed("key", error)
                return None
            if key is None or key == "":
                self._wrong("expression-failed", f"gives element {index} no name: `{self.rule.key}` is empty")
                return None
        identity = ("each", self.source.product.id, self.ranked.position, index)
        return Element(value, index, as_text(key), identity)

    def _one(self, seen: dict[str, Any], element: Element | None) -> list[Contribution]:
        quantity = self._quantity(seen, self.source.line.quantity)
        if quantity is None:
            return []
        if quantity == 0:
            self.outcome = Outcome(False, f"its quantity `{self.rule.quantity}` is 0")
            return []
        position = (self.ranked.position, element.index if element else 0)
        attributes = self._attributes(seen, self.source.line.attributes)
        if self.wrong:
            return []
        return [
            Contribution(
                source=self.source,
                rule=self.rule,
                rank=(*self.source.rank, *position),
                quantity=quantity,
                attributes=attributes,
                previous=self._previous(seen),
                element=element,
            )
        ]

    def _quantity(self, seen: dict[str, Any], default: int | float) -> int | float | None:
        expression = self.rule.quantity
        if expression is None:
            return default
        try:
            value = evaluate(expression, seen)
        except EvaluationError as error:
            self._failed("quantity", error)
            return None
        problem = _no_quantity(value)
        if problem:
            self._wrong("quantity-invalid", f"gives a quantity that {problem}: `{expression}`")
            return None
        return whole(value)

    def _attributes(self, seen: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """What the rule gives each target attribute, and what flows down by itself; nothing for what is not given."""
        found = {}
        for name, attribute in self.target.attributes.items():
            if name in self.rule.attributes:
                value = self._mapped(name, self.rule.attributes[name], seen)
                if value is not None:
                    found[name] = value
            elif name in given:
                declared = self.source.product.attributes.get(name)
                if declared is not None and declared.type is attribute.type:
                    found[name] = given[name]
        return found

    def _mapped(self, name: str, mapping: Any, seen: Mapping[str, Any]) -> Any:
        try:
            return self._looked_up(name, mapping, seen) if isinstance(mapping, Table) else render(mapping, seen)
        except EvaluationError as error:
            ending = self.source.line.action in (Action.DELETE, Action.NO_CHANGE)
            if not (ending and str(error).startswith(MISSING_VALUE)):
                self._failed(f"attributes.{name}", error)
        return None

    def _looked_up(self, name: str, table: Table, seen: Mapping[str, Any]) -> Any:
        value = evaluate(table.source, seen)
        text = as_text(value)
        if text in table.rows:
            return render(table.rows[text], seen)
        if table.has_default:
            return render(table.default, seen)
        near = did_you_mean(text, table.rows)
        self._wrong("table-without-row", f"looks `{name}` up in a table that has no row for {shown(value)}{near}")
        return None

    def _previous(self, seen: dict[str, Any]) -> Previous | None:
        """What the line had before, made likewise; an expression that then has no value gives nothing."""
        before = self.source.line.previous
        if before is None or self.source.line.action not in BEFORE:
            return None
        then = {**seen, "attributes": before.attributes, "quantity": before.quantity}
        attributes = {}
        for name, attribute in self.target.attributes.items():
            value = None
            if name in self.rule.attributes:
                value = _mapped_before(self.rule.attributes[name], then)
            elif (declared := self.source.product.attributes.get(name)) is not None and declared.type is attribute.type:
                value = before.attributes.get(name)
            if value is not None:
                attributes[name] = value
        return Previous(attributes, _quantity_before(self.rule.quantity, then, before.quantity))


def _mapped_before(mapping: Any, then: Mapping[str, Any]) -> Any:
    try:
        if not isinstance(mapping, Table):
            return render(mapping, then)
        return render(mapping.rows.get(as_text(evaluate(mapping.source, then)), mapping.default), then)
    except EvaluationError:
        return None


def _quantity_before(expression: str | None, then: Mapping[str, Any], default: int | float) -> int | float:
    try:
        value = default if expression is None else evaluate(expression, then)
    except EvaluationError:
        return default
    return default if _no_quantity(value) else whole(value)


def _no_quantity(value: Any) -> str:
    """Why `value` is no quantity; empty where it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is no number ({shown(value)})"
    if value_problem(value) or value_problem(whole(value)):
        return "is too large to compute with"
    return f"is negative ({shown(value)})" if value < 0 else ""


@lru_cache(maxsize=10_000)
def reads_element(expression: str) -> bool:
    """Whether it reads `each` or `index`."""
    try:
        return any(use.path[0] in ("each", "index") for use in uses_of(expression))
    except UnparsableError:
        return False
