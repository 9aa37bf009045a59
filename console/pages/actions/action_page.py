"""One action on one order: reads what it is about, tries it, performs it, and shows the form with what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from console.pages.actions.known_people import known_people
from console.pages.actions.order_answers import read_checks, read_step_answers
from console.presenting.actions.action_context import ActionContext, ReadForm
from console.presenting.actions.action_form import make_form, needs_preview, read_form
from console.presenting.actions.action_links import ActionTargetView
from console.presenting.actions.action_requests import Asked, build_request
from console.presenting.actions.amendment_preview import AmendmentPreview, amendment_preview
from console.presenting.actions.consequences import Affected, rollback_consequences
from console.presenting.actions.refusals import (
    Refusal,
    refusal_of_assessment,
    refusal_of_check,
    refusal_of_error,
)
from console.presenting.actions.suggestions import order_url, step_url
from console.presenting.forms.fields import Typed
from console.presenting.submission.order_text import order_text
from console.services import Console
from operations.access.permissions import ACTION_PERMISSIONS, OVERRIDE
from operations.access.person import Person, require, require_step
from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from operations.errors import OperationError, OperationRefused
from operations.reading.order_details import OrderDetails
from workflows.contract.actions import ActionSpec, ActionTarget
from workflows.contract.order_messages import ActionResult, AmendResult, RefusalCode, RollbackImpactView

SEEN_PREVIEW = "seen_preview"
"""The digest of the values whose consequences the person has seen."""
BACK = "back"
"""Where to go afterwards."""


@dataclass(frozen=True)
class Subject:
    """What an action is about, as it was just read."""

    details: OrderDetails
    context: ActionContext
    target: ActionTargetView

    @property
    def url(self) -> str:
        order_id = self.context.order.order_id
        return order_url(order_id) if self.context.step is None else step_url(order_id, self.context.step.number)


@dataclass(frozen=True)
class Outcome:
    """What has come of a form so far. Everything is empty for a form that nobody has sent yet."""

    form: ReadForm | None = None
    typed: Typed | None = None
    refusal: Refusal | None = None
    status: int = 200
    message: str = ""
    """What it would do, in a sentence."""
    affected: tuple[Affected, ...] = ()
    amendment: AmendmentPreview | None = None
    may_confirm: bool = True
    """The person has seen what exactly this form would do."""


async def read_subject(
    console: Console, spec: ActionSpec, order_id: str, person: Person, step_ref: str | None, line: str | None
) -> Subject:
    """Raises NotFound, and OperationRefused if the action needs another target."""
    orders = console.orders
    details = await orders.read(order_id)
    actor = person.actor(person.account)
    step = details.step(step_ref) if step_ref else None
    if step is None and spec.targets == {ActionTarget.STEP}:
        raise OperationRefused(RefusalCode.INVALID, f"`{spec.name}` is about a step: open the step's page first")
    if step is not None:
        checks, answers, _ = await read_step_answers(orders, order_id, actor, step.id)
    else:
        checks, answers = await read_checks(orders, order_id, actor, line=line), None
    submitted = await _submitted(orders, order_id) if "order" in spec.parameters else ""
    check = None if checks is None else checks.get(spec.name)
    people = await known_people(console, spec)
    context = ActionContext(spec, details.order, step, line, answers, check, people, submitted)
    return Subject(details, context, ActionTargetView(details.order, checks, step, line))


async def _submitted(orders: OrderClient, order_id: str) -> str:
    """Empty if nobody knows it any more: the person writes it anew."""
    try:
        return order_text(await orders.exports.submitted_order(order_id))
    except OperationError:
        return ""


def untouched(subject: Subject) -> Outcome:
    """A form that nobody has sent. The order has already said what the action would do with its defaults."""
    check = subject.context.check
    if check is None or check.assessment is None:
        return Outcome(may_confirm=not needs_preview(subject.context.spec))
    affected = _affected(subject, check.assessment)
    if check.code is not None:
        return Outcome(refusal=refusal_of_check(check), affected=affected, may_confirm=False)
    return Outcome(message=check.message, affected=affected)


def _affected(subject: Subject, assessment: RollbackImpactView | None) -> tuple[Affected, ...]:
    if assessment is None:
        return ()
    return tuple(rollback_consequences(assessment, subject.context.order, subject.details.steps))


def check_rights(subject: Subject, person: Person, form: ReadForm) -> None:
    """Raises Forbidden."""
    permission = ACTION_PERMISSIONS[subject.context.spec.name]
    require(person, permission)
    if subject.context.step is not None:
        require_step(person, permission, subject.context.step)
    if "override" in form.values:
        require(person, OVERRIDE)


async def send(
    orders: OrderClient, subject: Subject, person: Person, form: ReadForm, typed: Typed, *, only_report: bool
) -> ActionResult | AmendResult:
    """Raises OperationError."""
    actor = person.actor(person.account, typed.get("reason", "").strip())
    request = build_request(Asked(subject.context, form, actor, typed, only_report))
    if isinstance(request, AmendCommand):
        return await orders.amend(request)
    return await orders.perform_action(subject.context.order.order_id, subject.context.spec, request)


async def answer(
    orders: OrderClient, subject: Subject, person: Person, typed: Typed, *, confirmed: bool
) -> tuple[Outcome, str | None]:
    """What to show; with the message of the action if it was done."""
    form = read_form(subject.context, typed)
    if form.problems:
        return Outcome(form, typed, status=422, may_confirm=False), None
    has_seen = confirmed and typed.get(SEEN_PREVIEW) == preview_digest(form.values)
    try:
        check_rights(subject, person, form)
        if needs_preview(subject.context.spec) and not has_seen:
            reported = await send(orders, subject, person, form, typed, only_report=True)
            return preview(subject, form, typed, reported), None
        result = await send(orders, subject, person, form, typed, only_report=False)
    except OperationError as error:
        return refused(form, typed, error), None
    return Outcome(form, typed), result.message


def preview(subject: Subject, form: ReadForm, typed: Typed, result: ActionResult | AmendResult) -> Outcome:
    if isinstance(result, AmendResult):
        shown = amendment_preview(result)
        may_confirm = result.accepted and not result.already
        return Outcome(form, typed, message=result.message, amendment=shown, may_confirm=may_confirm)
    affected = _affected(subject, result.assessment)
    if result.assessment is not None and result.assessment.refused:
        refusal = refusal_of_assessment(result)
        return Outcome(form, typed, refusal, refusal.status, affected=affected, may_confirm=False)
    return Outcome(form, typed, message=result.message, affected=affected)


def refused(form: ReadForm | None, typed: Typed, error: OperationError) -> Outcome:
    return Outcome(form, typed, refusal_of_error(error), error.http_status, may_confirm=False)


def preview_digest(values: Mapping[str, Any]) -> str:
    """Two forms with the same digest would do the same."""
    without = {name: value for name, value in values.items() if name != "take_over"}
    return hashlib.sha256(json.dumps(without, sort_keys=True, default=str).encode()).hexdigest()


def render(
    console: Console, request: Request, subject: Subject, person: Person, outcome: Outcome, reason: str, back: str
) -> Response:
    context = subject.context
    form = make_form(context, outcome.typed, outcome.form.problems if outcome.form else None)
    values = outcome.form.values if outcome.form is not None else {}
    return console.render(
        request,
        "action/page.html",
        status=outcome.status,
        form=form,
        order=context.order,
        order_url=order_url(context.order.order_id),
        step=context.step,
        subject_url=subject.url,
        outcome=outcome,
        reason=reason,
        seen_preview=preview_digest(values) if outcome.may_confirm else "",
        instructions=_instructions(context),
        back=back,
        person=person,
    )


def _instructions(context: ActionContext) -> str:
    step = context.step
    if step is None or "data" not in context.spec.parameters:
        return ""
    return (step.undo.instructions if step.undo else None) or step.instructions or ""
