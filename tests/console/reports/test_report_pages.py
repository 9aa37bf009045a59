"""Reports over a ledger of thousands of orders, while Temporal is away; and without a ledger."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from operations.access.roles import Role
from operations.client import OrderClient
from operations.reading.ledger_access import LedgerAccess
from operations.temporal.connection import ConnectionSettings, connect
from tests.support.console.site import ConsoleSite, Visitor, console_over, site_settings
from tests.support.gateway.process import NOWHERE
from tests.support.ledger.filled_ledgers import FilledLedger

PERIOD = {"since": "2026-09-01", "until": "2026-11-01"}


@pytest.fixture
async def visitor(filled: FilledLedger, tmp_path: Path) -> AsyncIterator[Visitor]:
    ledger = LedgerAccess({"ORDO_LEDGER_URL": filled.engine.url.render_as_string(hide_password=False)})
    client = await connect(ConnectionSettings(NOWHERE), lazy=True)
    async with console_over(OrderClient(client, ledger=ledger), site_settings(tmp_path)) as site:
        yield await site.visitor(Role.VIEWER)
    ledger.close()


async def test_pages_say_what_the_files_say(visitor: Visitor) -> None:
    shift = (await visitor.get("/reports/shift.json", **PERIOD)).json()
    page = await visitor.page("/reports/shift", **PERIOD)
    assert f"<strong>{shift['arrived']['submitted']:,}</strong>" in page
    for cause in shift["stuck"]["fallout"]:
        assert f"{cause['system']}: {cause['code']}" in page
    assert all(f"{tasks['tasks']:,} task" in page for tasks in shift["stuck"]["tasks"])
    for name in ("durations", "sla", "fallout"):
        document = (await visitor.get(f"/reports/{name}.json", **PERIOD)).json()
        answered = await visitor.get(f"/reports/{name}.csv", **PERIOD)
        assert re.fullmatch(rf'attachment; filename="ordo-{name}-[\d-]+\.csv"', answered.headers["content-disposition"])
        rows = list(csv.DictReader(io.StringIO(answered.text)))
        assert len(rows) == len(document.get("rows") or document["steps"] + document["workstreams"]) > 0
        page = await visitor.page(f"/reports/{name}", **PERIOD)
        for row in rows:
            assert (row.get("step") or row.get("group") or row.get("system") or row.get("workstream") or "") in page
        assert page.count("<svg") > len(rows)
    kept = (await visitor.get("/reports/sla.json", **PERIOD)).json()["rows"][0]
    assert f'aria-label="{kept["kept"]:,} kept' in await visitor.page("/reports/sla", **PERIOD)


async def test_the_address_holds_period_and_product(visitor: Visitor) -> None:
    page = await visitor.page("/reports/fallout", **PERIOD, product="offer_01")
    assert 'href="/reports/fallout.csv?since=2026-09-01&amp;until=2026-11-01&amp;product=offer_01"' in page
    assert 'href="/reports/fallout?since=7d&amp;product=offer_01"' in page
    everything = (await visitor.get("/reports/fallout.json", **PERIOD)).json()["rows"]
    narrowed = (await visitor.get("/reports/fallout.json", **PERIOD, product="offer_01")).json()["rows"]
    assert 0 < sum(row["count"] for row in narrowed) < sum(row["count"] for row in everything)
    response = await visitor.get("/reports")
    assert (response.status_code, response.headers["location"]) == (303, "/reports/shift")


async def test_a_period_that_cannot_be_read_is_told_beside_the_form(visitor: Visitor) -> None:
    for query, problem in (
        ({"since": "soon<b>"}, "`soon&lt;b&gt;` is neither a time nor a duration"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "The period is empty"),
    ):
        response = await visitor.get("/reports/sla", **query)
        assert response.status_code == 422
        assert problem in response.text
        assert 'name="since"' in response.text
        assert (await visitor.get("/reports/sla.csv", **query)).status_code == 422
    assert (await visitor.get("/reports/nothing")).status_code == 404
    assert (await visitor.get("/reports/nothing.csv")).status_code == 404


async def test_without_a_ledger_the_page_says_how_to_turn_it_on(cut_off: ConsoleSite) -> None:
    page = await (await cut_off.visitor(Role.VIEWER)).page("/reports/durations")
    assert "Reports need a ledger" in page
    assert "ORDO_LEDGER_URL" in page
