"""A world in which everything answers well: systems, people, events and characteristics, for the steps of a plan.

Where a system has an `example`, that answers. What else a step waits for is made up from the expressions that read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.syntax_tree import ExpressionNode, UnparsableError, literal_value, parse_expression, path_uses
from compiler.cel.templates import render_template, split_template
from compiler.generation.values import boundary_values
from compiler.language.attributes import Attribute
from compiler.language.example_answers import ExampleAnswer
from compiler.language.path_patterns import may_match
from compiler.language.steps import CallDefinition, CrossOrderReference, InPlaceUpdate, StepDefinition
from compiler.plan.bindings import step_bindings
from compiler.plan.plan import Plan, PlannedDefinition, PlannedStep
from compiler.typecheck.expression_sites import STEP_SHAPE, find_expressions
from compiler.values import as_text

Entry = dict[str, Any]
"""An entry of a scenario's `world`."""
MADE_UP = "2026-06-15T12:00:00Z"
"""A text that is also a time: what systems answer where nothing says what."""
MAX_COMBINATIONS = 2_000


@dataclass(slots=True)
class GoodWorld:
    entries: list[Entry] = field(default_factory=list)
    taking_back: list[Entry] = field(default_factory=list)
    """Answers to calls that undo or change a step, which only an amendment brings about."""
    made_up: set[str] = field(default_factory=set)
    """Steps whose answer is not what a system would say: `workstream.step`."""
    impossible: dict[str, str] = field(default_factory=dict)
    """Steps that nothing can end → why."""


def good_world(plan: Plan, catalogue: Catalogue) -> GoodWorld:
    world = GoodWorld()
    reads = _OutputReads(plan)
    used = sorted({step.definition_position for step in plan.steps})
    for position in used:
        planned = plan.definitions[position]
        steps = [step for step in plan.steps if step.definition_position == position]
        _Answers(world, plan, planned, steps, catalogue, reads).add()
    return world


class _OutputReads:
    """Which fields of outputs the expressions of a plan read."""

    def __init__(self, plan: Plan) -> None:
        self._fields: dict[str, set[str]] = {}
        for planned in plan.definitions:
            for path in _paths(_expressions(planned.definition)):
                at = {"steps": 2, "workstreams": 3}.get(path[0])
                if at is not None and len(path) > at + 1:
                    workstream = planned.workstream if at == 2 else path[1]
                    inner = path[at + 1 :]
                    name = inner[1] if inner[0] == "[]" and len(inner) > 1 else inner[0]
                    self._fields.setdefault(f"{workstream}.{path[at - 1]}", set()).add(name)

    def of(self, planned: PlannedDefinition) -> set[str]:
        return self._fields.get(_reference(planned), set())


@dataclass(slots=True)
class _Answers:
    world: GoodWorld
    plan: Plan
    planned: PlannedDefinition
    steps: Sequence[PlannedStep]
    catalogue: Catalogue
    reads: _OutputReads

    @property
    def _definition(self) -> StepDefinition:
        return self.planned.definition

    @property
    def _reference(self) -> str:
        return _reference(self.planned)

    def add(self) -> None:
        definition = self._definition
        if any(isinstance(one, CrossOrderReference) for one in definition.after):
            self.world.impossible[self._reference] = "it waits for another order"
        if definition.call is not None:
            self._add_call(definition.call)
        elif definition.activity is not None:
            self._add({"on": self._reference, "answer": {"output": self._made_up("output")}})
        elif definition.manual is not None:
            self._add_task(definition.manual.form)
        elif definition.event is not None:
            self._add_event(definition.event.name, definition.event.key, definition.event.match)
        elif definition.wait is not None and definition.wait.condition is not None:
            self._add_characteristics(definition.wait.condition)
        self._add_taking_back()

    def _add(self, entry: Entry) -> None:
        self.world.entries.append(entry)

    def _made_up(self, *roots: str) -> dict[str, Any]:
        """Fields that something reads, below the names of the step's result."""
        self.world.made_up.add(self._reference)
        fields = {path[1] for path in _paths(_expressions(self._definition)) if path[0] in roots and len(path) > 1}
        if self._definition.output is None:
            fields |= self.reads.of(self.planned)
        candidates = {name: self._candidates(name) for name in sorted(fields)}
        return self._choose(candidates, "payload" if "payload" in roots else "output")

    def _candidates(self, name: str) -> list[Any]:
        """What the step's conditions compare the field with, or anything."""
        conditions = [condition.if_ for condition in self._definition.fail_when]
        return [MADE_UP, *(value for one in conditions for value in _literals_beside(one, name))]

    def _choose(self, candidates: Mapping[str, list[Any]], root: str, *must_hold: str) -> dict[str, Any]:
        """A value for each field with which the step does not fail."""
        fails = [condition.if_ for condition in self._definition.fail_when]
        first: dict[str, Any] = {}
        for values in islice(product(*candidates.values()), MAX_COMBINATIONS):
            chosen = dict(zip(candidates, values, strict=True))
            first = first or chosen
            bindings = {**step_bindings(self.plan, self.steps[0]), root: chosen}
            if all(_holds(one, bindings) for one in must_hold) and not any(_holds(one, bindings) for one in fails):
                return chosen
        return first

    def _add_task(self, form: Mapping[str, Attribute]) -> None:
        values = {name: boundary_values(one) for name, one in form.items() if one.required and one.default is None}
        if missing := [name for name, found in values.items() if not found]:
            self.world.impossible[self._reference] = f"no value was found for `{missing[0]}` of its form"
        candidates = {name: found for name, found in values.items() if found}
        if not form:
            fields = self.reads.of(self.planned)
            candidates = {name: self._candidates(name) for name in sorted(fields)}
        data = self._choose(candidates, "payload")
        self._add({"when": self._reference, "complete": data or True})

    def _add_event(self, names: Sequence[str], key: str | None, match: str | None) -> None:
        examples = [example for system in self.catalogue.systems.values() for example in system.example]
        if any(sent.event in names for example in examples for sent in example.sends):
            return
        name = next((one for one in names if not self._fails_with(one)), names[0])
        payload = self._made_up("payload")
        if match is not None:
            fields = {path[1] for path in _paths([match]) if path[0] == "payload" and len(path) > 1}
            candidates = {one: [MADE_UP, *_literals_beside(match, one)] for one in sorted(fields | payload.keys())}
            payload = self._choose(candidates, "payload", match)
        for entry in self._keyed(key):
            self._add({**entry, "event": name, **({"payload": payload} if payload else {})})

    def _fails_with(self, event: str) -> bool:
        bindings = {**step_bindings(self.plan, self.steps[0]), "event": event, "payload": {}}
        return any(_holds(condition.if_, bindings) for condition in self._definition.fail_when)

    def _keyed(self, key: str | None) -> Iterator[Entry]:
        """One entry for all instances, or one for each if the key reads something that only the step can see."""
        if key is None or _reads_only(key, {"order", "steps"}):
            yield {"when": self._reference, **({} if key is None else {"key": key})}
            return
        for step in self.steps:
            try:
                text = as_text(render_template(key, step_bindings(self.plan, step)))
            except EvaluationError:
                self.world.impossible[self._reference] = f"the key `{key}` of its event is only known while it runs"
                return
            yield {"when": step.id, "key": text}

    def _add_characteristics(self, condition: str) -> None:
        names = sorted(
            {path[2] for path in _paths([condition]) if path[:2] == ("order", "characteristics") and len(path) > 2}
        )
        candidates = {name: [True, *_literals_beside(condition, name), 1, MADE_UP] for name in names}
        for values in islice(product(*candidates.values()), MAX_COMBINATIONS):
            chosen = dict(zip(names, values, strict=True))
            bindings = step_bindings(self.plan, self.steps[0])
            order = {**bindings["order"], "characteristics": {**bindings["order"]["characteristics"], **chosen}}
            if _holds(condition, {**bindings, "order": order}):
                if chosen:
                    self._add({"when": self._reference, "set": chosen})
                return
        if names:
            self.world.impossible[self._reference] = f"no characteristics were found with which `{condition}` holds"

    def _add_taking_back(self) -> None:
        undo, change = self._definition.undo, self._definition.on_change
        if undo is not None and undo.manual is not None:
            awaited = {"step": self._reference, "of": "undo"}
            self.world.taking_back.append({"when": awaited, "complete": True})
        elif undo is not None and (undo.call is None or not self._examples(undo.call)):
            self.world.taking_back.append({"on": self._reference, "of": "undo", "answer": {}})
        if isinstance(change, InPlaceUpdate) and not self._examples(change.call):
            self.world.taking_back.append({"on": self._reference, "of": "change", "answer": {}})

    def _examples(self, call: CallDefinition) -> list[ExampleAnswer]:
        """Those of the system that may answer the call."""
        system = self.catalogue.systems.get(call.system)
        return [
            one
            for one in (system.example if system else ())
            if one.method in (None, call.method) and may_match(one.pattern, call.path)
        ]

    def _add_call(self, call: CallDefinition) -> None:
        examples = self._examples(call)
        if not examples:
            body = self._made_up("response", "output") if call.callback is None else {}
            self._add({"on": self._reference, "answer": {"body": self._response_fields(body)}})
        if call.callback is not None and not any(one.calls_back for one in examples):
            self._add({"when": self._reference, "callback": self._made_up("payload")})
        if call.poll is not None and not examples:
            self._add({"on": self._reference, "of": "poll", "answer": {"body": self._polled(call.poll.until)}})

    def _response_fields(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body with what the step's own expressions read of it, and with the fields of `body`."""
        fields = {
            path[2] for path in _paths(_expressions(self._definition)) if path[:2] == ("response", "body") and path[2:]
        }
        return {
            **dict.fromkeys(sorted(fields), MADE_UP),
            **{name: value for name, value in body.items() if name != "body"},
        }

    def _polled(self, until: str) -> dict[str, Any]:
        names = sorted({path[2] for path in _paths([until]) if path[:2] == ("response", "body") and len(path) > 2})
        candidates = [[*_literals_beside(until, name), True, 1, MADE_UP] for name in names]
        body: dict[str, Any] = {}
        for values in islice(product(*candidates), MAX_COMBINATIONS):
            body = dict(zip(names, values, strict=True))
            if _holds(until, {"response": {"body": body, "status": 200, "headers": {}}}):
                break
        return {**self._response_fields({}), **body}


def _reference(planned: PlannedDefinition) -> str:
    return f"{planned.workstream}.{planned.step}"


def _expressions(definition: StepDefinition) -> list[str]:
    written = definition.model_dump(by_alias=True, exclude_defaults=True)
    return [site.expression for site in find_expressions(written, STEP_SHAPE)]


def _paths(expressions: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for expression in expressions:
        try:
            yield from (use.path for use in path_uses(expression))
        except UnparsableError:
            continue


def _literals_beside(condition: str, name: str) -> list[Any]:
    """The literals of a condition that reads a field of this name."""
    try:
        node = parse_expression(condition)
        reads = any(name in use.path for use in path_uses(condition))
    except UnparsableError:
        return []
    return list(_literals(node)) if reads else []


def _literals(node: ExpressionNode) -> Iterator[Any]:
    if (value := literal_value(node)) is not None:
        yield value
    for child in node.children:
        yield from _literals(child)


def _reads_only(template: str, names: set[str]) -> bool:
    expressions = [piece[1] for piece in split_template(template) if not isinstance(piece, str)]
    return all(path[0] in names for path in _paths(expressions))


def _holds(condition: str, bindings: Mapping[str, Any]) -> bool:
    try:
        return evaluate(condition, bindings) is True
    except EvaluationError:
        return False
