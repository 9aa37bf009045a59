"""Every filter and sort of a list, a group and a report is answered by the ledger, and pages follow each other."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ledger.reading.paging.sorting import OrderColumn
from tests.gateway.api_fuzz.known_values import BINDINGS, DICTIONARIES
from tests.gateway.api_fuzz.site import LISTS, FuzzSite
from tests.gateway.test_schema_live import NEED_A_LEDGER, OPERATIONS
from tests.support.gateway.http_requests import submitted
from tests.support.gateway.process import BEARER
from tests.support.gateway.schema import Operation
from tests.support.workers.gateway_worker import eventually
from workflows.contract.states import Jeopardy, OrderState

OTHER_VALUES: dict[str, Any] = {
    "state": [state.value for state in OrderState],
    "jeopardy": [each.value for each in Jeopardy],
    "external_id": "X-1",
    "limit": 2,
}
"""Parameter → a value, where known_values.py has none and it is no flag."""
OF_THE_LEDGER = [
    each for each in OPERATIONS if each.method == "get" and (each.path in LISTS or str(each) in NEED_A_LEDGER)
]


def values_of(parameter: dict[str, Any]) -> list[Any]:
    name = parameter["name"]
    if parameter["schema"].get("type") == "boolean":
        return ["true", "false"]
    if name == "sort":
        columns = [each for each in DICTIONARIES["sorts"] if f"`{each}`" in parameter["description"]]
        both_ways = [f"{column}:{way}" for column in columns for way in ("asc", "desc") if column != OrderColumn.RECENT]
        return columns + both_ways
    if name in OTHER_VALUES:
        return [OTHER_VALUES[name]]
    return [DICTIONARIES[BINDINGS[f"query.{name}"]][0]]


@pytest.mark.parametrize("operation", OF_THE_LEDGER, ids=str)
async def test_each_parameter_is_answered_by_the_ledger(site: FuzzSite, operation: Operation) -> None:
    site.renew()
    path = operation.path.format(order_id="FUZZ-stubborn")
    asked = [
        {parameter["name"]: value}
        for parameter in operation.shape.get("parameters", ())
        if parameter["in"] == "query" and parameter["name"] != "cursor"
        for value in values_of(parameter)
    ]
    async with httpx.AsyncClient(base_url=site.url, headers=BEARER, timeout=60, trust_env=False) as http:
        for query in [{}, *asked]:
            response = await http.get(path, params=query)
            operation.validate_response(response)
            assert response.status_code == 200, (query, response.text)
            assert response.json().get("source", "ledger") == "ledger", query


@pytest.mark.parametrize("path", LISTS)
async def test_pages_of_one_row_have_all_rows(site: FuzzSite, path: str) -> None:
    async with httpx.AsyncClient(base_url=site.url, headers=BEARER, timeout=60, trust_env=False) as http:
        for product in ("stubborn", "survey") * 2:
            await submitted(http, product)

        async def read_all(limit: int) -> list[Any]:
            found: list[Any] = []
            query: dict[str, Any] = {"limit": limit, "customer": "C-1", "sort": "order"}
            while True:
                page = (await http.get(path, params=query)).raise_for_status().json()
                found += page[path.removeprefix("/")]
                if page["next_cursor"] is None or len(found) >= 20:
                    return found[:20]
                query["cursor"] = page["next_cursor"]

        await eventually(lambda: read_all(1000), lambda rows: len(rows) > 1)
        assert identities(await read_all(1)) == identities(await read_all(1000))


def identities(rows: list[Any]) -> list[Any]:
    """Without what changes by the second."""
    return [(row["order_id"], row.get("step", {}).get("id")) for row in rows]
