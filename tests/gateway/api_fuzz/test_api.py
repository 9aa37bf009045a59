"""Requests made from the published schema: never a server error, and every answer is in the schema."""

from __future__ import annotations

import pytest

from tests.gateway.api_fuzz.known_values import AnyCase
from tests.gateway.api_fuzz.settings import api_schema, is_left_out
from tests.gateway.api_fuzz.site import FuzzSite
from tests.support.gateway.schema import operations, published_schema

WORKING = api_schema(examples=5)
WITHOUT_TEMPORAL = api_schema(examples=2, outages=("503",))
WITHOUT_LEDGER = api_schema(examples=2, outages=("503",))
NEVER_SUCCEED = {"POST /orders/{order_id}/notifications/resend"}
"""No order here has a receiver."""


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
def test_without_temporal_no_request_finds_an_error_of_the_gateway(case: AnyCase, without_temporal: FuzzSite) -> None:
    if not is_left_out(case):
        without_temporal.send(case)


@WITHOUT_LEDGER.parametrize()
def test_without_its_ledger_no_request_finds_an_error_of_the_gateway(case: AnyCase, without_ledger: FuzzSite) -> None:
    if not is_left_out(case):
        without_ledger.send(case)
