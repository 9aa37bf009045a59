"""What acts in bulk answer to programs: stable keys."""

from __future__ import annotations

from typing import Any

from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_runner import Result, Summary, Target, code_of, waits_since
from operations.bulk.bulk_selection import Selection
from operations.json_views import plain

Json = dict[str, Any]


def target_json(target: Target) -> Json:
    step = target.step
    if step is None:
        return {"order_id": target.order_id, "step": None}
    return {
        "order_id": target.order_id,
        "step": step.id,
        "number": step.number,
        "state": step.state.value,
        "code": code_of(step),
        "queue": step.queue,
        "holder": step.holder,
        "since": plain(waits_since(step)),
    }


def result_json(result: Result) -> Json:
    step = result.target.step
    return {
        "order_id": result.target.order_id,
        "step": step.id if step else None,
        "outcome": result.outcome,
        "code": result.code,
        "message": result.message,
    }


def selection_json(command: BulkCommand, selection: Selection) -> Json:
    """Of a dry run."""
    return {
        "act": command.act,
        "dry_run": True,
        "targets": [target_json(target) for target in selection.targets],
        "unanswered": selection.unanswered,
    }


def summary_json(command: BulkCommand, summary: Summary, selection: Selection) -> Json:
    lists: Json = {
        outcome: [result_json(result) for result in summary.of(outcome)]
        for outcome in ("done", "already", "refused", "failed_again", "left")
    }
    return {
        "act": command.act,
        "dry_run": False,
        "stopped": summary.stopped,
        **lists,
        "unanswered": selection.unanswered,
    }
