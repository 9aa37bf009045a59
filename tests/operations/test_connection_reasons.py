"""Why Temporal cannot be reached: never the client's debug text."""

from __future__ import annotations

import asyncio

import pytest

from operations.errors import OperationError
from operations.temporal.connection import ConnectionSettings, check_server, connect
from workflows.contract.connection_reasons import connection_error_reason, plain_line

CONNECT = "Failed client connect: Server connection error: tonic::transport::Error(Transport, "
AFTER_CONNECT = "Failed client connect: `get_system_info` call error after connection: Status { code: "


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            CONNECT + 'ConnectError(ConnectError("tcp connect error", 127.0.0.1:9, Os { code: 111, kind: '
            'ConnectionRefused, message: "Connection refused" })))',
            "Connection refused",
        ),
        (
            CONNECT + 'ConnectError(ConnectError("dns error", Custom { kind: Uncategorized, error: "failed to lookup '
            'address information: Name or service not known" })))',
            "there is no host of this name",
        ),
        (
            CONNECT + "ConnectError(Custom { kind: InvalidData, error: InvalidMessage(InvalidContentType) }))",
            "it does not speak TLS there",
        ),
        (
            CONNECT + 'ConnectError(Custom { kind: InvalidData, error: "invalid peer certificate: UnknownIssuer" }))',
            "the issuer of its TLS certificate is not trusted",
        ),
        (
            AFTER_CONNECT + 'Internal, message: "h2 protocol error: http2 error", source: Some(tonic::transport::Error('
            'Transport, hyper::Error(Http2, Error { kind: GoAway(b"", FRAME_SIZE_ERROR, Library) }))) }',
            "what listens there ends the connection; it may be no Temporal, or expect TLS",
        ),
        (
            AFTER_CONNECT + 'Unknown, message: "stream closed because of a broken pipe" }',
            "what listens there ends the connection; it may be no Temporal, or expect TLS",
        ),
        (
            AFTER_CONNECT + 'PermissionDenied, message: "Request unauthorized.", details: b"", metadata: '
            'MetadataMap { headers: {"content-type": "application/grpc"} } }',
            "Request unauthorized.",
        ),
        (CONNECT + "Other(Unheard { of: 1 }))", "Failed client connect: Server connection error"),
        ("tonic::transport::Error(Transport, Unheard)", "the connection failed"),
        ("invalid target URL: invalid port number", "invalid target URL: invalid port number"),
        ("", "the connection failed"),
    ],
)
def test_reason_is_plain(text: str, reason: str) -> None:
    assert connection_error_reason(text) == reason


def test_messages_of_the_server_stay() -> None:
    text = "invalid search query (operator IN): column name 'Queues' is not defined\nmore"
    assert plain_line(text) == text.splitlines()[0]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("address", ["127.0.0.1:9", "no-such-host.invalid:7233", "here", "127.0.0.1:99999", ":7233"])
async def test_real_failures_are_told_plainly(address: str, lazy: bool) -> None:
    async def use() -> None:
        await check_server(await connect(ConnectionSettings(address), lazy=lazy))

    with pytest.raises(OperationError) as raised:
        await use()
    assert raised.value.code == "server_unreachable"
    assert "::" not in raised.value.message.replace(address, "")
    assert "Error(" not in raised.value.message


async def test_system_that_is_no_temporal_is_told_plainly() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OperationError, match="it may be no Temporal"):
            await connect(ConnectionSettings(f"127.0.0.1:{port}"))
