"""No secret leaves a call: not in its input, its result, its errors, nor in any log."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError

from activities.calls.secret_masking import MASK, CallbackTarget, SecretMasker
from activity_contract.callback_id import read_callback_id
from activity_contract.calls import CALLBACK_ID, CALLBACK_URL, CONFIGURATION_ERROR
from tests.activities.conftest import World, call_of
from tests.support.servers.scripted_system import Received, Reply
from workers.logs import configure_logging

TOKEN = 'tok/en+"of=great.power\\7'
CALLBACK_SECRET = "secret-of-the-callbacks"
GATEWAY = "http://gateway.example:8200"

WAYS: dict[str, dict[str, Any]] = {
    "bearer": {"bearer": {"env": "THE_TOKEN"}},
    "basic": {"basic": {"user": "ordo-user", "password": {"env": "THE_TOKEN"}}},
    "basic, its user secret too": {"basic": {"user": {"env": "THE_USER"}, "password": {"env": "THE_TOKEN"}}},
    "api_key": {"api_key": {"header": "X-Api-Key", "value": {"env": "THE_TOKEN"}}},
}


def echo(received: Received) -> dict[str, Any]:
    """Repeats every header, the URL and the body, in several encodings."""
    token = received.headers.get("authorization", "") + received.headers.get("x-api-key", "")
    return {
        "headers": received.headers,
        "curl": f"curl -H 'Authorization: {token}' {received.target}",
        "token": token.split(" ")[-1],
        "again": [quote(TOKEN, safe=""), base64.b64encode(TOKEN.encode()).decode(), json.dumps({"t": TOKEN})],
        TOKEN: "as a key",
        "body": received.body.decode(),
        "message": f"{token} may not do this",
    }


@pytest.fixture
def everything_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The output of all loggers at any level, in the worker's format."""
    monkeypatch.setenv("THE_TOKEN", TOKEN)
    monkeypatch.setenv("THE_USER", "user-nobody-knows")
    monkeypatch.setenv("ORDO_CALLBACK_SECRET", CALLBACK_SECRET)
    monkeypatch.setenv("ORDO_GATEWAY_URL", GATEWAY)
    root = logging.getLogger()
    before, configured = (root.handlers[:], root.level), structlog.get_config()
    configure_logging(logging.DEBUG)
    structlog.configure(cache_logger_on_first_use=False)  # else loggers of other tests would keep this for good
    lines: list[str] = []
    handler = root.handlers[0]

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(handler.format(record))

    root.handlers[:] = [Keeper()]
    root.setLevel(logging.DEBUG)
    yield lines
    root.handlers[:], root.level = before
    structlog.configure(**configured)


async def everything_of(world: World, said: list[str], **wanted: Any) -> str:
    """One text: input, and result or error, as a history stores them, with heartbeats and logs."""
    call = call_of(**wanted)
    parts = [pydantic_data_converter.payload_converter.to_payloads([call])[0].data.decode()]
    try:
        answer = await world.call(**wanted)
        parts.append(pydantic_data_converter.payload_converter.to_payloads([answer])[0].data.decode())
    except ApplicationError as error:
        failure = Failure()
        await pydantic_data_converter.encode_failure(error, failure)
        parts.append(str(failure))
        parts += [payload.data.decode() for payload in failure.application_failure_info.details.payloads]
        logging.getLogger("temporalio.activity").warning("Completing activity as failed", exc_info=error)
    return "\n".join([*parts, json.dumps(world.heartbeats), *said])


def secrets_in(text: str) -> list[str]:
    pair = base64.b64encode(f"ordo-user:{TOKEN}".encode()).decode()
    spellings = [TOKEN, quote(TOKEN, safe=""), json.dumps(TOKEN)[1:-1], base64.b64encode(TOKEN.encode()).decode(), pair]
    spellings += ["user-nobody-knows", CALLBACK_SECRET, f"{GATEWAY}/callbacks"]
    return [spelling for spelling in spellings if spelling in text or json.dumps(spelling)[1:-1] in text]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [200, 409, 500])
async def test_secrets_that_a_system_echoes_are_masked(
    world: World, everything_said: list[str], way: str, status: int
) -> None:
    world.environment = {"THE_TOKEN": TOKEN, "THE_USER": "user-nobody-knows"}
    world.definition |= {"auth": WAYS[way], "error_code": "response.body.token"}
    world.server.answers(lambda received: Reply(status, echo(received), {"X-Echo": quote(TOKEN)}))
    everything = await everything_of(
        world,
        everything_said,
        output={"all": "${response.body}", "headers": "${response.headers}"} if status == 200 else None,
    )
    assert MASK in everything
    assert secrets_in(everything) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, TOKEN.encode()),
        Reply(400, f"<b>{TOKEN}</b>".encode()),
        Reply(302, headers={"Location": f"http://x/{TOKEN}"}),
    ],
)
async def test_secrets_in_non_json_responses_and_redirects_are_masked(
    world: World, everything_said: list[str], reply: Reply
) -> None:
    world.environment = {"THE_TOKEN": TOKEN}
    world.definition["auth"] = WAYS["bearer"]
    world.server.answers(reply)
    assert secrets_in(await everything_of(world, everything_said)) == []


async def test_secret_in_a_system_header_is_masked(world: World, everything_said: list[str]) -> None:
    world.environment = {"KEY": TOKEN}
    world.definition["headers"] = {"X-Key": "${env.KEY}"}
    world.server.answers(lambda received: Reply(200, {"got": received.headers["x-key"]}))
    assert secrets_in(await everything_of(world, everything_said)) == []


async def test_secret_that_no_header_can_carry_is_not_shown(
    world: World, everything_said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_TOKEN", f"{TOKEN}\nX-Evil: 1")
    world.environment = {"THE_TOKEN": "x"}
    world.definition["auth"] = WAYS["bearer"]
    failed = await world.failure()
    assert failed.type == CONFIGURATION_ERROR
    assert "THE_TOKEN" in failed.message
    assert secrets_in(await everything_of(world, everything_said)) == []
    assert not world.server.received


async def test_error_in_the_worker_shows_no_secret(
    world: World, everything_said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.environment = {"THE_TOKEN": TOKEN}
    world.definition["auth"] = WAYS["bearer"]

    def break_down(*_: object) -> None:
        raise RuntimeError(f"with {TOKEN}")

    monkeypatch.setattr("activities.calls.call_system.status_failure", break_down)
    failed = await world.failure()
    assert (failed.type, failed.retryable, failed.details.outcome_known) == ("internal_error", True, False)
    everything = await everything_of(world, everything_said)
    assert secrets_in(everything) == []
    assert "RuntimeError" in everything


CALLBACK_CALL: dict[str, Any] = {
    "callback": True,
    "body": {"callback": CALLBACK_URL, "id": CALLBACK_ID, "text": f"tell {CALLBACK_URL}, please"},
    "headers": {"X-Callback": CALLBACK_URL},
    "query": {"back": CALLBACK_URL},
}


async def test_callback_id_claims_order_step_and_key_and_is_the_same_for_each_attempt(
    world: World, everything_said: list[str]
) -> None:
    del everything_said
    await world.call(**CALLBACK_CALL)
    await world.call(**CALLBACK_CALL)
    first, second = world.server.received
    assert first.body == second.body
    id_ = first.json["id"]
    assert first.json["callback"] == f"{GATEWAY}/callbacks/{id_}"
    assert first.json["text"] == f"tell {GATEWAY}/callbacks/{id_}, please"
    assert first.headers["x-callback"] == f"{GATEWAY}/callbacks/{id_}"
    assert dict(first.query)["back"] == f"{GATEWAY}/callbacks/{id_}"
    claim = read_callback_id(CALLBACK_SECRET.encode(), id_)
    assert claim == ("HS-1001", "security_camera.reserve@1", "HS-1001/security_camera.reserve@1/do/1")


@pytest.mark.parametrize("status", [202, 409])
async def test_callback_id_that_a_system_echoes_is_masked(
    world: World, everything_said: list[str], status: int
) -> None:
    world.server.answers(
        lambda received: Reply(status, {"told": received.json, "message": received.target, "h": received.headers})
    )
    everything = await everything_of(world, everything_said, **CALLBACK_CALL)
    id_ = world.server.received[0].json["id"]
    assert id_ not in everything
    assert secrets_in(everything) == []
    if status == 202:
        assert (await world.call(**CALLBACK_CALL)).output["told"] == CALLBACK_CALL["body"]


@pytest.mark.parametrize("name", ["ORDO_CALLBACK_SECRET", "ORDO_GATEWAY_URL"])
async def test_missing_callback_setting_is_reported(
    world: World, everything_said: list[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    del everything_said
    monkeypatch.delenv(name)
    failed = await world.failure(**CALLBACK_CALL)
    assert (failed.type, failed.retryable) == (CONFIGURATION_ERROR, False)
    assert name in failed.message
    assert not world.server.received


async def test_callback_secret_can_come_from_a_file(
    world: World, everything_said: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    del everything_said
    monkeypatch.delenv("ORDO_CALLBACK_SECRET")
    (tmp_path / "secret").write_text(f"{CALLBACK_SECRET}\n")
    monkeypatch.setenv("ORDO_CALLBACK_SECRET_FILE", str(tmp_path / "secret"))
    await world.call(**CALLBACK_CALL)
    assert read_callback_id(CALLBACK_SECRET.encode(), world.server.received[0].json["id"]) is not None


async def test_short_secret_is_masked_only_as_a_whole_word() -> None:
    masks = SecretMasker(("box",))
    assert masks.mask_text("sandbox, box, 'box' Bearer box") == f"sandbox, {MASK}, '{MASK}' Bearer {MASK}"


def test_masking_covers_keys_lists_and_escaped_text() -> None:
    masks = SecretMasker(("a-long-secret",), CallbackTarget("http://g/callbacks/the-id", "the-id"))
    raw = '{"a": ["x \\u0061-long-secret", {"a-long-secret": 1}], "b": "http:\\/\\/g\\/callbacks\\/the-id"}'
    masked = masks.mask_parsed(json.loads(raw), raw)
    assert masked == {"a": [f"x {MASK}", {MASK: 1}], "b": CALLBACK_URL}
