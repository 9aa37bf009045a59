"""What `-o json` and the gateway answer: stable keys, as programs rely on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from operations.blockers.order_blockers import Reason, ended_sentence, lateness
from operations.events.undelivered_notifications import UndeliveredList
from operations.reading.list_orders import OrderSummary
from operations.reading.read_order import OrderReading, StepList, StepOfOrder
from operations.reading.systems import SystemReading
from operations.submission.submit_order import Submission
from workflows.contract.order_messages import ActAnswer, AmendAnswer
from workflows.contract.order_views import HistoryEntry, LineView, OrderView, StepView
from workflows.contract.outbox_messages import OutboxView, ResendAnswer
from workflows.contract.switch_messages import SwitchAnswer, SystemView

Json = dict[str, Any]
_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def plain(value: Any) -> Any:
    """`value` with times and enumerations as JSON has them."""
    return _ANY.dump_python(value, mode="json")


def submission_json(submission: Submission) -> Json:
    shape: Json = {
        "order_id": submission.order_id,
        "workflow_id": submission.workflow_id,
        "run_id": submission.run_id,
        "state": submission.state.value,
        "already_running": submission.already_running,
        "same_order": submission.same_order,
        "waiting_for_worker": submission.waiting_for_worker,
    }
    if submission.decision is not None:
        shape["findings"] = submission.decision.findings
        shape["steps"] = submission.decision.steps
        shape["catalogue_version"] = submission.decision.catalogue_version
    return shape


def amendment_json(answer: AmendAnswer) -> Json:
    return answer.model_dump(mode="json")


def summary_json(order: OrderSummary) -> Json:
    return {
        "order_id": order.order_id,
        "state": order.state.value,
        "jeopardy": order.jeopardy.value,
        "fallout": order.fallout,
        "open_tasks": order.open_tasks,
        "customer_id": order.customer_id,
        "products": order.products,
        "started_at": plain(order.started_at),
        "ended_at": plain(order.ended_at),
    }


def orders_json(orders: list[OrderSummary]) -> Json:
    return {"orders": [summary_json(order) for order in orders]}


def order_line_json(line: LineView) -> Json:
    shape = line_json(line)
    shape["parent"] = line.sources[0] if line.sources else None
    return {key: value for key, value in shape.items() if key not in {"sources", "per"}}


def line_json(line: LineView) -> Json:
    return plain(line.model_dump())  # type: ignore[no-any-return]


def step_json(step: StepView) -> Json:
    return step.model_dump(mode="json")


def order_json(reading: OrderReading) -> Json:
    """`show -o json`: the plan's shape, with states."""
    shape = reading.order.model_dump(mode="json", exclude={"order_lines", "lines"})
    shape["source"] = reading.source
    shape["order_lines"] = [order_line_json(line) for line in reading.order.order_lines]
    shape["lines"] = [line_json(line) for line in reading.order.lines]
    shape["steps"] = [step_json(step) for step in reading.steps]
    return shape


def step_of_order_json(found: StepOfOrder) -> Json:
    return {
        "order_id": found.order_id,
        "customer_id": found.customer_id,
        "products": found.products,
        "step": step_json(found.step),
    }


def step_list_json(steps: StepList, key: str) -> Json:
    """`key`: `fallout` or `tasks`."""
    return {key: [step_of_order_json(found) for found in steps.found], "unanswered": steps.unanswered}


def history_json(order: OrderView, entries: Sequence[HistoryEntry]) -> Json:
    return {
        "order_id": order.order_id,
        "state": order.state.value,
        "history": [entry.model_dump(mode="json") for entry in entries],
    }


def act_json(order_id: str, answer: ActAnswer) -> Json:
    return {"order_id": order_id, **answer.model_dump(mode="json")}


def notifications_of_order_json(outbox: OutboxView) -> Json:
    return outbox.model_dump(mode="json")


def notifications_json(undelivered: UndeliveredList) -> Json:
    return {
        "notifications": [
            {"order_id": outbox.order_id, **each.model_dump(mode="json")}
            for outbox in undelivered.found
            for each in outbox.undelivered
        ],
        "unanswered": undelivered.unanswered,
    }


def resend_json(order_id: str, answer: ResendAnswer) -> Json:
    return {"order_id": order_id, "events": answer.events}


def reasons_json(reading: OrderReading, reasons: list[Reason], step: StepView | None = None) -> Json:
    return {
        "order_id": reading.order.order_id,
        "state": reading.order.state.value,
        "step": step.id if step else None,
        "ended": ended_sentence(reading.order, step),
        "lateness": lateness(reading.order, reading.steps),
        "reasons": [
            {
                "step": reason.step,
                "number": reason.number,
                "waits_for": reason.waits_for,
                "since": plain(reason.since),
                "whose_move": reason.whose_move,
                "moved_by": reason.moved_by,
                "holds_up": reason.holds_up,
                "beyond": list(reason.beyond),
                "sentence": reason.sentence,
            }
            for reason in reasons
        ],
    }


def systems_json(readings: Sequence[SystemReading]) -> Json:
    """`systems -o json`. `waiting` is null where it is not known."""
    return {
        "systems": [
            view_json(reading.view) | {"waiting": reading.waiting, "limited_by_hand": reading.limited_by_hand}
            for reading in readings
        ]
    }


def switch_json(answer: SwitchAnswer) -> Json:
    return view_json(answer.system) | {"message": answer.message, "already": answer.already}


def view_json(view: SystemView) -> Json:
    return view.model_dump(mode="json")
