"""`/submit`: an order is made with a form or as text, looked at as a plan, and submitted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from compiler.catalogue.catalogue import Catalogue
from console.access.guard import SignedIn, allowed
from console.pages.actions.typed_form import read_typed
from console.presenting.actions.parameters import ORDER_FILE, read_one_order
from console.presenting.actions.refusals import Refusal, refusal_of_error
from console.presenting.actions.suggestions import order_url
from console.presenting.forms.fields import Typed
from console.presenting.submission.order_form import (
    LINE_COUNT,
    MAX_LINES,
    OrderForm,
    line_prefix,
    offers,
    order_form,
    read_order,
    typed_from_order,
    typed_products,
)
from console.presenting.submission.order_text import order_text
from console.presenting.submission.plan_preview import PlanPreview, preview_plan
from console.services import Console
from operations.access.permissions import SUBMIT
from operations.client import OrderClient
from operations.errors import NotFound, OperationError
from operations.submission.submit_order import SubmissionResult

TEXT_MODE = "text"
DO = "do"
ADD, REMOVE, AS_TEXT, AS_FORM, PLAN, SUBMIT_IT = "add", "remove", "as_text", "as_form", "plan", "submit"


@dataclass(frozen=True)
class Draft:
    """An order that is being made."""

    typed: Typed | None = None
    """None: nothing was typed yet."""
    products: Sequence[str] = ()
    is_text: bool = False
    text: str = ""
    problems: Mapping[str, list[str]] = field(default_factory=dict)
    order: Mapping[str, Any] | None = None
    """None if what was typed is no order."""
    preview: PlanPreview | None = None
    refusal: Refusal | None = None
    note: str = ""
    status: int = 200


def submission_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[allowed(SUBMIT)])

    @routes.get("/submit")
    async def new_order(request: Request, offer: str = "", order: str = "", mode: str = "") -> Response:
        """`offer`: the first line's product. `order`: one whose content is the beginning of the new one."""
        catalogue = await _catalogue(console.orders)
        draft = Draft(products=[offer] if offer else [], is_text=mode == TEXT_MODE)
        if order:
            draft = await _from_order(console.orders, catalogue, order)
        return _render(console, request, catalogue, draft)

    @routes.post("/submit")
    async def send(request: Request, person: SignedIn) -> Response:  # noqa: ARG001
        typed = await read_typed(request)
        catalogue = await _catalogue(console.orders)
        draft = await asyncio.to_thread(_next_draft, catalogue, typed)
        if typed.get(DO) == SUBMIT_IT and draft.order is not None and not draft.problems:
            submitted = await _submit(console.orders, draft)
            if isinstance(submitted, SubmissionResult):
                return console.redirect(request, order_url(submitted.order_id), submitted_text(submitted))
            draft = submitted
        return _render(console, request, catalogue, draft)

    return routes


async def _catalogue(orders: OrderClient) -> Catalogue | None:
    """None if nothing is in force yet: an order can still be given as text."""
    try:
        return (await orders.catalogues.read_in_force()).catalogue
    except NotFound:
        return None


async def _from_order(orders: OrderClient, catalogue: Catalogue | None, order_id: str) -> Draft:
    try:
        content = await orders.exports.submitted_order(order_id)
    except OperationError as error:
        return Draft(refusal=refusal_of_error(error), status=error.http_status)
    return as_form(catalogue, content) or Draft(is_text=True, text=order_text(content))


def as_form(catalogue: Catalogue | None, order: Mapping[str, Any]) -> Draft | None:
    typed = typed_from_order(catalogue, order) if catalogue is not None else None
    return None if typed is None else Draft(typed, typed_products(typed))


def _next_draft(catalogue: Catalogue | None, typed: dict[str, str]) -> Draft:
    """What the pressed button makes of what was typed. Compiles the order, which takes time."""
    pressed, _, number = typed.get(DO, "").partition(":")
    if typed.get("mode") == TEXT_MODE or catalogue is None:
        return _text_draft(catalogue, typed, pressed)
    typed, products = _edited_lines(typed, pressed, int(number) if number.isdecimal() else 0)
    draft = Draft(typed, products)
    if pressed in (ADD, REMOVE):
        return draft
    read = read_order(catalogue, typed)
    draft = replace(draft, problems=read.problems, order=read.order)
    if pressed == AS_TEXT:
        return Draft(is_text=True, text=order_text(read.order))
    if read.problems:
        return replace(draft, status=422)
    return _planned(catalogue, draft)


def _text_draft(catalogue: Catalogue | None, typed: dict[str, str], pressed: str) -> Draft:
    text = typed.get(ORDER_FILE, "") if typed.get(ORDER_FILE, "").strip() else typed.get("order", "")
    order, problems = read_one_order(text)
    draft = Draft(is_text=True, text=text, order=order)
    if order is None:
        return replace(draft, problems={"order": problems}, status=422)
    if pressed == AS_FORM:
        found = as_form(catalogue, order)
        note = "The form cannot hold all of this order, such as lines in lines: go on with the text"
        return found or replace(draft, note=note)
    return draft if catalogue is None else _planned(catalogue, draft)


def _planned(catalogue: Catalogue, draft: Draft) -> Draft:
    preview = preview_plan(draft.order or {}, catalogue)
    return replace(draft, preview=preview, status=200 if preview.is_valid else 422)


def _edited_lines(typed: dict[str, str], pressed: str, number: int) -> tuple[dict[str, str], list[str]]:
    """With the line that was added, or without the one that was removed."""
    products = typed_products(typed)
    if pressed == ADD and typed.get("add_offer") and len(products) < MAX_LINES:
        products.append(typed["add_offer"])
    elif pressed == REMOVE and number < len(products):
        typed = _without_line(typed, number, len(products))
        del products[number]
    return {**typed, LINE_COUNT: str(len(products))}, products


def _without_line(typed: dict[str, str], removed: int, count: int) -> dict[str, str]:
    """The later lines move up."""
    kept = {name: value for name, value in typed.items() if not name.startswith("line") or name == LINE_COUNT}
    lines = [number for number in range(count) if number != removed]
    for new, old in enumerate(lines):
        prefix = line_prefix(old)
        kept |= {
            f"{line_prefix(new)}{name[len(prefix) :]}": text for name, text in typed.items() if name.startswith(prefix)
        }
    return kept


async def _submit(orders: OrderClient, draft: Draft) -> SubmissionResult | Draft:
    """A draft: it was refused."""
    if draft.preview is not None and not draft.preview.is_valid:
        return draft
    try:
        submitted = await orders.submit(dict(draft.order or {}))
        if refusal := submitted.rejection_error():
            raise refusal
    except OperationError as error:
        return replace(draft, refusal=refusal_of_error(error), status=error.http_status)
    return submitted


def submitted_text(submission: SubmissionResult) -> str:
    if submission.waiting_for_worker:
        return f"Order {submission.order_id} is stored. It begins as soon as a worker is there"
    if submission.already_running:
        return f"Order {submission.order_id} was submitted before, with the same content"
    return f"Order {submission.order_id} is submitted"


def _render(console: Console, request: Request, catalogue: Catalogue | None, draft: Draft) -> Response:
    form = (
        OrderForm((), ()) if catalogue is None else order_form(catalogue, draft.products, draft.typed, draft.problems)
    )
    return console.render(
        request,
        "submission/page.html",
        status=draft.status,
        draft=draft,
        form=form,
        line_count=len(form.lines),
        offers=[] if catalogue is None else offers(catalogue),
        is_text=draft.is_text or catalogue is None,
        has_catalogue=catalogue is not None,
    )
