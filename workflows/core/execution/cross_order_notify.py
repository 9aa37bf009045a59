"""Other orders' steps that wait for a step of this one: when it is settled, they are told."""

from __future__ import annotations

from collections.abc import Iterable

from activity_contract.cross_order import CrossOrderStatus, CrossOrderStepStatus, StepWatch
from activity_contract.mailboxes import MailboxDelivery
from compiler.plan.plan import Plan
from workflows.contract.states import SETTLED, StepState
from workflows.core.state.commands import SendStepStatus
from workflows.core.state.order_links import WatchedStep, WatchKey
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

MAX_NOTIFICATIONS = 100
"""Temporal lets a workflow have 2,000 signals to others under way."""

CANCELLED_STATES = frozenset({StepState.DISCARDED, StepState.CANCELLED})
"""Nothing of such a step is left: for whoever waits it counts only where nothing else is."""


def add_watch(run: OrderRun, request: StepWatch) -> None:
    """From now on the order that asks is told; at once, where there is something to tell."""
    run.order_links.add_watch(request)


def notify_watchers(run: OrderRun) -> None:
    """Tells those whose step is settled, or is not to be. Costs nothing where nobody has asked."""
    between = run.order_links
    for key, watched in list(between.watched_steps.items()):
        standing = _watched_status(run, key, watched)
        if standing[0] == "open":
            continue
        for waiting, asked in list(watched.watches.items()):
            if between.notifications_in_flight >= MAX_NOTIFICATIONS:
                return
            between.notifications_in_flight += 1
            del watched.watches[waiting]
            run.commands.append(SendStepStatus(asked.order_id, CrossOrderStepStatus.for_watch(asked, *standing)))
        del between.watched_steps[key]


def notification_done(run: OrderRun) -> None:
    """An answer has arrived, or the order that it was for is no longer there."""
    run.order_links.notifications_in_flight -= 1


def step_status(run: OrderRun, request: StepWatch) -> CrossOrderStepStatus:
    """How far the step is now."""
    return CrossOrderStepStatus.for_watch(
        request, *_watched_status(run, (request.workstream, request.other_step), WatchedStep())
    )


def mailbox_delivery(request: StepWatch) -> MailboxDelivery:
    """What is asked of an order that is not there, as its mailbox keeps it: once for whoever waits."""
    known_by = f"watch {request.order_id} {request.step_id} {request.workstream} {request.other_step}"
    return MailboxDelivery(event_id=known_by, name="watch", watch=request)


def _watched_status(run: OrderRun, key: WatchKey, watched: WatchedStep) -> tuple[CrossOrderStatus, str]:
    if watched.positions is None:
        watched.positions = resolve_steps(run.plan, *key)
    positions = watched.positions
    if not positions:
        return "missing", ""
    while watched.first_open < len(positions) and is_final(run.steps[positions[watched.first_open]]):
        watched.first_open += 1
    steps = [run.steps[position] for position in positions]
    if watched.first_open < len(positions) or not all(map(is_final, steps)):
        return "open", ""
    states = {step.state for step in steps}
    if states - CANCELLED_STATES:
        return "done", ""
    return "undone", " and ".join(state.value for state in StepState if state in states)


def is_final(step: StepRun) -> bool:
    """It is settled, and is neither being taken back nor to be done again."""
    return step.state in SETTLED and not step.undoing


def resolve_steps(plan: Plan, workstream: str, name: str) -> list[int]:
    """Positions of all instances of `workstream.step`, of a step of `workstream`, of all steps of a workstream; or of
    the one instance with this id."""
    group, dot, step = name.partition(".")
    for wanted in ((group, step),) if dot else ((workstream, name), (name, "")):
        definitions = {
            number
            for number, planned in enumerate(plan.definitions)
            if planned.workstream == wanted[0] and wanted[1] in (planned.step, "")
        }
        found = [at for at, planned in enumerate(plan.steps) if planned.definition_position in definitions]
        if found:
            return found
    return list(_positions_with_id(plan, name))


def _positions_with_id(plan: Plan, step_id: str) -> Iterable[int]:
    return (position for position, planned in enumerate(plan.steps) if planned.id == step_id)
