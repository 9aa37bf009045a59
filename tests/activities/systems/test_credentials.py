"""oauth2 and mtls, with a real token server and a real HTTPS server that requires certificates."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import trustme

from activities.systems.connections import ConnectionPools
from activities.systems.endpoint import Unresolvable
from activities.systems.resolved_system import resolve_system
from activity_contract.calls import CONFIGURATION_ERROR, CONNECTION, TIMEOUT
from compiler.language.systems import System
from tests.activities.conftest import World
from tests.support.servers.scripted_system import Received, Reply, ScriptedServer

SECRET = "very+secret/word"


@dataclass
class TokenServer:
    """Issues `token-1`, `token-2`, …"""

    http: ScriptedServer
    life: Any = 3600
    given: list[str] = field(default_factory=list)
    holds: asyncio.Event | None = None

    def answer(self, _: Received) -> Reply:
        self.given.append(f"token-{len(self.given) + 1}")
        said = {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": self.life}
        return Reply(body=said, holds=self.holds)


@pytest.fixture
async def tokens(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TokenServer]:
    http = ScriptedServer()
    await http.start()
    server = TokenServer(http)
    http.answers(server.answer)
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    world.environment["CLIENT_SECRET"] = SECRET
    world.definition["auth"] = {
        "oauth2": {
            "token_url": f"{http.url}/token?realm=ordo",
            "client_id": "ordo client",
            "client_secret": {"env": "CLIENT_SECRET"},
            "scope": "stock:write stock:read",
        }
    }
    yield server
    await http.close()


def sent(world: World) -> list[str]:
    return [received.headers["authorization"] for received in world.server.received]


async def test_token_is_requested_with_client_credentials_and_reused(world: World, tokens: TokenServer) -> None:
    for _ in range(3):
        await world.call()
    (asked,) = tokens.http.received
    assert (asked.method, asked.target) == ("POST", "/token?realm=ordo")
    assert dict(parse_qsl(asked.body.decode())) == {
        "grant_type": "client_credentials", "scope": "stock:write stock:read"
    }  # fmt: skip
    pair = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "ordo+client:very%2Bsecret%2Fword", "RFC 6749, 2.3.1: both are form-encoded first"
    assert sent(world) == ["Bearer token-1"] * 3


async def test_token_is_renewed_before_it_expires(world: World, tokens: TokenServer) -> None:
    tokens.http.answers(
        Reply(body={"access_token": "short", "token_type": "bearer", "expires_in": "0.000001"}), tokens.answer
    )
    await world.call()
    await world.call()
    await world.call()
    assert sent(world) == ["Bearer short", "Bearer token-1", "Bearer token-1"]


@pytest.mark.usefixtures("tokens")
async def test_401_causes_one_new_token_and_one_more_request_with_the_same_key(world: World) -> None:
    world.server.answers(Reply(401), Reply(201, {"id": "R-1"}))
    answer = await world.call()
    assert (answer.status, answer.attempts) == (201, 1)
    assert sent(world) == ["Bearer token-1", "Bearer token-2"]
    assert len({received.headers["idempotency-key"] for received in world.server.received}) == 1
    world.server.answers(Reply(401))
    failed = await world.failure()
    assert (failed.type, failed.details.status) == ("401", 401)
    assert sent(world)[2:] == ["Bearer token-2", "Bearer token-3"]


async def test_concurrent_calls_share_one_token_request(world: World, tokens: TokenServer) -> None:
    tokens.holds = asyncio.Event()
    calls = [asyncio.create_task(world.calls._tokens.credentials(*await parts(world))) for _ in range(20)]
    await tokens.http.arrived.wait()
    calls[0].cancel()
    await asyncio.sleep(0)
    tokens.holds.set()
    given = await asyncio.gather(*calls[1:])
    assert {credentials.token for credentials in given} == {"token-1"}
    assert len(tokens.http.received) == 1


async def parts(world: World) -> tuple[Any, Any]:
    system = world.system("inventory")
    assert system is not None
    async with world.calls._connections.client_for(system.endpoint) as client:
        return system.endpoint, client


@pytest.mark.usefixtures("tokens")
async def test_changed_secret_gets_a_new_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.call()
    monkeypatch.setenv("CLIENT_SECRET", "the next one")
    await world.call()
    assert sent(world) == ["Bearer token-1", "Bearer token-2"]


async def test_echoed_secrets_and_tokens_are_masked(world: World, tokens: TokenServer) -> None:
    pair = base64.b64encode(b"ordo+client:very%2Bsecret%2Fword").decode()
    world.server.answers(lambda received: Reply(200, {"echo": received.headers["authorization"], "secret": SECRET}))
    assert (await world.call()).output == {"echo": "Bearer ***", "secret": "***"}
    tokens.http.answers(Reply(400, {"error": "invalid_client", "error_description": f"{SECRET} {pair}"}))
    world.server.answers(Reply(401))
    failed = await world.failure()
    assert (failed.type, failed.retryable) == (CONFIGURATION_ERROR, False)
    assert "answered 400 invalid_client" in failed.message
    assert SECRET not in json.dumps(failed.details.model_dump())
    assert pair not in failed.message


@pytest.mark.parametrize(
    ("reply", "code", "retryable", "pause"),
    [
        (Reply(503, headers={"Retry-After": "7"}), CONNECTION, True, 7.0),
        (Reply(429), CONNECTION, True, None),
        (Reply(drops=True), CONNECTION, True, None),
        (Reply(401, {"error": "a secret word"}), CONFIGURATION_ERROR, False, None),
        (Reply(302, headers={"Location": "http://elsewhere.example"}), CONFIGURATION_ERROR, False, None),
        (Reply(200, b"<html>"), CONFIGURATION_ERROR, False, None),
        (Reply(200, {"access_token": "a\nb"}), CONFIGURATION_ERROR, False, None),
        (Reply(200, {"access_token": "x", "token_type": "mac"}), CONFIGURATION_ERROR, False, None),
        (Reply(200, b"[" * 100_000), CONFIGURATION_ERROR, False, None),
    ],
)
async def test_no_call_is_made_without_a_token(
    world: World, tokens: TokenServer, reply: Reply, code: str, retryable: bool, pause: float | None
) -> None:
    tokens.http.answers(reply)
    failed = await world.failure()
    assert (failed.type, failed.retryable, failed.details.outcome_known) == (code, retryable, True)
    assert failed.details.retry_after == (pause if pause is not None else 1.0 if retryable else None)
    assert "token server" in failed.message
    assert not world.server.received


async def test_token_request_counts_towards_the_calls_timeout(world: World, tokens: TokenServer) -> None:
    tokens.http.answers(Reply(hangs=True))
    failed = await world.failure(timeout=0.2)
    assert (failed.type, failed.retryable, failed.details.outcome_known) == (TIMEOUT, True, True)


class Certificates:
    """A CA, and certificates that it has signed, as files."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.folder = folder
        self.ca = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(self.ca)

    def server_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)
        self.authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def issue(self, name: str, authority: trustme.CA | None = None) -> None:
        """Replaces `cert.pem` and `key.pem` of the client."""
        issued = (authority or self.authority).issue_cert(f"{name}.example", common_name=name)
        (self.folder / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(self.folder / "key.pem")

    @property
    def mtls(self) -> dict[str, Any]:
        return {name: {"file": str(self.folder / f"{name}.pem")} for name in ("cert", "key", "ca")}


class HttpsServer:
    """Responds with the common name of the client's certificate."""

    async def start(self, context: ssl.SSLContext) -> None:
        self.connections = 0
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.url = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            shown = writer.get_extra_info("peercert")
            names = dict(part for parts in shown["subject"] for part in parts)
            while True:
                await reader.readuntil(b"\r\n\r\n")
                body = json.dumps({"you": names["commonName"]}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    made = Certificates(tmp_path)
    made.issue("ordo")
    return made


@pytest.fixture
async def https(certificates: Certificates, world: World) -> AsyncIterator[HttpsServer]:
    server = HttpsServer()
    await server.start(certificates.server_context())
    world.definition |= {"base_url": server.url, "auth": {"mtls": certificates.mtls}}
    yield server
    await server.close()


async def whoami(world: World) -> Any:
    return (await world.call(method="get", path="/me")).output["you"]


async def test_client_certificate_is_presented(world: World, https: HttpsServer) -> None:
    assert [await whoami(world) for _ in range(3)] == ["ordo"] * 3
    assert https.connections == 1


@pytest.mark.usefixtures("https")
async def test_certificates_can_come_from_the_environment(
    world: World, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cert", "key", "ca"):
        text = (certificates.folder / f"{name}.pem").read_text()
        monkeypatch.setenv(f"OUR_{name}", text)
        world.environment[f"OUR_{name}"] = text
    world.definition["auth"] = {"mtls": {name: {"env": f"OUR_{name}"} for name in ("cert", "key", "ca")}}
    assert await whoami(world) == "ordo"


@pytest.mark.usefixtures("https")
async def test_replaced_certificate_applies_to_the_next_call(world: World, certificates: Certificates) -> None:
    assert await whoami(world) == "ordo"
    certificates.issue("ordo-next")
    assert await whoami(world) == "ordo-next"


@pytest.mark.usefixtures("https")
async def test_certificate_of_another_ca_is_refused(world: World, certificates: Certificates) -> None:
    certificates.issue("stranger", trustme.CA())
    failed = await world.failure(method="get", path="/me")
    assert (failed.type, failed.retryable) == (CONNECTION, True)


@pytest.mark.usefixtures("https")
async def test_server_with_an_untrusted_certificate_is_not_called(world: World, certificates: Certificates) -> None:
    trustme.CA().cert_pem.write_to_path(certificates.ca)
    failed = await world.failure(method="get", path="/me")
    assert (failed.type, failed.details.outcome_known) == (CONNECTION, True)
    assert "certificate verify failed" in failed.message


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("broken", ["cert", "key", "ca"])
async def test_invalid_certificate_is_reported_with_its_source(
    world: World, certificates: Certificates, broken: str
) -> None:
    path = certificates.folder / f"{broken}.pem"
    path.write_text("the word is hush")
    failed = await world.failure()
    assert (failed.type, failed.retryable) == (CONFIGURATION_ERROR, False)
    assert path.name in failed.message
    path.write_text("-----BEGIN CERTIFICATE-----\nhush\n-----END CERTIFICATE-----\n")
    failed = await world.failure()
    assert (failed.type, "mtls" in failed.message, "hush" in failed.message) == (CONFIGURATION_ERROR, True, False)


@pytest.mark.usefixtures("https")
async def test_key_that_does_not_match_the_certificate_is_refused(world: World, certificates: Certificates) -> None:
    before = (certificates.folder / "cert.pem").read_text()
    certificates.issue("ordo")
    (certificates.folder / "cert.pem").write_text(before)
    assert (await world.failure()).type == CONFIGURATION_ERROR


@pytest.mark.parametrize(
    ("auth", "says"),
    [
        ({"mtls": {"cert": {"file": "c"}, "key": {"file": "k"}}}, "not https"),
        ({"oauth2": {"token_url": "/token", "client_id": "a", "client_secret": {"file": "s"}}}, "token_url"),
        ({"oauth2": {"token_url": "http://u:p@h/", "client_id": "a", "client_secret": {"file": "s"}}}, "token_url"),
    ],
)
async def test_invalid_auth_is_reported_when_the_definitions_are_read(auth: dict[str, Any], says: str) -> None:
    definition = {"id": "s", "base_url": "http://s.example", "auth": auth}
    with pytest.raises(Unresolvable) as raised:
        resolve_system(System.model_validate(definition), {})
    (problem,) = raised.value.problems
    assert says in problem


@pytest.mark.usefixtures("https")
async def test_replaced_connections_close_after_their_last_call(world: World, certificates: Certificates) -> None:
    connections = ConnectionPools()
    system = world.system("inventory")
    assert system is not None
    async with connections.client_for(system.endpoint) as first:
        certificates.issue("ordo-next")
        async with connections.client_for(system.endpoint) as second:
            assert first is not second
        assert not first.is_closed
    assert first.is_closed
    assert not second.is_closed
    await connections.close()
    assert second.is_closed
