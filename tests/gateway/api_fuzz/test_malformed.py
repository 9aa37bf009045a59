"""Requests that no schema can describe, to every operation: ill-formed bodies, charsets, paths and queries."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.profile import FUZZ
from tests.gateway.api_fuzz.known_values import known_order
from tests.gateway.api_fuzz.site import FuzzSite
from tests.support.gateway.process import BEARER
from tests.support.gateway.schema import Operation, check_error, operation_of, operations, published_schema

OPERATIONS = operations(published_schema())
WITH_BODY = [each for each in OPERATIONS if "requestBody" in each.shape]
WITH_IDS = [each for each in OPERATIONS if "{" in each.path]
WITH_QUERY = [each for each in OPERATIONS if any(one["in"] == "query" for one in each.shape.get("parameters", ()))]
IDS = {"order_id": "HS-1", "step": "1", "system": "desk", "callback_id": "x", "version": "1", "job": "no-such-job"}

ILL_FORMED = {
    "not JSON": b"{",
    "not UTF-8": b'{"by": "\xff"}',
    "overlong UTF-8": b'{"by": "\xc0\xaf"}',
    "UTF-16": '{"by": "ann"}'.encode("utf-16"),
    "UTF-32": '{"by": "ann"}'.encode("utf-32-le"),
    "half a surrogate pair": b'{"by": "\\ud800"}',
    "duplicate key": b'{"by": "ann", "by": "bob"}',
    "duplicate key in a value": b'{"by": "ann", "data": {"a": 1, "a": 2}}',
    "duplicate key in another spelling": b'{"by": "ann", "\\u0062y": "bob"}',
    "NaN": b'{"by": NaN}',
    "infinity": b'{"by": -Infinity}',
    "too large a number": b'{"by": 1e999}',
    "too long a number": b'{"by": ' + b"9" * 5000 + b"}",
    "deep lists": b'{"by": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
    "two documents": b'{"by": "ann"}{"by": "bob"}',
    "a comment": b'{"by": "ann" /* me */}',
    "a comma too many": b'{"by": "ann",}',
    "a NUL": b'{"by": "a\x00nn"}',
    "a NUL after it": b'{"by": "ann"}\x00',
    "a line break in a text": b'{"by": "a\nnn"}',
    "single quotes": b"{'by': 'ann'}",
}
OTHER_ENCODINGS = (
    ("Content-Type", "application/json; charset=latin-1"),
    ("Content-Type", "application/json; charset=utf-16"),
    ("Content-Type", "application/json; charset=no-such-charset"),
    ("Content-Encoding", "gzip"),
)
ODD_SEGMENTS = (
    *("%00", "a%00b", "%ff", "%C0%AF", "%2e%2e", "..%2f", "%2F", "%252f", "%5c", "a%0d%0aX-Evil:%201", "a%20b", "%20"),
    *(
        "x" * 6000,
        "%F0%9F%98%80",
        "e%CC%81",
        "%E2%80%AE",
        "%EF%BF%BD",
        "a;b",
        "a%3Fb",
        "%23",
        "-1",
        "1e3",
        "%D9%A3",
        "*",
    ),
)
ODD_QUERIES = (
    *("{}=%00", "{}=%ff", "{}=a&{}=b", "{}[]=1", "{}=%F0%9F%98%80", "{}=-1", "{}=1e999", "{}=%D9%A3", "{}=NaN"),
    *("{}=" + "9" * 400, "{}=" + "x" * 5000, "%00=1", "%ff=1", "&&&=", "{}", "{}=;drop", "{}=%2B1", "{}=1_0"),
)


def path_of(operation: Operation, **ids: str) -> str:
    return operation.path.format(**IDS | ids)


async def send(
    http: httpx.AsyncClient, operation: Operation, path: str, body: bytes | None = None, **headers: str
) -> httpx.Response:
    """Sends the path as it is: clients may not encode it once more. Every answer is in the schema."""
    url = httpx.URL(str(http.base_url)).copy_with(raw_path=path.encode())
    request = http.build_request(operation.method, url, content=body, headers=headers)
    response = await http.send(request)
    assert response.status_code not in (500, 502), response.text
    if response.is_error and operation_of(request) is None:
        check_error(response)
    return response


def pytest_id(value: object) -> str:
    return str(value)


@pytest.mark.parametrize("operation", WITH_BODY, ids=pytest_id)
async def test_ill_formed_bodies_are_refused(cut_off: httpx.AsyncClient, operation: Operation) -> None:
    for kind, body in ILL_FORMED.items():
        response = await send(cut_off, operation, path_of(operation) + required_query(operation), body)
        assert response.status_code == 400, (kind, response.text)
        error = response.json()["error"]
        assert error["code"] == "malformed", kind
        assert "The body is not JSON" in error["message"], kind


def required_query(operation: Operation) -> str:
    names = [one["name"] for one in operation.shape.get("parameters", ()) if one["in"] == "query" and one["required"]]
    return "?" + "&".join(f"{name}=ann" for name in names) if names else ""


@pytest.mark.parametrize("operation", WITH_BODY, ids=pytest_id)
async def test_bodies_in_other_encodings_are_refused(cut_off: httpx.AsyncClient, operation: Operation) -> None:
    for header, value in OTHER_ENCODINGS:
        path = path_of(operation) + required_query(operation)
        response = await send(cut_off, operation, path, '{"by": "Zoë"}'.encode(), **{header: value})
        assert response.status_code == 415, value
        assert value.rpartition("=")[2] in response.json()["error"]["message"]


@pytest.mark.parametrize("operation", WITH_IDS, ids=pytest_id)
async def test_odd_path_segments_are_refused_or_looked_up(cut_off: httpx.AsyncClient, operation: Operation) -> None:
    for name in re.findall(r"{(\w+)}", operation.path):
        for segment in ODD_SEGMENTS:
            response = await send(cut_off, operation, path_of(operation, **{name: segment}), b"{}")
            assert response.is_error, (segment, response.text)
            assert "x-evil" not in response.headers


@pytest.mark.parametrize("operation", WITH_QUERY, ids=pytest_id)
async def test_odd_queries_are_refused_or_looked_up(cut_off: httpx.AsyncClient, operation: Operation) -> None:
    for parameter in operation.shape["parameters"]:
        if parameter["in"] == "query":
            for odd in ODD_QUERIES:
                query = odd.replace("{}", parameter["name"])
                assert (await send(cut_off, operation, f"{path_of(operation)}?{query}", b"{}")).is_error


@FUZZ
@given(
    st.sampled_from(WITH_BODY),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=4),
)
def test_damaged_bodies_are_read_or_refused(
    site: FuzzSite, operation: Operation, changes: list[tuple[float, int, bytes]]
) -> None:
    """Bytes of a good body are replaced, removed and added."""
    body = httpx.Request("POST", "http://x", json={**known_order("FUZZ-damaged"), "by": "ann"}).content
    for share, removed, added in changes:
        at = int(share * len(body))
        body = body[:at] + added + body[at + removed :]
    path = path_of(operation, order_id="FUZZ-survey") + required_query(operation)
    request = httpx.Request(operation.method, site.url + quote(path, safe="/?=&"), content=body, headers=BEARER)
    with httpx.Client(trust_env=False, timeout=70) as http:
        response = http.send(request)
    assert response.status_code < 500, response.text
    operation.validate_shape(response)
