"""Order lines beside the fulfilment lines that they became, with the rule and the values that caused each."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.plan.decision_log import PlanDecision
from compiler.plan.plan import Plan, PlannedLine
from views.plan.decisions import describe_decision
from views.plan.picture.model import BecameLine, SourceLine
from views.shared.value_format import format_quantity, format_values

MAX_IDS = 4
"""Lines of one rule that are named one by one."""


def source_lines(plan: Plan, decisions: Sequence[PlanDecision]) -> tuple[SourceLine, ...]:
    """The order lines, in the plan's order."""
    return _SourceLines(plan, decisions).build()


class _SourceLines:
    def __init__(self, plan: Plan, decisions: Sequence[PlanDecision]) -> None:
        self.plan = plan
        self.lines: dict[str, PlannedLine] = {line.id: line for line in plan.fulfilment_lines}
        self.rules: dict[str, list[PlanDecision]] = {}
        self.names = {line.product: line.name for line in (*plan.order_lines, *plan.fulfilment_lines)}
        for decision in decisions:
            if decision.subject in ("rule", "component"):
                self.rules.setdefault(decision.line_id, []).append(decision)
        self.shown: set[str] = set()
        """Lines whose own rules are shown already: a line that comes from several others is told in full once."""

    def build(self) -> tuple[SourceLine, ...]:
        depths: dict[str, int] = {}
        sources = []
        for line in self.plan.order_lines:
            depths[line.id] = depths[line.sources[0]] + 1 if line.sources else 0
            values = format_values({**line.attributes, **line.named_values})
            facts = "  ".join(filter(None, (line.action.value, values)))
            name = f"{line.name} {format_quantity(line.quantity)}"
            sources.append(SourceLine(line.id, name, facts, depths[line.id], self._became(line.id)))
        return tuple(sources)

    def _became(self, source: str) -> tuple[BecameLine, ...]:
        return tuple(self._line(decision) for decision in self.rules.get(source, ()))

    def _line(self, decision: PlanDecision) -> BecameLine:
        product, _, as_ = decision.name.partition("~")
        made = [self.lines[id_] for id_ in decision.result_ids if id_ in self.lines]
        name = self.names.get(product, product) + (f" ({as_})" if as_ else "")
        if len(made) == 1:
            name += f" {format_quantity(made[0].quantity)}"
        elif made:
            name += f", {len(made):,} lines"
        ids = decision.result_ids
        shown = ids if len(ids) <= MAX_IDS else (*ids[:MAX_IDS], f"… {len(ids):,} in all")
        children: tuple[BecameLine, ...] = ()
        if made and not self.shown & {made[0].id}:
            self.shown.add(made[0].id)
            children = self._became(made[0].id)
        return BecameLine(
            name,
            describe_decision(decision),
            decision.location.rpartition(":")[0],
            "in" if decision.applied else "out",
            shown,
            self._facts(made, decision.line_id),
            children,
        )

    def _facts(self, made: Sequence[PlannedLine], source: str) -> str:
        if len(made) != 1:
            return ""
        others = [one for one in made[0].sources if one != source]
        shown = [*others[:MAX_IDS], "…"] if len(others) > MAX_IDS else others
        shared = f"shared with {', '.join(shown)}" if others else ""
        values = format_values({**made[0].attributes, **made[0].named_values})
        return "  ".join(filter(None, (values, shared)))
