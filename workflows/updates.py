"""What people may do to a running order, by the update's name. The workflow registers a handler for each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows import acts, fulfilment, notes, order_acts
from workflows.messages import UPDATE_NOTE, UPDATE_SET, ActAnswer, NoteAct, OrderAct, SetCharacteristics, StepAct
from workflows.progress import OrderRun


@dataclass(frozen=True, slots=True)
class Update:
    """`judge` is asked before anything is done, and changes nothing; both raise workflows.refusals.Refused."""

    message: type[Any]
    judge: Callable[[OrderRun, Any], Any]
    do: Callable[[OrderRun, Any], Any]
    answer: type[Any] = ActAnswer


def _on_step(name: acts.ActName) -> Update:
    def do(run: OrderRun, act: StepAct) -> ActAnswer:
        step, already = acts.judged(run, name, act)
        if already is not None:
            return already
        fulfilment.act(run, name, step, act)
        fulfilment.advance(run)
        return acts.answer_of(run, name, step, act)

    return Update(StepAct, lambda run, act: acts.judged(run, name, act), do)


def _on_order(name: order_acts.OrderActName) -> Update:
    def do(run: OrderRun, act: OrderAct) -> ActAnswer:
        already = order_acts.judged(run, name, act)
        return already if already is not None else order_acts.done(run, name, act)

    return Update(OrderAct, lambda run, act: order_acts.judged(run, name, act), do)


UPDATES: Mapping[str, Update] = {
    **{name: _on_step(name) for name in acts.ALLOWED},
    **{name: _on_order(name) for name in order_acts.JUDGING},
    UPDATE_NOTE: Update(NoteAct, notes.check_note, notes.write_note),
    UPDATE_SET: Update(SetCharacteristics, acts.check_characteristics, acts.set_characteristics),
}
