"""Other orders' steps that wait for a step of this one: when it is settled, they are told."""

from __future__ import annotations

from collections.abc import Iterable

from activity_contract.cross_order import Standing, StepStanding, StepWatch
from activity_contract.mailboxes import MailboxDelivery
from compiler.plan.plan import Plan
from workflows.contract.states import SETTLED, StepState
from workflows.core.state.commands import TellStanding
from workflows.core.state.order_links import Key, Watched
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

MOST_TOLD_AT_ONCE = 100
"""Temporal lets a workflow have 2,000 signals to others under way."""

GONE = frozenset({StepState.DISCARDED, StepState.CANCELLED})
"""Nothing of such a step is left: for whoever waits it counts only where nothing else is."""


def watch(run: OrderRun, asked: StepWatch) -> None:
    """From now on the order that asks is told; at once, where there is something to tell."""
    run.between.add(asked)


def tell(run: OrderRun) -> None:
    """Tells those whose step is settled, or is not to be. Costs nothing where nobody has asked."""
    between = run.between
    for key, watched in list(between.watched.items()):
        standing = _standing(run, key, watched)
        if standing[0] == "open":
            continue
        for waiting, asked in list(watched.watches.items()):
            if between.telling >= MOST_TOLD_AT_ONCE:
                return
            between.telling += 1
            del watched.watches[waiting]
            run.commands.append(TellStanding(asked.order_id, StepStanding.of(asked, *standing)))
        del between.watched[key]


def told(run: OrderRun) -> None:
    """An answer has arrived, or the order that it was for is no longer there."""
    run.between.telling -= 1


def standing_of(run: OrderRun, asked: StepWatch) -> StepStanding:
    """How far the step is now."""
    return StepStanding.of(asked, *_standing(run, (asked.workstream, asked.other_step), Watched()))


def kept(asked: StepWatch) -> MailboxDelivery:
    """What is asked of an order that is not there, as its mailbox keeps it: once for whoever waits."""
    known_by = f"watch {asked.order_id} {asked.step_id} {asked.workstream} {asked.other_step}"
    return MailboxDelivery(event_id=known_by, name="watch", watch=asked)


def _standing(run: OrderRun, key: Key, watched: Watched) -> tuple[Standing, str]:
    if watched.positions is None:
        watched.positions = steps_meant(run.plan, *key)
    positions = watched.positions
    if not positions:
        return "missing", ""
    while watched.from_ < len(positions) and is_over(run.steps[positions[watched.from_]]):
        watched.from_ += 1
    steps = [run.steps[position] for position in positions]
    if watched.from_ < len(positions) or not all(map(is_over, steps)):
        return "open", ""
    states = {step.state for step in steps}
    if states - GONE:
        return "done", ""
    return "undone", " and ".join(state.value for state in StepState if state in states)


def is_over(step: StepRun) -> bool:
    """It is settled, and is neither being taken back nor to be done again."""
    return step.state in SETTLED and not step.undoing


def steps_meant(plan: Plan, workstream: str, name: str) -> list[int]:
    """Positions of all instances of `workstream.step`, of a step of `workstream`, of all steps of a workstream; or of
    the one instance with this id."""
    group, dot, step = name.partition(".")
    for wanted in ((group, step),) if dot else ((workstream, name), (name, "")):
        definitions = {
            number
            for number, planned in enumerate(plan.definitions)
            if planned.workstream == wanted[0] and wanted[1] in (planned.step, "")
        }
        found = [at for at, planned in enumerate(plan.steps) if planned.definition in definitions]
        if found:
            return found
    return list(_with_id(plan, name))


def _with_id(plan: Plan, step_id: str) -> Iterable[int]:
    return (position for position, planned in enumerate(plan.steps) if planned.id == step_id)
