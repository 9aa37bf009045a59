"""Registers the search attributes. Without them in the namespace, no order could show its state."""

from __future__ import annotations

import asyncio

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.contract.order_messages import SearchAttributes

logger = structlog.get_logger("worker")

_TYPES = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "KeywordList": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    "Int": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}
REQUIRED_TYPES = {
    SearchAttributes.ORDER_STATE: "Keyword",
    SearchAttributes.CUSTOMER_ID: "Keyword",
    SearchAttributes.PRODUCTS: "KeywordList",
    SearchAttributes.FALLOUT_COUNT: "Int",
    SearchAttributes.OPEN_TASKS: "Int",
    SearchAttributes.JEOPARDY: "Keyword",
    SearchAttributes.CATALOGUE_VERSION: "Keyword",
    SearchAttributes.REQUESTED_COMPLETION: "Datetime",
    SearchAttributes.QUEUES: "KeywordList",
}
LOG_EVERY_TRIES = 30
"""A log line after so many tries, which take about a second each."""
MAX_REGISTRATION_CHECKS = 300
"""Checks, a tenth of a second apart."""


class SearchAttributesUnusable(Exception):
    """Orders would be stuck without them; the message names the command that fixes it."""


async def ensure_search_attributes(client: Client) -> None:
    """Registers missing ones, after waiting until the namespace exists. Raises SearchAttributesUnusable."""
    known = await _wait_for_namespace(client)
    wrong = {
        name: known[name] for name, kind in REQUIRED_TYPES.items() if name in known and known[name] != _TYPES[kind]
    }
    if wrong:
        conflicts = ", ".join(f"{name} (must be {REQUIRED_TYPES[name]})" for name in wrong)
        raise SearchAttributesUnusable(
            f"Namespace {client.namespace} has search attributes of these names with another type: {conflicts}. "
            f"Remove them: temporal operator search-attribute remove --namespace {client.namespace} "
            + " ".join(f"--name {name}" for name in wrong)
        )
    missing = {name: kind for name, kind in REQUIRED_TYPES.items() if name not in known}
    if missing:
        await _register(client, missing)
        logger.info("search attributes registered", namespace=client.namespace, names=sorted(missing))


async def _wait_for_namespace(client: Client) -> dict[str, int]:
    tries = 0
    while True:
        try:
            return await _registered_types(client)
        except RPCError as error:
            if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE):
                raise SearchAttributesUnusable(
                    f"The search attributes of namespace {client.namespace} cannot be read: {error.message}"
                ) from error
            if tries % LOG_EVERY_TRIES == 0:
                logger.warning("waiting for the namespace", namespace=client.namespace, reason=error.message)
            tries += 1
            await asyncio.sleep(1)


async def _registered_types(client: Client) -> dict[str, int]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    answer = await client.operator_service.list_search_attributes(request, retry=False)
    return dict(answer.custom_attributes)


async def _register(client: Client, missing: dict[str, str]) -> None:
    wanted = {name: _TYPES[kind] for name, kind in missing.items()}
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:  # another worker was faster
            raise SearchAttributesUnusable(
                f"Search attributes are missing, and this worker may not register them ({error.message}). Run: "
                f"temporal operator search-attribute create --namespace {client.namespace} "
                + " ".join(f"--name {name} --type {kind}" for name, kind in missing.items())
            ) from error
    for _ in range(MAX_REGISTRATION_CHECKS):
        if missing.keys() <= (await _registered_types(client)).keys():
            return
        await asyncio.sleep(0.1)
    raise SearchAttributesUnusable(f"Namespace {client.namespace} accepted the search attributes but lists none")
