"""What states and words mean, for people who are here for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

from console.presenting.actions.action_words import action_label
from workflows.contract.actions import ACTIONS
from workflows.contract.states import OrderState, StepState

StateT = TypeVar("StateT", StepState, OrderState)


class StateMeaning(NamedTuple, Generic[StateT]):
    state: StateT
    meaning: str


class ActionMeaning(NamedTuple):
    label: str
    """As buttons name it."""
    meaning: str


class Word(NamedTuple):
    name: str
    meaning: str


_STEPS: Mapping[StepState, str] = {
    StepState.PENDING: "Waits for steps before it, which may be those of another order.",
    StepState.SCHEDULED: "All before it is done. It starts at its time.",
    StepState.READY: "May start, and waits for capacity.",
    StepState.IN_PROGRESS: "Runs, or waits for an answer, an event, a time or a person.",
    StepState.FAILED: "The last attempt failed. The next one comes by itself.",
    StepState.FATALLY_FAILED: "Failed, and no attempt follows by itself. A person decides: retry, skip or complete it.",
    StepState.ON_HOLD: "Held by a person, or the system that it calls is switched off.",
    StepState.COMPLETED: "Done.",
    StepState.SKIPPED: "Not needed here, or skipped by a person. The steps after it went on.",
    StepState.FAILED_ACCEPTED: "Failed, and the definition says that the order goes on without it.",
    StepState.DISCARDED: "Never ran, and will not run.",
    StepState.CANCELLED: "Ran, and was undone.",
    StepState.AMENDED: "Ran, and was done again because the order was changed.",
}
_ORDERS: Mapping[OrderState, str] = {
    OrderState.ACKNOWLEDGED: "Received, and not begun: it waits for its time, or for a worker.",
    OrderState.REJECTED: "Has errors, and was not accepted.",
    OrderState.PENDING: "Waits for its time, or for another line.",
    OrderState.HELD: "Held by a person. Nothing new starts.",
    OrderState.IN_PROGRESS: "Is being delivered.",
    OrderState.ASSESSING_CANCELLATION: "Ordo works out what a cancellation would undo.",
    OrderState.PENDING_CANCELLATION: "Is being undone.",
    OrderState.CANCELLED: "Was undone as a whole, because it is not wanted any more.",
    OrderState.COMPLETED: "Everything is delivered.",
    OrderState.PARTIAL: "Some lines are delivered, others are not, and nothing more will come.",
    OrderState.FAILED: "Was undone as a whole after a failure.",
}
STEP_STATES = [StateMeaning(state, _STEPS[state]) for state in StepState]
ORDER_STATES = [StateMeaning(state, _ORDERS[state]) for state in OrderState]
ACTION_MEANINGS = [ActionMeaning(action_label(spec), f"{spec.summary}.") for spec in ACTIONS.values()]
WORDS = (
    Word(
        "Fallout", "Steps that failed and wait for a person. Their order stands still there; everything else goes on."
    ),
    Word("Task", "A step that a person does. It has a queue, a form, and often a time by which it is due."),
    Word("Jeopardy", "Whether the order will be done by the date that was asked for: on track, at risk, or late."),
    Word("Forecast", "When the order will be done, from what is known now. It moves as steps end."),
    Word(
        "Point of no return",
        "After it, an order is cancelled only if somebody overrides it with a reason: too much has happened.",
    ),
    Word("Undo", "What takes a finished step back, in the reverse order: release what was reserved, and so on."),
    Word("Amendment", "A change of a running order. Ordo redoes, undoes and adds only the steps that it touches."),
    Word("Patched", "Of a finished step: an amendment changes what it did by a call of its own, and does not redo it."),
    Word("Queue", "The people who do a kind of task, or who decide about a kind of fallout, such as field_force."),
    Word(
        "Temporal",
        "The engine that runs the orders. No order is lost when a process stops. Its page of an order has each call "
        "with its request and its answer; it is made for engineers.",
    ),
    Word(
        "Ledger",
        "The database of all orders, from which lists, counts and reports come. It is about a second behind.",
    ),
    Word("Definition", "A part of the catalogue, in YAML: products, what they become, and the steps of each."),
)
