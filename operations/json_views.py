"""What `-o json` and the gateway answer: stable keys, as programs rely on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from operations.blockers.order_blockers import Blocker, ended_sentence, lateness_sentence
from operations.events.undelivered_notifications import UndeliveredList
from operations.reading.list_orders import OrderPage
from operations.reading.order_details import OrderDetails
from operations.reading.order_summary import OrderSummary
from operations.reading.worklists import StepWorklist, WorklistItem
from operations.submission.submit_order import SubmissionResult
from operations.systems import SystemStatus
from workflows.contract.order_messages import ActionResult, AmendResult
from workflows.contract.order_views import HistoryEntry, LineView, OrderView, StepView
from workflows.contract.outbox_messages import OutboxView, ResendResult
from workflows.contract.states import OrderState
from workflows.contract.switch_messages import SwitchResult, SystemSwitchView

JsonObject = dict[str, Any]
_ANY_ADAPTER: TypeAdapter[Any] = TypeAdapter(Any)


def to_json_value(value: Any) -> Any:
    """`value` with times and enumerations as JSON has them."""
    return _ANY_ADAPTER.dump_python(value, mode="json")


def submission_json(submission: SubmissionResult) -> JsonObject:
    shape: JsonObject = {
        "order_id": submission.order_id,
        "workflow_id": submission.workflow_id,
        "run_id": submission.run_id,
        "state": submission.state.value,
        "already_running": submission.already_running,
        "same_order": submission.same_content,
        "waiting_for_worker": submission.waiting_for_worker,
    }
    if submission.decision is not None:
        shape["findings"] = submission.decision.findings
        shape["steps"] = submission.decision.steps
        shape["catalogue_version"] = submission.decision.catalogue_version
    return shape


def amendment_json(answer: AmendResult) -> JsonObject:
    return answer.model_dump(mode="json")


def order_summary_json(order: OrderSummary) -> JsonObject:
    return {
        "order_id": order.order_id,
        "state": order.state.value,
        "jeopardy": order.jeopardy.value,
        "fallout": order.fallout,
        "open_tasks": order.open_tasks,
        "customer_id": order.customer_id,
        "products": order.products,
        "started_at": to_json_value(order.started_at),
        "ended_at": to_json_value(order.ended_at),
    }


def order_list_json(page: OrderPage) -> JsonObject:
    """`next_cursor` is null after the last page."""
    return {"orders": [order_summary_json(order) for order in page.orders], "next_cursor": page.next_cursor}


def order_counts_json(counts: Mapping[OrderState, int]) -> JsonObject:
    return {"counts": {state.value: count for state, count in counts.items()}}


def order_line_json(line: LineView) -> JsonObject:
    shape = line_json(line)
    shape["parent"] = line.sources[0] if line.sources else None
    return {key: value for key, value in shape.items() if key not in {"sources", "per"}}


def line_json(line: LineView) -> JsonObject:
    return to_json_value(line.model_dump())  # type: ignore[no-any-return]


def step_json(step: StepView) -> JsonObject:
    return step.model_dump(mode="json")


def order_json(details: OrderDetails) -> JsonObject:
    """`show -o json`: the plan's shape, with states."""
    shape = details.order.model_dump(mode="json", exclude={"order_lines", "lines"})
    shape["source"] = details.source
    shape["order_lines"] = [order_line_json(line) for line in details.order.order_lines]
    shape["lines"] = [line_json(line) for line in details.order.lines]
    shape["steps"] = [step_json(step) for step in details.steps]
    return shape


def worklist_item_json(item: WorklistItem) -> JsonObject:
    return {
        "order_id": item.order_id,
        "customer_id": item.customer_id,
        "products": item.products,
        "step": step_json(item.step),
    }


def worklist_json(worklist: StepWorklist, key: str) -> JsonObject:
    """`key`: `fallout` or `tasks`."""
    return {key: [worklist_item_json(found) for found in worklist.items], "unanswered": worklist.unanswered_orders}


def history_json(order: OrderView, entries: Sequence[HistoryEntry]) -> JsonObject:
    return {
        "order_id": order.order_id,
        "state": order.state.value,
        "history": [entry.model_dump(mode="json") for entry in entries],
    }


def action_json(order_id: str, answer: ActionResult) -> JsonObject:
    return {"order_id": order_id, **answer.model_dump(mode="json")}


def outbox_json(outbox: OutboxView) -> JsonObject:
    return outbox.model_dump(mode="json")


def undelivered_json(undelivered: UndeliveredList) -> JsonObject:
    return {
        "notifications": [
            {"order_id": outbox.order_id, **each.model_dump(mode="json")}
            for outbox in undelivered.outboxes
            for each in outbox.undelivered
        ],
        "unanswered": undelivered.unanswered_orders,
    }


def resend_result_json(order_id: str, answer: ResendResult) -> JsonObject:
    return {"order_id": order_id, "events": answer.events}


def blockers_json(details: OrderDetails, blockers: list[Blocker], step: StepView | None = None) -> JsonObject:
    return {
        "order_id": details.order.order_id,
        "state": details.order.state.value,
        "step": step.id if step else None,
        "ended": ended_sentence(details.order, step),
        "lateness": lateness_sentence(details.order, details.steps),
        "reasons": [
            {
                "step": reason.step,
                "number": reason.number,
                "waits_for": reason.waits_for,
                "since": to_json_value(reason.since),
                "whose_move": reason.responsible,
                "moved_by": reason.unblocked_by,
                "holds_up": reason.blocked_step_count,
                "beyond": list(reason.other_order_details),
                "sentence": reason.sentence,
            }
            for reason in blockers
        ],
    }


def system_list_json(statuses: Sequence[SystemStatus]) -> JsonObject:
    """`systems -o json`. `waiting` is null where it is not known."""
    return {
        "systems": [
            system_view_json(reading.view)
            | {"waiting": reading.waiting_calls, "limited_by_hand": reading.manual_rate_limit}
            for reading in statuses
        ]
    }


def system_switch_json(answer: SwitchResult) -> JsonObject:
    return system_view_json(answer.system) | {"message": answer.message, "already": answer.already}


def system_view_json(view: SystemSwitchView) -> JsonObject:
    return view.model_dump(mode="json")
