"""Plans built from step definitions, without a catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from compiler.catalogue.catalogue import OutputReference
from compiler.language.retry_policy import STANDARD_RETRY, RetryPolicy
from compiler.language.steps import LineAction, StepDefinition
from compiler.plan.plan import OrderHeader, Plan, PlannedDefinition, PlannedLine, PlannedStep

OUTPUT = re.compile(r"steps\.(\w+)\.output")


def plan_of(
    steps: Mapping[str, Mapping[str, Any]],
    *,
    order: str = "O-1",
    customer: Mapping[str, Any] | None = None,
    quantity: int = 1,
    attributes: Mapping[str, Any] | None = None,
    characteristics: Mapping[str, Any] | None = None,
    requested_start: datetime | None = None,
    requested_completion: datetime | None = None,
    line_completion: datetime | None = None,
) -> Plan:
    """One order line with one fulfilment line, served by these steps of the workstream `camera`, `after` as names.

    Ids are `camera.<step>@1`. A step's `retry` is a policy; without one it is the built-in one.
    """
    names = list(steps)
    header = OrderHeader(
        order, dict(customer or {"id": "C-1", "name": "Elm Street 14", "tier": "gold"}), 3, requested_start,
        requested_completion, dict(characteristics or {}),
    )  # fmt: skip
    order_line = PlannedLine(
        "1", "home", "Home", quantity, LineAction.ADD, dict(attributes or {}), requested_completion=line_completion
    )
    line = PlannedLine(
        "camera@1", "camera", "Camera", quantity, LineAction.ADD, dict(attributes or {}), ("1",), "line",
        requested_completion=line_completion,
    )  # fmt: skip
    return Plan(
        header,
        "sha256:test",
        (order_line,),
        (line,),
        tuple(_planned(name, written, names) for name, written in steps.items()),
        tuple(
            PlannedStep(
                f"camera.{name}@1",
                position,
                (0,),
                tuple(sorted(names.index(before) for before in written.get("after", []) if isinstance(before, str))),
                tuple((names.index(read),) for read in _reads(written)),
            )
            for position, (name, written) in enumerate(steps.items())
        ),
    )


def with_instances(plan: Plan, step: str, count: int) -> Plan:
    """The plan with further instances of one of its steps, `camera.<step>@2` and so on, at its end."""
    first = next(planned for planned in plan.steps if planned.id == f"camera.{step}@1")
    more = tuple(replace(first, id=f"camera.{step}@{number}") for number in range(2, count + 1))
    return replace(plan, steps=plan.steps + more)


def _reads(written: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(OUTPUT.findall(repr(written))))


def _planned(name: str, written: Mapping[str, Any], _names: list[str]) -> PlannedDefinition:
    definition = StepDefinition.model_validate(written)
    retry = definition.retry if isinstance(definition.retry, RetryPolicy) else STANDARD_RETRY
    timeout = (
        definition.timeout.total_seconds() if definition.timeout and not isinstance(definition.timeout, str) else 30.0
    )
    return PlannedDefinition(
        workstream="camera",
        workstream_name="Security camera",
        step=name,
        name=definition.name or name.capitalize(),
        definition=definition,
        serves_order_lines=False,
        per="line",
        retry=retry,
        undo_retry=STANDARD_RETRY,
        timeout=timeout,
        undo_timeout=30.0,
        reads=tuple(OutputReference("steps", "camera", read, False) for read in _reads(written)),
        expression_locations={},
    )


def call(path: str = "/x", **further: Any) -> dict[str, Any]:
    """A call that posts to `path` of the system `shop`; `further` are keys of the step."""
    return {"call": {"system": "shop", "post": path, "body": {}}, **further}
