"""`GET /reports/…` over a ledger, while Temporal is away."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from operations.client import OrderClient
from operations.reading.ledger_access import LedgerAccess
from operations.temporal.connection import ConnectionSettings, connect
from tests.support.gateway.process import NOWHERE, gateway_over
from tests.support.gateway.schema import operations, published_schema
from tests.support.ledger.filled_ledgers import FilledLedger

pytestmark = pytest.mark.asyncio(loop_scope="session")

PERIOD = {"since": "2026-09-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"}


@pytest.fixture
async def http(filled: FilledLedger) -> AsyncIterator[httpx.AsyncClient]:
    ledger = LedgerAccess({"ORDO_LEDGER_URL": filled.engine.url.render_as_string(hide_password=False)})
    client = await connect(ConnectionSettings(NOWHERE), lazy=True)
    async with gateway_over(OrderClient(client, ledger=ledger)) as http:
        yield http
    ledger.close()


@pytest.mark.parametrize("name", ["shift", "durations", "sla", "fallout"])
async def test_a_report_has_its_schema(http: httpx.AsyncClient, name: str) -> None:
    (operation,) = [each for each in operations(published_schema()) if each.path == f"/reports/{name}"]
    response = await http.get(operation.path, params=PERIOD)
    operation.validate_response(response)
    document = response.json()
    assert (document["since"], document["until"], document["source"]) == (*PERIOD.values(), "ledger")
    assert any(document[key] for key in ("rows", "steps", "arrived") if key in document)


async def test_periods_and_products(http: httpx.AsyncClient) -> None:
    everything = (await http.get("/reports/sla", params=PERIOD)).raise_for_status().json()
    narrowed = (await http.get("/reports/sla", params=PERIOD | {"product": "offer_01"})).raise_for_status().json()
    assert 0 < narrowed["rows"][0]["kept"] < everything["rows"][0]["kept"]
    empty = await http.get("/reports/shift", params={"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"})
    assert (empty.status_code, "The period is empty" in empty.text) == (422, True)
    unknown = await http.get("/reports/shift", params={"product": "offer_01"})
    assert (unknown.status_code, "there is no such parameter" in unknown.text) == (422, True)
    defaults = (await http.get("/reports/fallout")).raise_for_status().json()
    assert defaults["product"] is None
