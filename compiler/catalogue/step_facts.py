"""What the steps of one document say by themselves, whatever other documents hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError
from typing import Any

from compiler.graph import sort_by_levels, walk
from compiler.language.steps import InPlaceUpdate, StepDefinition, StepReference
from compiler.typecheck.expression_sites import STEP_SHAPE, ExpressionSite, find_expressions
from compiler.typecheck.output_access import OutputAccess, outputs_read


@dataclass(slots=True)
class StepFacts:
    """Found in one pass over the steps, because a catalogue has many. Not changed once it is returned."""

    expressions: dict[str, list[ExpressionSite]] = field(default_factory=dict)
    """Of each step."""
    reads: dict[str, list[tuple[OutputAccess, int]]] = field(default_factory=dict)
    """Step → the outputs that its expressions use, each with its offset in one. Steps without are left out."""
    predecessors: dict[str, list[str]] = field(default_factory=dict)
    """Step → the steps of this document that it waits for."""
    skippable_steps: list[str] = field(default_factory=list)
    """Those with a `when` and no `default_output`."""
    order: list[str] | None = None
    """The steps, each after its predecessors, then by id; None if there is a cycle."""
    names_other_steps: bool = False
    """Whether `after` of a step names another workstream, or anything else but a step of this document."""
    reads_workstreams: bool = False
    """Whether an expression may read `workstreams`."""
    reads_only_predecessors: bool = False
    """Whether it is certain that each step reads outputs of steps before it only, and that each has only one."""
    systems: set[str] = field(default_factory=set)
    """What calls name."""
    retry_policies: set[str] = field(default_factory=set)
    """Ids, without `standard`."""
    redone_steps: set[str] = field(default_factory=set)
    """What `redo_from` names."""
    queues: set[str] = field(default_factory=set)
    """Those without expressions in their names."""
    has_escalation: bool = False


def find_step_facts(steps: Mapping[str, StepDefinition], written: Mapping[str, Any], per: str) -> StepFacts:
    """`written`: the steps as data. `per`: that of steps that have none."""
    facts = StepFacts()
    for name, step in steps.items():
        sites = facts.expressions[name] = find_expressions(written[name], STEP_SHAPE, ("steps", name))
        for site in sites:
            if outputs := outputs_read(site.expression):
                facts.reads.setdefault(name, []).extend(outputs)
            facts.reads_workstreams |= "workstreams" in site.expression
        _add_names(facts, step)
        if step.when is not None and step.default_output is None:
            facts.skippable_steps.append(name)
        own = facts.predecessors[name] = []
        for reference in step.after:
            if reference.step not in steps:
                facts.names_other_steps = True
            elif isinstance(reference, StepReference):
                own.append(reference.step)
    try:
        facts.order = sort_by_levels(facts.predecessors)
    except CycleError:
        return facts
    facts.reads_only_predecessors = not facts.names_other_steps and _reads_only_predecessors(facts, steps, per)
    return facts


def _add_names(facts: StepFacts, step: StepDefinition) -> None:
    undo, call, retries = step.undo, step.call, [step.retry]
    if call is not None:
        facts.systems.add(call.system)
    if step.manual is not None:
        _add_queue(facts, step.manual.queue)
    if undo is not None:
        retries.append(undo.retry)
        if undo.call is not None:
            facts.systems.add(undo.call.system)
        if undo.manual is not None:
            _add_queue(facts, undo.manual.queue)
    if isinstance(step.on_change, InPlaceUpdate):
        facts.systems.add(step.on_change.call.system)
    for rule in step.on_failure:
        retries.append(rule.retry)
        if rule.redo_from is not None:
            facts.redone_steps.add(rule.redo_from)
        if rule.queue is not None:
            _add_queue(facts, rule.queue)
    for retry in retries:
        if isinstance(retry, str) and retry != "standard":
            facts.retry_policies.add(retry)
    facts.has_escalation |= step.sla is not None and step.sla.escalate is not None


def _add_queue(facts: StepFacts, name: str) -> None:
    if name and "${" not in name:
        facts.queues.add(name)


def _reads_only_predecessors(facts: StepFacts, steps: Mapping[str, StepDefinition], per: str) -> bool:
    predecessors = facts.predecessors
    for name, outputs in facts.reads.items():
        for (root, _, read, _), _ in outputs:
            if root != "steps" or read not in steps:
                return False
            if read not in predecessors[name] and read not in walk(predecessors[name], predecessors.__getitem__):
                return False
            if (steps[name].per or per, steps[read].per or per) != ("line", "line"):
                return False
    return True
