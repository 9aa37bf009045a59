"""The published schema: valid, complete, and used by the page for readers."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from tests.support.gateway.schema import Operation, operations, published_schema

OPERATIONS = operations(published_schema())


def test_schema_is_valid_openapi_3_1() -> None:
    schema = published_schema()
    assert schema["openapi"].startswith("3.1")
    validate(schema)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_operation_is_fully_described(operation: Operation) -> None:
    shape = operation.shape
    assert shape["summary"]
    assert set(shape["tags"]) <= {tag["name"] for tag in operation.schema["tags"]}
    is_public = operation.path in ("/health", "/ready") or operation.path.startswith("/callbacks/")
    assert ("security" in shape) is not is_public
    assert ("401" in shape["responses"]) is not is_public
    assert {"500", "502", "503"} <= set(shape["responses"])
    takes_body = "requestBody" in shape
    assert ({"400", "408", "413"} <= set(shape["responses"])) is takes_body


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_response_has_a_model(operation: Operation) -> None:
    responses = operation.shape["responses"]
    assert any(status.startswith("2") for status in responses)
    for status, response in responses.items():
        model = response["content"]["application/json"]["schema"]["$ref"]
        assert (model == "#/components/schemas/ErrorResponse") is not status.startswith("2"), status


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_examples_match_their_schemas(operation: Operation) -> None:
    for example, schema in _examples(operation.shape):
        operation.validate_value(example, schema)


def _examples(part: Any) -> list[tuple[Any, Any]]:
    if isinstance(part, list):
        return [found for each in part for found in _examples(each)]
    if not isinstance(part, dict):
        return []
    found = [found for each in part.values() for found in _examples(each)]
    if "example" in part:
        found.append((part["example"], part.get("schema", part)))
    return found + [(example, part) for example in part.get("examples", [])]


def test_schema_has_an_example_of_an_order() -> None:
    (submit,) = (each for each in OPERATIONS if (each.method, each.path) == ("post", "/orders"))
    assert submit.shape["requestBody"]["content"]["application/json"]["example"]["lines"]


def test_component_examples_match_their_schemas() -> None:
    operation = OPERATIONS[0]
    found = _examples(operation.schema["components"])
    assert found
    for example, schema in found:
        operation.validate_value(example, schema)


async def test_docs_page_loads_only_from_the_gateway(cut_off: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=cut_off.base_url, trust_env=False) as stranger:
        page = (await stranger.get("/docs")).text
        urls = re.findall(r"""(?:src|href)=["']([^"']+)["']|url: '([^']+)'""", page)
        assert len(urls) >= 4
        for url in (linked or fetched for linked, fetched in urls):
            assert url.startswith("/")
            assert (await stranger.get(url)).status_code == 200
        assert '"validatorUrl": null' in page
