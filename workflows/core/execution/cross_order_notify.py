"""Steps of other orders that wait for a step of this order: they are notified when it settles."""

from __future__ import annotations

from activity_contract.cross_order import CrossOrderStatus, CrossOrderStepStatus, StepWatch
from activity_contract.mailboxes import MailboxDelivery
from compiler.plan.plan import Plan
from workflows.contract.states import CANCELLED_STATES, StepState
from workflows.core.state.commands import SendStepStatus
from workflows.core.state.order_links import WatchedStep, WatchKey
from workflows.core.state.order_run import OrderRun

MAX_NOTIFICATIONS = 100
"""How many notifications may be open at the same time. Temporal allows 2,000 open signals to other workflows."""


def notify_watchers(run: OrderRun) -> None:
    """Notify the orders that wait for a step that has settled or will not be done. Costs nothing if nobody waits."""
    links = run.order_links
    for key, watched in list(links.watched_steps.items()):
        status = _watched_status(run, key, watched)
        if status[0] == "open":
            continue
        for watcher, watch in list(watched.watches.items()):
            if links.notifications_in_flight >= MAX_NOTIFICATIONS:
                return
            links.notifications_in_flight += 1
            del watched.watches[watcher]
            run.commands.append(SendStepStatus(watch.order_id, CrossOrderStepStatus.for_watch(watch, *status)))
        del links.watched_steps[key]


def step_status(run: OrderRun, request: StepWatch) -> CrossOrderStepStatus:
    """The current status of the step."""
    return CrossOrderStepStatus.for_watch(
        request, *_watched_status(run, (request.workstream, request.other_step), WatchedStep())
    )


def mailbox_delivery(request: StepWatch) -> MailboxDelivery:
    """The request for the mailbox of an order that does not exist yet. Its id is the same for each repetition."""
    event_id = f"watch {request.order_id} {request.step_id} {request.workstream} {request.other_step}"
    return MailboxDelivery(event_id=event_id, name="watch", watch=request)


def _watched_status(run: OrderRun, key: WatchKey, watched: WatchedStep) -> tuple[CrossOrderStatus, str]:
    if watched.positions is None:
        watched.positions = resolve_steps(run.plan, *key)
    steps = [run.steps[position] for position in watched.positions]
    if not steps:
        return "missing", ""
    while watched.first_open < len(steps) and steps[watched.first_open].is_final:
        watched.first_open += 1
    if watched.first_open < len(steps) or not all(step.is_final for step in steps):
        return "open", ""
    states = {step.state for step in steps}
    if states - CANCELLED_STATES:
        return "done", ""
    return "undone", " and ".join(state.value for state in StepState if state in states)


def resolve_steps(plan: Plan, workstream: str, name: str) -> list[int]:
    """Finds the positions of the steps that a reference from another order means.

    `name` is `workstream.step`, a step of `workstream`, another workstream (all its steps), or the id of one instance.
    """
    group, dot, step = name.partition(".")
    for meant in ((group, step),) if dot else ((workstream, name), (name, "")):
        definitions = {
            number
            for number, planned in enumerate(plan.definitions)
            if planned.workstream == meant[0] and meant[1] in (planned.step, "")
        }
        found = [at for at, planned in enumerate(plan.steps) if planned.definition_position in definitions]
        if found:
            return found
    return [position for position, planned in enumerate(plan.steps) if planned.id == name]
