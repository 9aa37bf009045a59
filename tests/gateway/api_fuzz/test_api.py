"""Requests made from the published schema: never a server error, and every answer is in the schema."""

from __future__ import annotations

import pytest

from tests.gateway.api_fuzz.known_values import AnyCase
from tests.gateway.api_fuzz.settings import api_schema, is_left_out
from tests.gateway.api_fuzz.site import FuzzSite
from tests.support.gateway_schema import operations, published_schema

WORKING = api_schema(examples=5)
WITHOUT_TEMPORAL = api_schema(examples=2, outages=("503",))
NEVER_SUCCEED = {
    "POST /orders/{order_id}/notifications/resend",
    "GET /fallout/groups",
    "GET /tasks/groups",
    "GET /orders/{order_id}/amendments",
    "GET /orders/{order_id}/attempts",
    "GET /reports/shift",
    "GET /reports/durations",
    "GET /reports/sla",
    "GET /reports/fallout",
}
"""No order here has a receiver, and there is no ledger."""


@WORKING.parametrize()
def test_no_request_finds_an_error_of_the_gateway(case: AnyCase, site: FuzzSite) -> None:
    if not is_left_out(case):
        site.send(case)


def test_requests_reach_what_they_name(site: FuzzSite) -> None:
    """Otherwise the test above would only try ways to be refused."""
    every = {str(operation) for operation in operations(published_schema())}
    if not every <= site.sent:
        pytest.skip("only a part of the operations was tried")
    assert every - site.successes <= NEVER_SUCCEED


@WITHOUT_TEMPORAL.parametrize()
def test_without_temporal_no_request_finds_an_error_of_the_gateway(
    case: AnyCase, site_without_temporal: FuzzSite
) -> None:
    if not is_left_out(case):
        site_without_temporal.send(case)
