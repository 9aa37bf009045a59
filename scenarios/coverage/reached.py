"""What the run of one scenario has reached: keys of items (items.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.language.scenario_actions import AmendEntry
from compiler.language.steps import FailureRule
from compiler.plan.decision_log import DecisionLog, PlanDecision
from compiler.source.findings import OrderRejected
from scenarios.coverage.items import Key
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry, change_order, read_order, submitted_order
from workflows.contract.order_views import HistoryEntry

_FAILED_WITH, _IN_FALLOUT = "failed with ", "in fallout: "
"""How the entries of an order's history begin that say what becomes of a failed step
(workflows/core/failures/failure_handling.py)."""
_NOT_HOLDING = "does not hold"
_SOME_ELEMENTS = re.compile(r"holds for (\d+) of (\d+) elements")
"""The reasons of decisions about a `when` (compiler/decomposition/apply_rule.py)."""


def reached_keys(entry: ScenarioEntry, catalogue: Catalogue, record: Record) -> frozenset[Key]:
    keys = {*_decided(entry, catalogue)}
    if record.final is not None:
        keys.update(_run(record))
        keys.update(_failure_rules(record.final.order.history, catalogue))
    return frozenset(keys)


def _decided(entry: ScenarioEntry, catalogue: Catalogue) -> Iterator[Key]:
    """What the compiler decided for the order, and for what it is amended to."""
    try:
        order = submitted_order(entry, catalogue)
        orders = [order]
        for position, one in enumerate(entry.model.world):
            if isinstance(one, AmendEntry):
                path = ("world", position, "amend")
                if one.amend.order is not None:
                    order = read_order(entry, one.amend.order, (*path, "order"))
                order = change_order(entry, order, one.amend.with_, (*path, "with"), catalogue)
                orders.append(order)
    except OrderRejected:
        return
    for order in orders:
        log = DecisionLog(enabled=True)
        compile_with_warnings(order, catalogue, decision_log=log)
        for decision in log.decisions:
            yield from _decision_keys(decision)


def _decision_keys(decision: PlanDecision) -> Iterator[Key]:
    if decision.subject in ("rule", "component", "workstream"):
        subject = "workstream" if decision.subject == "workstream" else "rule"
        if decision.applied and (decision.result_ids or subject == "workstream"):
            yield subject, decision.location
        some = _SOME_ELEMENTS.search(decision.reason)
        if _NOT_HOLDING in decision.reason or (some is not None and some[1] != some[2]):
            yield f"{subject}-out", decision.location


def _run(record: Record) -> Iterator[Key]:
    for begin in record.begins:
        yield "undo" if begin.undo else "step", _short(begin.step)
    for call in record.calls:
        if call.effect == "change":
            yield "change", _short(call.step)
    for event in record.events:
        if event.step is not None and event.type == "step.skipped":
            yield "skipped", _short(event.step)


def _failure_rules(history: Sequence[HistoryEntry], catalogue: Catalogue) -> Iterator[Key]:
    for entry in history:
        if entry.step is None:
            continue
        reference = _short(entry.step)
        workstream, _, name = reference.partition(".")
        steps = catalogue.workstreams[workstream].steps if workstream in catalogue.workstreams else {}
        if name not in steps:
            continue
        code, matches = _outcome(entry.what)
        if code is None:
            continue
        yield "fail_when", reference, code
        for position, rule in enumerate(steps[name].definition.on_failure):
            if rule.code in (None, code) and _describes(rule, matches):
                yield "on_failure", reference, str(position)
                break


def _outcome(what: str) -> tuple[str | None, str]:
    """The code of a failure, and what became of the step; (None, "") for an entry about something else."""
    if what.startswith(_IN_FALLOUT):
        return what.removeprefix(_IN_FALLOUT), "fallout"
    if what.startswith(_FAILED_WITH):
        code, _, became = what.removeprefix(_FAILED_WITH).partition(", ")
        return code, became
    return None, ""


def _describes(rule: FailureRule, became: str) -> bool:
    if rule.rollback is not None:
        return became == f"{rule.rollback} rolls back"
    if rule.redo_from is not None:
        return became.startswith(f"redone from {rule.redo_from},")
    return became == ("accepted" if rule.do == "continue" else "fallout")


def _short(step_id: str) -> str:
    return step_id.partition("@")[0]
