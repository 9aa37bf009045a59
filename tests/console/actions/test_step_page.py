"""A step's page, and the actions on it: what is possible, what is not and why, and what a refusal says."""

from __future__ import annotations

import pytest

from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.console.orders import in_fallout, step_in, submit
from tests.support.console.site import ConsoleSite
from tests.support.html_forms import main_form, visible_text
from workflows.contract.actions import ACTIONS, ActionTarget
from workflows.contract.states import StepState


def action(order_id: str, name: str, step: int = 1) -> str:
    return f"/orders/{order_id}/actions/{name}?step={step}"


async def test_the_page_shows_the_step_and_offers_every_action(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await in_fallout(orders)
    page = await (await site.visitor()).page(f"/orders/{order_id}/steps/1")
    text = visible_text(page)
    for words in ("in fallout", "not today", "It is a person's move", "desk", "/refusals", "1 attempt"):
        assert words in text, words
    assert "try: {call: {system: desk, post: /refusals, body: {}}}" in text
    for name, spec in ACTIONS.items():
        if ActionTarget.STEP in spec.targets:
            assert f"/actions/{name}?step=1" in page or f"{spec.summary}" not in page
    assert action(order_id, "retry") in page
    assert action(order_id, "reschedule") not in page
    assert "has no time that could be moved" in text
    assert (await (await site.visitor()).get(f"/orders/{order_id}/steps/99")).status_code == 404


async def test_a_retry_shows_until_the_step_settles(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await in_fallout(orders)
    visitor = await site.visitor()
    form = main_form(await visitor.page(action(order_id, "retry")))
    answer = await visitor.post(action(order_id, "retry"), form.values | {"do": "confirm", "reason": "desk is back"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/orders/{order_id}/steps/1")
    await step_in(orders, order_id, StepState.FATALLY_FAILED)
    page = visible_text(await visitor.page(f"/orders/{order_id}/steps/1"))
    assert "retried by operator : desk is back" in page


async def test_a_refusal_keeps_what_was_typed_and_says_everything(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "survey")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    visitor = await site.visitor()
    page = await visitor.page(action(order_id, "complete"))
    form = main_form(page)
    assert "form.answer" in form.values
    assert "Ask" in visible_text(page)
    sent = form.values | {"do": "confirm", "reason": "by phone", "form.answer": ""}
    refused = await visitor.post(action(order_id, "complete"), sent)
    again = main_form(refused.text)
    assert (refused.status_code, again.values["reason"], again.problems) == (422, "by phone", ["form.answer"])
    stale = await visitor.post(
        action(order_id, "complete"), sent | {"form.answer": "yes", "expected": "fatally_failed"}
    )
    assert stale.status_code == 409
    assert main_form(stale.text).values["form.answer"] == "yes"
    for words in (
        "It has changed since you looked",
        "Its state now",
        "in progress",
        "stale",
        "step_changed",
        "Complete",
    ):
        assert words in visible_text(stale.text), words
    done = await visitor.post_and_follow(action(order_id, "complete"), main_form(stale.text).values | {"do": "confirm"})
    assert "completed" in visible_text(done)
    assert (await step_in(orders, order_id, StepState.COMPLETED)).output == {"answer": "yes"}


async def test_two_people_on_one_task(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "survey")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    operator, admin = await site.visitor(), await site.visitor(Role.ADMIN)
    claim = main_form(await operator.page(action(order_id, "claim"))).values | {"do": "confirm"}
    late = main_form(await admin.page(action(order_id, "claim"))).values | {"do": "confirm"}
    await operator.post_and_follow(action(order_id, "claim"), claim)
    refused = await admin.post(action(order_id, "claim"), late)
    assert refused.status_code == 409
    assert "operator" in visible_text(refused.text)
    form = main_form(await admin.page(action(order_id, "claim"))).values
    assert "take over it" not in form
    taken = await admin.post_and_follow(action(order_id, "claim"), form | {"do": "confirm", "take_over": "yes"})
    assert "Held by admin" in visible_text(taken)


async def test_a_viewer_sees_the_reason_and_cannot_act(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await in_fallout(orders)
    viewer = await site.visitor(Role.VIEWER)
    page = await viewer.page(f"/orders/{order_id}/steps/1")
    assert "This needs the role operator or admin" in visible_text(page)
    assert "/actions/retry?" not in page
    assert (await viewer.get(action(order_id, "retry"))).status_code == 403
    assert (await viewer.post(action(order_id, "retry"), {"do": "confirm"})).status_code == 403
    assert (await orders.read(order_id)).step("1").state is StepState.FATALLY_FAILED


async def test_an_operator_acts_only_on_the_work_of_their_queues(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "survey")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    other = await site.sign_in(site.new_token(Role.OPERATOR, queues=("billing",)))
    assert "field_ops" in visible_text(await other.page(f"/orders/{order_id}/steps/1"))
    values = {"do": "confirm", "form.answer": "yes"}
    assert (await other.post(action(order_id, "complete"), values)).status_code == 403
    own = await site.sign_in(site.new_token(Role.OPERATOR, queues=("field_ops",)))
    assert (await own.post(action(order_id, "complete"), values)).status_code == 303


@pytest.mark.parametrize("name", sorted(ACTIONS))
async def test_every_action_of_the_engine_has_a_form(site: ConsoleSite, orders: OrderClient, name: str) -> None:
    order_id = await _survey(orders)
    spec = ACTIONS[name]
    step = "?step=1" if spec.targets == {ActionTarget.STEP} else ""
    page = await (await site.visitor()).page(f"/orders/{order_id}/actions/{name}{step}")
    assert spec.summary in visible_text(page).replace("&#39;", "'")


_kept: list[str] = []


async def _survey(orders: OrderClient) -> str:
    """One order for all forms."""
    if not _kept:
        _kept.append(await submit(orders, "survey"))
        await step_in(orders, _kept[0], StepState.IN_PROGRESS)
    return _kept[0]
