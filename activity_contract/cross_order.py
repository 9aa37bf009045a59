"""Messages between orders: a step of one order waits for a step of another."""

from __future__ import annotations

from typing import Literal

from activity_contract.payloads import WireModel

ORDER_WATCH_STEP = "watch_step"  # signal to the order that has the step, StepWatch
ORDER_STEP_STATUS = "step_standing"  # signal to the order that waits, StepStanding; query with a StepWatch, answers one


class StepWatch(WireModel):
    """A step of an order waits for a step of another order."""

    order_id: str
    """The waiting order; `step_id` is its waiting step."""
    step_id: str
    other_order: str
    other_step: str
    """A step id, or a reference as in `after` (`workstream.step`, `step`, `workstream`), which means all instances."""
    workstream: str
    """The workstream of the waiting step. A reference without a workstream is resolved there first."""


CrossOrderStatus = Literal["open", "done", "undone", "missing", "ended", "not_there"]


class CrossOrderStepStatus(WireModel):
    """The status of a step of the other order, for `step_id` of the waiting order."""

    step_id: str
    other_order: str
    other_step: str
    standing: CrossOrderStatus
    """open: that order will report the end · done · undone: it was undone, or will never be done · missing: the order
    has no such step · ended: the order ended before the step · not_there: there is no such order yet; its mailbox will
    register the watch with it."""
    words: str = ""
    """How it was undone, or ended."""

    @classmethod
    def for_watch(cls, watch: StepWatch, status: CrossOrderStatus, words: str = "") -> CrossOrderStepStatus:
        return cls(
            step_id=watch.step_id,
            other_order=watch.other_order,
            other_step=watch.other_step,
            standing=status,
            words=words,
        )
