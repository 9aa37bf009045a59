"""What acts in bulk answer to programs: stable keys."""

from __future__ import annotations

from typing import Any

from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_runner import BulkResult, BulkSummary, BulkTarget, error_code, waiting_since
from operations.bulk.bulk_selection import BulkSelection
from operations.json_views import to_json_value

JsonObject = dict[str, Any]


def bulk_target_json(target: BulkTarget) -> JsonObject:
    step = target.step
    if step is None:
        return {"order_id": target.order_id, "step": None}
    return {
        "order_id": target.order_id,
        "step": step.id,
        "number": step.number,
        "state": step.state.value,
        "code": error_code(step),
        "queue": step.queue,
        "holder": step.holder,
        "since": to_json_value(waiting_since(step)),
    }


def bulk_result_json(result: BulkResult) -> JsonObject:
    step = result.target.step
    return {
        "order_id": result.target.order_id,
        "step": step.id if step else None,
        "outcome": result.outcome,
        "code": result.code,
        "message": result.message,
    }


def bulk_selection_json(command: BulkCommand, selection: BulkSelection) -> JsonObject:
    """Of a dry run."""
    return {
        "act": command.action,
        "dry_run": True,
        "targets": [bulk_target_json(target) for target in selection.targets],
        "unanswered": selection.unanswered_orders,
    }


def bulk_summary_json(command: BulkCommand, summary: BulkSummary, selection: BulkSelection) -> JsonObject:
    lists: JsonObject = {
        outcome: [bulk_result_json(result) for result in summary.with_outcome(outcome)]
        for outcome in ("done", "already", "refused", "failed_again", "left")
    }
    return {
        "act": command.action,
        "dry_run": False,
        "stopped": summary.stop_reason,
        **lists,
        "unanswered": selection.unanswered_orders,
    }
