"""What is possible instead, as commands that can be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

from workflows.contract.actions import ACTIONS
from workflows.contract.order_messages import Alternative

COMMANDS = {
    "submit": "start",
    "switch_on": "system on",
    "start_worker": "python worker.py",
    "start_server": "python starter.py up` or `docker compose up",
    "connect": "",
}
"""Alternatives whose command is not called like them."""
POSITIONAL = {
    "amend": ("order",),
    "assign": ("order_id", "step"),
    "event": ("order_id", "name"),
    "extend": ("order_id", "step", "by"),
    "set": ("order_id", "characteristics"),
    "submit": ("order",),
    "switch_on": ("system",),
    "why": ("order_id", "step"),
}
"""Parameters that are arguments rather than options."""
PLACEHOLDERS = {
    "address": "HOST:PORT",
    "by": "TIME",
    "characteristics": "NAME=VALUE",
    "data": "DATA",
    "order": "FILE",
    "override": "REASON",
}


def alternatives_text(alternatives: Iterable[Alternative]) -> str:
    """``Possible: `rollback HS-1` (leaves …); `cancel HS-1 --override REASON` (…)``."""
    return f"Possible: {commands_text(alternatives)}"


def commands_text(alternatives: Iterable[Alternative]) -> str:
    return "; ".join(map(_alternative_text, alternatives))


def _alternative_text(alternative: Alternative) -> str:
    effect = f" ({alternative.effect})" if alternative.effect else ""
    return f"`{command_text(alternative)}`{effect}"


def command_text(alternative: Alternative) -> str:
    """`cancel HS-1 --override REASON`."""
    action = alternative.action
    values = {**alternative.parameters, **{name: PLACEHOLDERS.get(name, name.upper()) for name in alternative.required}}
    if action == "assign":
        values |= values.pop("data", {})
    if action == "extend" and (limit := values.pop("limit", None)):
        values[limit] = True
    if "order" in values:
        values.pop("order_id", None)  # the file names it
    arguments = _positional(action)
    words = [COMMANDS.get(action, action), *(_value(values.pop(name)) for name in arguments if name in values)]
    return " ".join(filter(None, [*words, *(_option(name, value) for name, value in values.items())]))


def _positional(action: str) -> tuple[str, ...]:
    if action in POSITIONAL:
        return POSITIONAL[action]
    spec = ACTIONS.get(action)
    return ("order_id", "step") if spec is not None and spec.is_step_action else ("order_id",)


def _option(name: str, value: Any) -> str:
    option = f"--{name.replace('_', '-')}"
    return option if value is True else f"{option} {_value(value)}"


def _value(value: Any) -> str:
    return shlex.quote(str(value)) if value not in PLACEHOLDERS.values() else str(value)
