"""The Plan tab over a real order: the page for its scripts, and the table for browsers without any."""

from __future__ import annotations

import re

from operations.access.roles import Role
from tests.console.plan.conftest import HOSTILE
from tests.support.console.site import ConsoleSite


async def test_the_page_names_what_its_scripts_read(site: ConsoleSite, order_id: str) -> None:
    visitor = await site.visitor(Role.VIEWER)
    page = await visitor.page(f"/orders/{order_id}", view="plan")
    for name in ("structure", "states"):
        (url,) = re.findall(rf'data-{name}="([^"]+)"', page)
        assert (await visitor.get(url)).status_code == 200
    assert "js/plan/start.js" in page
    assert HOSTILE not in page


async def test_without_scripts_the_plan_is_a_table(site: ConsoleSite, order_id: str) -> None:
    visitor = await site.visitor(Role.VIEWER)
    page = await visitor.page(f"/orders/{order_id}", view="plan")
    noscript = re.search(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert noscript is not None
    table = await visitor.page(f"/orders/{order_id}", view="plan", **{"as": "table"})
    assert "js/plan/start.js" not in table
    for shown in (noscript[1], table):
        assert shown.count("<tr data-row>") == 5
        assert "in fallout" in shown
