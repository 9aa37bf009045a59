"""Random plans: lines under lines, every kind of step, failure rules, undos, points of no return."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from compiler.language.steps import LineAction
from compiler.plan.plan import Plan, PlannedLine, PlannedStep
from tests.support.core.plans import plan_of

START = 1_800_000_000.0
"""When these orders start, in seconds since 1970."""
FAILS = [{"if": "response.status == 409", "code": "refused", "message": "refused"}]
CALLBACK_FAILS = [{"if": "payload.ok == false", "code": "refused", "message": "refused"}]
FORM = {"outcome": {"type": "string", "enum": ["done", "failed"], "default": "done"}, "id": {"type": "string"}}
OUTCOME = [{"if": "payload.outcome == 'failed'", "code": "refused", "message": "refused"}]
AGREED = "has(order.characteristics.agreed) && order.characteristics.agreed == true"


def random_plan(random: Random, *, size: int | None = None, order: str = "O-1") -> Plan:
    """Two to twelve steps, `camera.<name>@<line>`, for one to three order lines, some of them child lines."""
    count = size or random.randint(2, 12)
    names = [f"s{number}" for number in range(count)]
    wide = {name for name in names if random.random() < 0.15}
    written = {name: _step(random, name, names[:at], wide=name in wide) for at, name in enumerate(names)}
    promised = random.random() < 0.6
    completion = datetime.fromtimestamp(START, UTC) + timedelta(days=random.choice([0, 1, 5, 30]))
    plan = plan_of(written, order=order, requested_completion=completion if promised else None)
    return _on_lines(random, plan, wide)


def changed_plan(random: Random, plan: Plan) -> Plan:
    """The plan of the same order with another attribute value on one line, or without one of its lines."""
    if len(plan.fulfilment_lines) > 1 and random.random() < 0.3:
        return _without_line(plan, random.randrange(len(plan.fulfilment_lines)))
    changed = random.randrange(len(plan.fulfilment_lines))
    attributes = {"v": random.randint(0, 2)}
    lines = tuple(
        replace(line, attributes=attributes) if place == changed else line
        for place, line in enumerate(plan.fulfilment_lines)
    )
    return replace(plan, fulfilment_lines=lines)


def _without_line(plan: Plan, gone: int) -> Plan:
    """Without the line, its child lines, and the steps that serve nothing else."""
    id_ = plan.fulfilment_lines[gone].sources[0]
    left_out = {line.id for line in plan.order_lines if line.id == id_ or line.sources == (id_,)}
    if len(left_out) == len(plan.order_lines):
        return plan
    kept = [place for place, line in enumerate(plan.fulfilment_lines) if line.sources[0] not in left_out]
    new_line = {place: at for at, place in enumerate(kept)}
    stays = [at for at, step in enumerate(plan.steps) if any(line in new_line for line in step.line_positions)]
    new_step = {at: number for number, at in enumerate(stays)}
    steps = tuple(
        replace(
            step,
            line_positions=tuple(new_line[line] for line in step.line_positions if line in new_line),
            after=tuple(new_step[before] for before in step.after if before in new_step),
            reads=tuple(tuple(new_step[read] for read in reads if read in new_step) for reads in step.reads),
        )
        for step in (plan.steps[at] for at in stays)
    )
    return replace(
        plan,
        order_lines=tuple(line for line in plan.order_lines if line.id not in left_out),
        fulfilment_lines=tuple(plan.fulfilment_lines[place] for place in kept),
        steps=steps,
    )


def _on_lines(random: Random, plan: Plan, wide_steps: set[str]) -> Plan:
    order_lines, lines = _lines(random, plan)
    steps = []
    for step in plan.steps:
        name = plan.definitions[step.definition_position].step
        wide = name in wide_steps
        served = tuple(range(len(lines))) if wide else (random.randrange(len(lines)),)
        suffix = "" if wide else f"@{lines[served[0]].sources[0]}"
        steps.append(PlannedStep(f"camera.{name}{suffix}", step.definition_position, served, step.after, step.reads))
    definitions = tuple(
        replace(definition, per="order") if definition.step in wide_steps else definition
        for definition in plan.definitions
    )
    return replace(plan, order_lines=order_lines, fulfilment_lines=lines, definitions=definitions, steps=tuple(steps))


def _lines(random: Random, plan: Plan) -> tuple[tuple[PlannedLine, ...], tuple[PlannedLine, ...]]:
    ids = random.choice([["1"], ["1", "2"], ["1", "1.1", "2"], ["1", "1.1", "1.2"]])
    order_lines = tuple(
        replace(plan.order_lines[0], id=id_, sources=(("1",) if "." in id_ else ()), action=LineAction.ADD)
        for id_ in ids
    )
    lines = tuple(
        replace(plan.fulfilment_lines[0], id=f"camera@{id_}", sources=(id_,), attributes={"v": 0}) for id_ in ids
    )
    return order_lines, lines


def _step(random: Random, name: str, earlier: list[str], *, wide: bool) -> dict[str, Any]:
    after = sorted(random.sample(earlier, min(len(earlier), random.choice([0, 1, 1, 2, 3]))))
    step = _kind(random, name, after, "lines.map(l, l.attributes.v)" if wide else "attributes.v") | {"after": after}
    for key, value, chance in (
        ("when", random.choice(["true", "quantity > 5", "true"]), 0.12),
        ("start", {"delay": random.choice(["10m", "2h"])}, 0.1),
        ("expected", random.choice(["1m", "3h", "2d"]), 0.3),
        ("sla", {"duration": "2h", "warn": "30m", "escalate": "field"}, 0.2),
        ("point_of_no_return", True, 0.12),
        ("default_output", {"id": "none"}, 0.3),
        ("on_failure", _failure_cases(random, name, after), 0.5),
        ("undo", _undo(random), 0.75),
        ("on_change", random.choice(["keep", {"call": {"system": "shop", "patch": "/${output.id}"}}]), 0.25),
    ):
        if random.random() < chance:
            step[key] = value
    return step


def _kind(random: Random, name: str, after: list[str], requested: str) -> dict[str, Any]:
    """`requested`: an expression for a value of the order."""
    body: dict[str, Any] = {"name": name}
    if random.random() < 0.5:
        body["v"] = f"${{{requested}}}"
    if after and random.random() < 0.4:
        body["of"] = f"${{steps.{random.choice(after)}.output.id}}"
    post = {"system": "shop", "post": f"/{name}", "body": body}
    poll = {"get": "/asked/${response.body.id}", "every": "30s", "until": "response.body.ready", "within": "3h"}
    kinds: list[dict[str, Any]] = [
        {"call": post, "fail_when": FAILS},
        {"call": post, "fail_when": FAILS},
        {"call": post},
        {"call": post | {"callback": {"within": "1d"}}, "fail_when": CALLBACK_FAILS},
        {"call": post | {"poll": poll}, "fail_when": FAILS},
        {"activity": "greet", "with": body},
        {"manual": {"queue": "field", "instructions": name, "form": FORM}, "fail_when": OUTCOME},
        {"event": {"name": f"event_{name}", "within": "5d"}},
        {"wait": {"for": "1h"}},
        {"wait": {"condition": AGREED, "within": "3d"}},
        {"milestone": True},
    ]
    return random.choice(kinds)


def _failure_cases(random: Random, name: str, after: list[str]) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = [
        {"do": "continue"},
        {"rollback": "line"},
        {"rollback": "bundle"},
        {"rollback": "order"},
        {"redo_from": random.choice([*after, name]), "max": random.randint(1, 2)},
        {"code": "refused", "redo_from": name, "max": 2},
        {"code": "timeout", "do": "continue"},
        {"code": "timeout", "rollback": "line"},
    ]
    chosen = random.sample(cases, random.randint(1, 2))
    return [*sorted(chosen, key=lambda case: "code" not in case)[:2], {"do": "fallout", "queue": "desk"}]


def _undo(random: Random) -> dict[str, Any]:
    delete = {"system": "shop", "delete": "/${output.id}"}
    poll = {"get": "/asked/${response.body.id}", "every": "30s", "until": "response.body.ready", "within": "3h"}
    return random.choice(
        [
            {"call": delete},
            {"call": delete},
            {"call": {"system": "shop", "post": "/cancellations", "body": {}}},
            {"call": delete | {"callback": {"within": "1d"}}},
            {"call": {"system": "shop", "post": "/cancellations", "body": {}, "poll": poll}},
            {"activity": "greet", "with": {"id": "${output.id}"}},
            {"manual": {"queue": "field", "instructions": "undo it"}},
        ]
    )
