"""Why each rule, workstream and step is in a plan or left out, and what replaces absent predecessors."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from compiler.explain_order import Explanation
from compiler.plan.decision_log import DecisionSubject, PlanDecision
from compiler.plan.plan import Plan
from compiler.plan.step_conditions import StepCondition
from compiler.values import as_text
from views.shared.table import Cell, PlainTable, titled_section

SECTIONS: tuple[tuple[str, tuple[DecisionSubject, ...], str], ...] = (
    ("Rules", ("component", "rule"), "Product"),
    ("Workstreams and steps", ("workstream", "step"), "What"),
)


def render_explanation(explanation: Explanation) -> Iterator[RenderableType]:
    """What `plan --explain` prints below the tree."""
    decisions = explanation.decisions
    for title, subjects, heading in SECTIONS:
        rows = [_decision_row(decision) for decision in decisions if decision.subject in subjects]
        if rows:
            yield from titled_section(title, PlainTable(["", "Line", heading, "Why"], rows))
    if explanation.plan is not None and explanation.conditions:
        rows = [_condition_row(explanation.plan, condition) for condition in explanation.conditions]
        table = PlainTable(["", "No.", "Step", "Why"], rows)
        yield from titled_section("Conditions of steps, as far as they are known now", table)
    replacements = dict.fromkeys(
        (decision.waiting_step, decision.name, ", ".join(decision.result_ids) or "nothing")
        for decision in decisions
        if decision.subject == "replacement"
    )
    if replacements:
        replaced = PlainTable(["Step", "would wait for", "waits instead for"], list(replacements))
        yield from titled_section("Predecessors that are absent", replaced)


def describe_decision(decision: PlanDecision) -> str:
    r"""`\`attributes.cameras > 0\` holds: attributes.cameras = 4; quantity \`…\` = 4: quantity = 1`."""
    text = decision.reason
    if decision.values:
        text += f": {', '.join(map(str, decision.values))}"
    if decision.quantity is not None:
        quantity = decision.quantity
        text += f"; quantity `{quantity.expression}` = {as_text(quantity.value)}"
        shown = [str(one) for one in quantity.values if one not in decision.values]
        text += f": {', '.join(shown)}" if shown else ""
    return text


def describe_condition(condition: StepCondition) -> str:
    r"""`\`!attributes.surplus\` holds: attributes.surplus = false`, or what is not known yet."""
    known = condition.known
    values = ", ".join(map(str, known.values))
    if known.value is not None:
        return f"`{known.condition}` {'holds' if known.value else 'does not hold'}" + (f": {values}" if values else "")
    text = f"`{known.condition}` is not known yet"
    if known.later_names:
        text += f": it needs {', '.join(known.later_names)}"
    for part, value in known.decided_parts:
        text += f"; `{part}` {'holds' if value else 'does not hold'}"
    return text + (f"; {values}" if values else "")


def _decision_row(decision: PlanDecision) -> list[Cell]:
    name = f"workstream {decision.name}" if decision.subject == "workstream" else decision.name
    label = Text("in", style="green") if decision.applied else Text("out", style="red")
    return [label, decision.line_id, name, _with_place(describe_decision(decision), decision.location)]


def _condition_row(plan: Plan, condition: StepCondition) -> list[Cell]:
    labels = {True: Text("in", style="green"), False: Text("skipped", style="red"), None: Text("open", style="yellow")}
    number, step = str(condition.position + 1), plan.steps[condition.position].id
    return [labels[condition.known.value], number, step, _with_place(describe_condition(condition), condition.location)]


def _with_place(why: str, location: str) -> Text:
    """The reason, then `file:line` of the definition, which terminals open."""
    place = location.rpartition(":")[0]
    return Text.assemble(why, ("  " + place if place else "", "bright_black"))
