"""What orders say to each other: one waits for a step of another."""

from __future__ import annotations

from typing import Literal

from activity_contract.payloads import WireModel

# What orders say to each other, and are asked by WATCH_ORDER_STEP
ORDER_WATCH_STEP = "watch_step"  # signal to the order that has the step, StepWatch
ORDER_STEP_STATUS = "step_standing"  # signal to the order that waits, StepStanding; query with a StepWatch, answers one


class StepWatch(WireModel):
    """A step of an order wants to be told when a step of another order is done."""

    order_id: str
    """The order that waits, and its step."""
    step_id: str
    other_order: str
    other_step: str
    """As `after` has it: `workstream.step`, `step`, or `workstream`; all its instances are meant. Or one's id."""
    workstream: str
    """Of the step that waits: where a bare name is looked for first."""


CrossOrderStatus = Literal["open", "done", "undone", "missing", "ended", "not_there"]


class CrossOrderStepStatus(WireModel):
    """How far that step of the other order is, for `step_id` of the order that waits."""

    step_id: str
    other_order: str
    other_step: str
    standing: CrossOrderStatus
    """open: that order will tell · done · undone: it never will be, or was taken back · missing: the order has no such
    step · ended: the order ended without a word · not_there: there is no such order yet; its mailbox will ask it."""
    words: str = ""
    """In what way it is undone, or ended."""

    @classmethod
    def for_watch(cls, watch: StepWatch, status: CrossOrderStatus, words: str = "") -> CrossOrderStepStatus:
        return cls(
            step_id=watch.step_id,
            other_order=watch.other_order,
            other_step=watch.other_step,
            standing=status,
            words=words,
        )
