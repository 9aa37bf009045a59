"""The structure and the states of a real order's plan, as scripts read them."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import Client

from console.pages.orders import order_reading
from console.pages.orders.order_reading import MAX_ACTIVE
from operations.access.roles import Role
from operations.client import OrderClient
from operations.reading import order_details
from tests.support.console.site import ConsoleSite, Visitor
from tests.support.workers.gateway_worker import eventually
from workflows.contract.order_views import OrderView, StepsPage, StepsPageRequest


async def read_json(visitor: Visitor, url: str) -> Any:
    response = await visitor.get(url)
    assert response.status_code == 200, response.text
    return response.json()


async def test_structure_and_states_tell_of_the_same_steps(site: ConsoleSite, order_id: str) -> None:
    visitor = await site.visitor(Role.VIEWER)
    structure = await read_json(visitor, f"/orders/{order_id}/plan.json")
    states = await read_json(visitor, f"/orders/{order_id}/plan-states.json")
    names = [structure["definitions"][at]["step"] for at in structure["steps"]["definition"]]
    shown = [states["letters"][letter] for letter in states["states"]]
    assert sorted(zip(names, shown, strict=True)) == [
        ("closed", "pending"),
        ("closed", "pending"),
        ("opened", "in_progress"),
        ("opened", "in_progress"),
        ("try", "fatally_failed"),
    ]
    (failed,) = (item for item in states["items"] if item["state"] == "fatally_failed")
    assert failed["number"] == names.index("try") + 1
    assert failed["error"]["code"]
    assert structure["revision"] == states["revision"] == 1


async def test_structure_has_the_facts_of_the_definitions(site: ConsoleSite, order_id: str) -> None:
    structure = await read_json(await site.visitor(Role.VIEWER), f"/orders/{order_id}/plan.json")
    facts = {each["step"]: dict(each["facts"]) for each in structure["definitions"]}
    assert facts["opened"]["Does"] == "event opened within 30d"
    assert facts["try"]["Does"] == "call desk"


async def test_structure_is_sent_once(site: ConsoleSite, order_id: str) -> None:
    visitor = await site.visitor(Role.VIEWER)
    url = f"/orders/{order_id}/plan.json"
    first = await visitor.get(url)
    assert first.headers["Content-Encoding"] == "gzip"
    assert "no-cache" in first.headers["Cache-Control"]
    again = await visitor.http.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = await visitor.http.get(url, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.json() == first.json()


async def test_page_structure_and_states_ask_the_order_once(
    site: ConsoleSite, orders: OrderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await orders.submit({"id": "P-once", "lines": [{"id": "1", "product": "shop"}]})
    await eventually(lambda: orders.read("P-once", steps=False), lambda read: bool(read.order.step_count))
    asked: list[str] = []
    query_overview, query_steps_page = order_details.query_overview, order_details.query_steps_page

    async def noted_overview(client: Client, order_id: str) -> OrderView:
        asked.append("overview")
        return await query_overview(client, order_id)

    async def noted_steps(client: Client, order_id: str, request: StepsPageRequest) -> StepsPage:
        asked.append("all steps" if request.limit > MAX_ACTIVE else "steps of the page")
        return await query_steps_page(client, order_id, request)

    monkeypatch.setattr(order_details, "query_overview", noted_overview)
    monkeypatch.setattr(order_details, "query_steps_page", noted_steps)
    monkeypatch.setattr(order_reading, "MAX_WHOLE", 0)  # as a large order is read
    visitor = await site.visitor(Role.VIEWER)
    await visitor.page("/orders/P-once", view="plan")
    await read_json(visitor, "/orders/P-once/plan.json")
    await read_json(visitor, "/orders/P-once/plan-states.json")
    assert sorted(asked) == ["all steps", "overview", "steps of the page"]


async def test_steps_that_are_read_in_parts_are_those_that_are_read_at_once(
    orders: OrderClient, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = await orders.read(order_id)
    asked: list[tuple[int, int]] = []
    query = order_details.query_steps_page

    async def query_little(client: Client, order_id: str, request: StepsPageRequest) -> StepsPage:
        """As an order answers whose steps are too large for one answer."""
        asked.append((request.offset, request.limit))
        return await query(client, order_id, request.model_copy(update={"limit": min(request.limit, 2)}))

    monkeypatch.setattr(order_details, "PART_OF_STEPS", 3)
    monkeypatch.setattr(order_details, "query_steps_page", query_little)
    in_parts = await orders.read(order_id)
    assert [step.id for step in in_parts.steps] == [step.id for step in at_once.steps]
    assert sorted(asked) == [(0, 3), (2, 1), (3, order_details.STEPS_PAGE_SIZE)]


async def test_lanes_by_themselves_are_there_only_where_lanes_are_drawn_as_one(
    site: ConsoleSite, order_id: str
) -> None:
    response = await (await site.visitor(Role.VIEWER)).get(f"/orders/{order_id}/plan.json", lanes="each")
    assert (response.status_code, response.content) == (204, b"")


async def test_an_order_that_nobody_knows_has_no_plan(site: ConsoleSite) -> None:
    visitor = await site.visitor(Role.VIEWER)
    for path in ("plan.json", "plan-states.json"):
        response = await visitor.http.get(f"/orders/NOBODY/{path}", headers={"Accept": "application/json"})
        assert response.status_code == 404
        assert "NOBODY" in response.text


async def test_nobody_reads_a_plan_without_signing_in(site: ConsoleSite, order_id: str) -> None:
    response = await site.stranger().http.get(
        f"/orders/{order_id}/plan.json", headers={"Accept": "application/json", "Sec-Fetch-Dest": "empty"}
    )
    assert response.status_code == 401
