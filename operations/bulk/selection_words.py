"""What a bulk job was begun for, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from operations.bulk.bulk_actions import BulkCommand
from workflows.contract import actions
from workflows.contract.actions import ActionTarget

MAX_LENGTH = 300


def selection_words(command: BulkCommand) -> str:
    """`steps in fallout · system crm · code timeout`."""
    return " · ".join([_noun(command), *_criteria(command)])[:MAX_LENGTH]


def _noun(command: BulkCommand) -> str:
    if ActionTarget.ORDER not in command.action.targets:
        return "tasks" if command.worklist == "tasks" else "steps in fallout"
    if command.criteria.has_step_criteria:
        return "orders with a step in fallout"
    return "held orders" if command.action is actions.RESUME else "running orders"


def _criteria(command: BulkCommand) -> Iterator[str]:
    for name, value in vars(command.criteria).items():
        if value is None:
            continue
        if name == "limit":
            yield f"at most {value:,}"
        else:
            yield f"{name} {value:%Y-%m-%d %H:%M %Z}" if isinstance(value, datetime) else f"{name} {value}"
