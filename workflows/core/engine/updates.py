"""What people may do to a running order, by the update's name. The workflow registers a handler for each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.contract.order_messages import (
    UPDATE_NOTE,
    UPDATE_SET,
    ActAnswer,
    NoteAct,
    OrderAct,
    SetCharacteristics,
    StepAct,
)
from workflows.core.actions import notes, order_actions, step_actions
from workflows.core.engine import advance
from workflows.core.state.order_run import OrderRun


@dataclass(frozen=True, slots=True)
class Update:
    """`judge` is asked before anything is done, and changes nothing; both raise Refused."""

    message: type[Any]
    judge: Callable[[OrderRun, Any], Any]
    do: Callable[[OrderRun, Any], Any]
    answer: type[Any] = ActAnswer


def _on_step(name: step_actions.ActName) -> Update:
    def do(run: OrderRun, act: StepAct) -> ActAnswer:
        step, already = step_actions.judged(run, name, act)
        if already is not None:
            return already
        advance.act(run, name, step, act)
        advance.advance(run)
        return step_actions.answer_of(run, name, step, act)

    return Update(StepAct, lambda run, act: step_actions.judged(run, name, act), do)


def _on_order(name: order_actions.OrderActName) -> Update:
    def do(run: OrderRun, act: OrderAct) -> ActAnswer:
        already = order_actions.judged(run, name, act)
        return already if already is not None else order_actions.done(run, name, act)

    return Update(OrderAct, lambda run, act: order_actions.judged(run, name, act), do)


UPDATES: Mapping[str, Update] = {
    **{name: _on_step(name) for name in step_actions.ALLOWED},
    **{name: _on_order(name) for name in order_actions.JUDGING},
    UPDATE_NOTE: Update(NoteAct, notes.check_note, notes.write_note),
    UPDATE_SET: Update(SetCharacteristics, step_actions.check_characteristics, step_actions.set_characteristics),
}
