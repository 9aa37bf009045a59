"""A form that gives a step to somebody suggests who is known, and takes any name."""

from __future__ import annotations

import re

from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.console.orders import step_in, submit
from tests.support.console.site import ConsoleSite
from tests.support.html_forms import main_form
from tests.support.workers.gateway_worker import eventually
from workflows.contract import actions
from workflows.contract.order_messages import Actor, StepAction
from workflows.contract.states import StepState


def suggested(page: str) -> list[str]:
    """The names that are offered beside the field `to`."""
    (list_id,) = re.findall(r'<input [^>]*name="to"[^>]* list="([^"]+)"', page)
    known = re.search(rf'<datalist id="{list_id}">(.*?)</datalist>', page, re.DOTALL)
    assert known is not None
    return re.findall(r'<option value="([^"]*)">', known[1])


async def test_assign_suggests_accounts_that_may_complete_and_holders(site: ConsoleSite, orders: OrderClient) -> None:
    visitor = await site.visitor()
    site.add_account("may-complete", Role.OPERATOR)
    site.add_account("may-only-look", Role.VIEWER)
    held, task = await submit(orders, "survey"), await submit(orders, "survey")
    for order_id in (held, task):
        await step_in(orders, order_id, StepState.IN_PROGRESS)
    await orders.perform_action(held, actions.CLAIM, StepAction(step="1", actor=Actor(by="holder-elsewhere")))

    async def names() -> list[str]:
        return suggested(await visitor.page(f"/orders/{task}/actions/assign?step=1"))

    found = await eventually(names, lambda names: "holder-elsewhere" in names)
    assert "may-complete" in found
    assert "may-only-look" not in found
    assert found == sorted(found)
    bulk = await eventually(
        lambda: visitor.page(f"/bulk/new?kind=task&queue=*&action=assign&pick={task}/1"), lambda page: task in page
    )
    assert {"may-complete", "holder-elsewhere"} <= set(suggested(bulk))
    url = f"/orders/{task}/actions/assign?step=1"
    form = main_form(await visitor.page(url))
    done = await visitor.post(url, form.values | {"to": "somebody new", "do": "confirm"})
    assert done.status_code == 303
    assert (await orders.read(task)).step("1").holder == "somebody new"
