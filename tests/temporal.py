"""Real Temporal servers for tests: one that keeps time, one that skips it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from workflows.messages import SearchAttributes

BINARY = Path(sys.executable).parent / "temporal"

SEARCH_ATTRIBUTES = (
    SearchAttributeKey.for_keyword(SearchAttributes.ORDER_STATE),
    SearchAttributeKey.for_keyword(SearchAttributes.CUSTOMER_ID),
    SearchAttributeKey.for_keyword_list(SearchAttributes.PRODUCTS),
    SearchAttributeKey.for_int(SearchAttributes.FALLOUT_COUNT),
    SearchAttributeKey.for_int(SearchAttributes.OPEN_TASKS),
    SearchAttributeKey.for_keyword(SearchAttributes.JEOPARDY),
    SearchAttributeKey.for_keyword(SearchAttributes.CATALOGUE_VERSION),
    SearchAttributeKey.for_datetime(SearchAttributes.REQUESTED_COMPLETION),
)

FAST = {"history.transferProcessorMaxPollRPS": "10000"}
"""As the embedded server has it: without, a busy order's steps follow each other on a 50 ms grid."""
SKIPPING = {
    **FAST,
    "frontend.WorkflowTimeSkippingEnabled": "true",
    "history.timerProcessorMaxTimeShift": '"1ms"',
    "history.timerProcessorMaxPollRPS": "10000",
}


def dynamic_config(values: dict[str, str]) -> list[str]:
    """The server's arguments for these dynamic settings."""
    return [part for name, value in values.items() for part in ("--dynamic-config-value", f"{name}={value}")]


@asynccontextmanager
async def real_time() -> AsyncIterator[WorkflowEnvironment]:
    """The embedded server, on a free port, in memory."""
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(BINARY),
        dev_server_log_level="error",
        dev_server_extra_args=dynamic_config(FAST),
    ) as environment:
        yield environment


@asynccontextmanager
async def skipping_time() -> AsyncIterator[WorkflowEnvironment]:
    """The same server, which skips what nobody does anything in."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(BINARY),
        dev_server_log_level="error",
        dev_server_extra_args=dynamic_config(SKIPPING),
    ) as environment:
        yield environment
