"""Bodies that are not UTF-8 as it is are refused, and say so."""

from __future__ import annotations

import gzip

import httpx
import pytest

from tests.support.gateway.http_requests import error_of

EVENT = '{"name": "geöffnet"}'


@pytest.mark.parametrize(
    ("body", "headers", "named"),
    [
        (gzip.compress(EVENT.encode(), mtime=0), {"Content-Encoding": "gzip"}, "'gzip'"),
        (EVENT.encode(), {"Content-Encoding": "br"}, "'br'"),
        (EVENT.encode("latin-1"), {"Content-Type": "application/json; charset=ISO-8859-1"}, "'iso-8859-1'"),
        (EVENT.encode("utf-16"), {"Content-Type": 'application/json; charset="UTF-16"'}, "'utf-16'"),
        (EVENT.encode(), {"Content-Type": "application/json; charset*=x'y'z"}, "unknown charset"),
    ],
)
@pytest.mark.parametrize("path", ["/events", "/callbacks/forged", "/orders"])
async def test_other_encodings_are_refused(
    cut_off: httpx.AsyncClient, path: str, body: bytes, headers: dict[str, str], named: str
) -> None:
    error = error_of(await cut_off.post(path, content=body, headers=headers), 415)
    assert error["code"] == "unsupported_media_type"
    assert named in error["message"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (EVENT.encode(), {"Content-Type": "application/json; charset=UTF-8"}),
        (EVENT.encode(), {"Content-Type": 'application/json;charset="utf8"'}),
        (EVENT.encode(), {"Content-Encoding": "identity"}),
        (b'{"name": "opened"}', {"Content-Type": "application/json; charset=ISO-8859-1"}),
    ],
)
async def test_utf_8_and_ascii_are_read(cut_off: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> None:
    response = await cut_off.post("/events", content=body, headers={"Content-Type": "application/json", **headers})
    assert error_of(response, 503)["code"] == "server_unreachable"
