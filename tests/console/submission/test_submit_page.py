"""An order made with the form, as text, looked at as a plan, and submitted."""

from __future__ import annotations

import uuid

from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.console.site import ConsoleSite
from tests.support.html_forms import main_form, visible_text


async def test_an_order_is_made_from_its_offers_and_submitted(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = f"G-{uuid.uuid4().hex[:12]}"
    visitor = await site.visitor()
    first = main_form(await visitor.page("/submit", offer="parcel")).values
    assert "line0.a.tracking" in first
    typed = first | {"id": order_id, "customer.id": "C-1", "add_offer": "survey", "do": "add"}
    two = main_form((await visitor.post("/submit", typed)).text).values
    assert (two["line_count"], two["line1.product"], two["id"]) == ("2", "survey", order_id)
    wrong = await visitor.post("/submit", two | {"do": "submit"})
    form = main_form(wrong.text)
    assert (wrong.status_code, form.problems, form.values["id"]) == (422, ["line0.a.tracking"], order_id)
    assert "needs a value" in visible_text(wrong.text)
    fixed = form.values | {"line0.a.tracking": "T-9", "do": "plan"}
    planned = await visitor.post("/submit", fixed)
    text = visible_text(planned.text)
    assert planned.status_code == 200
    for words in ("The plan", "2 order lines", "Parcel", "Survey", "event delivered", "1 task for people"):
        assert words in text, words
    shorter = main_form((await visitor.post("/submit", fixed | {"do": "remove:0"})).text).values
    assert (shorter["line_count"], shorter["line0.product"]) == ("1", "survey")
    timed = fixed | {"requested_completion": "2031-12-01T08:00"}
    assert (
        "2031-12-01T08:00:00Z"
        in main_form((await visitor.post("/submit", timed | {"do": "as_text"})).text).values["order"]
    )
    as_text = main_form((await visitor.post("/submit", fixed | {"do": "as_text"})).text).values
    assert "tracking: T-9" in as_text["order"]
    again = main_form((await visitor.post("/submit", as_text | {"do": "as_form"})).text).values
    assert again["line0.a.tracking"] == "T-9"
    done = await visitor.post("/submit", fixed | {"do": "submit"})
    assert (done.status_code, done.headers["location"]) == (303, f"/orders/{order_id}")
    assert (await orders.read(order_id)).order.order_lines[0].attributes == {"tracking": "T-9"}
    repeated = await visitor.post("/submit", fixed | {"line0.a.tracking": "T-8", "do": "submit"})
    assert repeated.status_code == 409
    assert "There is another order with this id" in visible_text(repeated.text)
    copied = main_form(await visitor.page("/submit", order=order_id)).values
    assert (copied["id"], copied["line0.a.tracking"]) == (order_id, "T-9")


async def test_text_is_checked_with_lines_and_kept(site: ConsoleSite) -> None:
    visitor = await site.visitor()
    form = main_form(await visitor.page("/submit", mode="text")).values
    text = "id: X-1\nlines:\n  - {id: '1', product: parsel}\n"
    planned = await visitor.post("/submit", form | {"order": text, "do": "plan"})
    assert planned.status_code == 422
    assert "parsel" in visible_text(planned.text)
    assert "Line 3" in visible_text(planned.text)
    assert main_form(planned.text).values["order"].strip() == text.strip()
    broken = await visitor.post("/submit", form | {"order": "id: [", "do": "submit"})
    assert (broken.status_code, main_form(broken.text).problems) == (422, ["order"])
    nested = "id: X-2\nlines:\n  - {id: '1', product: survey, lines: []}\n"
    kept = await visitor.post("/submit", form | {"order": nested, "do": "as_form"})
    assert "The form cannot hold all of this order" in visible_text(kept.text)


async def test_a_viewer_cannot_submit(site: ConsoleSite) -> None:
    viewer = await site.visitor(Role.VIEWER)
    assert (await viewer.get("/submit")).status_code == 403
    assert (await viewer.post("/submit", {"do": "submit"})).status_code == 403
