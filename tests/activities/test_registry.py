"""`activity: NAME`: functions from the registry, their retries and failures."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.calls.response_outcome import MAX_OUTPUT_BYTES
from activities.compilation.live_catalogue import LiveCatalogue
from activities.registry import ACTIVITY_FAILED, BusinessFailure, StepFunction, registered_activities, step_activity
from activities.systems.connections import ConnectionPools
from activity_contract.activity_names import ACTIVITY_NAMES
from activity_contract.calls import (
    DEFINITION_ERROR,
    RESPONSE_TOO_LARGE,
    RETRY_LATER,
    TIMEOUT,
    StepActivity,
    StepActivityResult,
)
from compiler.language.retry_policy import RetryPolicy
from tests.activities.conftest import Failed
from workers.registrations import build_registrations
from workers.switches import SwitchClient


def step_of(**wanted: Any) -> StepActivity:
    usual: dict[str, Any] = {
        "order_id": "HS-1001",
        "step_id": "handover.document@1",
        "idempotency_key": "HS-1001/handover.document@1/do/1",
        "timeout": 20.0,
        "retry": RetryPolicy(),
    }
    return StepActivity.model_validate(usual | wanted)


async def run(activity: Callable[..., Any], **wanted: Any) -> StepActivityResult:
    answer: StepActivityResult = await ActivityEnvironment().run(activity, step_of(**wanted))
    return answer


async def failure_of(activity: Callable[..., Any], **wanted: Any) -> Failed:
    with pytest.raises(ApplicationError) as raised:
        await run(activity, **wanted)
    return Failed(raised.value)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[StepFunction], Callable[..., Any]]:
    """Registers a function until the test ends, and returns its activity."""
    monkeypatch.setattr("activities.registry._registered", registered_activities())

    def register(function: StepFunction) -> Callable[..., Any]:
        step_activity("of_the_test")(function)
        return registered_activities()["of_the_test"]

    return register


Register = Callable[[StepFunction], Callable[..., Any]]


async def test_function_gets_with_and_its_result_is_the_output(register: Register) -> None:
    async def double(step: StepActivity) -> dict[str, Any]:
        return {"twice": step.with_["n"] * 2, "key": step.idempotency_key}

    answer = await run(register(double), **{"with": {"n": 4}}, earlier_attempts=1)
    assert answer.output == {"twice": 8, "key": "HS-1001/handover.document@1/do/1"}
    assert answer.attempts == 2


async def test_plain_function_runs_in_a_thread(register: Register) -> None:
    def slow(_: StepActivity) -> str:
        time.sleep(0.2)
        return "done"

    running = asyncio.create_task(run(register(slow)))
    await asyncio.sleep(0.05)
    assert not running.done(), "the event loop is not blocked"
    assert (await running).output == "done"


async def test_business_failure_has_its_own_code_and_is_retried_only_on_request(register: Register) -> None:
    async def refuse(step: StepActivity) -> None:
        raise BusinessFailure("no_paper", "the printer is out of paper", retryable=step.with_["again"])

    activity = register(refuse)
    final = await failure_of(activity, **{"with": {"again": False}})
    assert (final.type, final.retryable, final.message) == ("no_paper", False, "the printer is out of paper")
    assert final.details.outcome_known
    again = await failure_of(activity, **{"with": {"again": True}})
    assert (again.retryable, again.pause) == (True, timedelta(seconds=1))


async def test_any_other_exception_is_retried_according_to_the_policy(register: Register) -> None:
    async def break_down(_: StepActivity) -> None:
        raise KeyError("paper")

    activity = register(break_down)
    failed = await failure_of(activity)
    assert (failed.type, failed.retryable, failed.details.outcome_known) == (ACTIVITY_FAILED, True, False)
    assert "paper" in failed.message
    assert (await failure_of(activity, retry=RetryPolicy(intervals=["10m"]))).type == RETRY_LATER
    assert not (await failure_of(activity, retry=RetryPolicy(max_attempts=1))).retryable


async def test_function_that_takes_too_long_times_out(register: Register) -> None:
    async def sleep(_: StepActivity) -> None:
        await asyncio.sleep(60)

    failed = await failure_of(register(sleep), timeout=0.1)
    assert (failed.type, failed.retryable, failed.details.outcome_known) == (TIMEOUT, True, False)


async def test_timeout_error_of_the_function_is_an_ordinary_failure(register: Register) -> None:
    async def time_out(_: StepActivity) -> None:
        raise TimeoutError("the printer does not answer")

    assert (await failure_of(register(time_out))).type == ACTIVITY_FAILED


async def test_result_must_be_json_within_the_limit(register: Register) -> None:
    results: list[Any] = [object(), "x" * MAX_OUTPUT_BYTES]

    async def give(_: StepActivity) -> Any:
        return results.pop(0)

    activity = register(give)
    assert (await failure_of(activity)).type == DEFINITION_ERROR
    assert (await failure_of(activity)).type == RESPONSE_TOO_LARGE


async def test_long_function_sends_heartbeats(register: Register) -> None:
    beat = asyncio.Event()

    async def wait(_: StepActivity) -> str:
        await beat.wait()
        return "done"

    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, heartbeat_timeout=timedelta(seconds=0.3))
    environment.on_heartbeat = lambda *_: beat.set()
    assert (await environment.run(register(wait), step_of())).output == "done"


@pytest.mark.parametrize("name", [*sorted(ACTIVITY_NAMES), "write_handover_document"])
def test_a_taken_name_cannot_be_registered(name: str) -> None:
    registered_activities()
    with pytest.raises(ValueError, match=name):
        step_activity(name)


def test_all_activities_of_a_worker_but_the_custom_ones_have_reserved_names() -> None:
    client = cast("Client", None)
    registrations = build_registrations(
        client, "queue", cast("LiveCatalogue", None), ConnectionPools(), SwitchClient(client, "queue")
    )
    functions = (*registrations.activities, *registrations.calls, *registrations.notifications)
    names = {activity._Definition.must_from_callable(function).name for function in functions}
    fallback = {None}  # fail_unregistered
    assert names - registered_activities().keys() - fallback == ACTIVITY_NAMES


# write_handover_document

WITH = {
    "title": "Hand-over of HS-1001",
    "sections": {"Customer": "Elm Street 14", "Cameras": ["C-1", "C-2"], "Visit": {"by": "A. Smith"}},
}


@pytest.fixture
def handover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORDO_HANDOVER_FOLDER", str(tmp_path / "handed-over"))
    return tmp_path / "handed-over"


async def write(**wanted: Any) -> Any:
    return (await run(registered_activities()["write_handover_document"], **wanted)).output


async def test_handover_document_is_a_file_with_its_sections(handover: Path) -> None:
    output = await write(**{"with": WITH})
    text = (handover / output["file"]).read_text()
    assert text.startswith("# Hand-over of HS-1001\n")
    assert "## Customer\n\nElm Street 14\n" in text
    assert "- C-1\n- C-2\n" in text
    assert "- by: A. Smith\n" in text
    assert output["bytes"] == len(text.encode())
    assert output["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert output["file"].startswith("HS-1001-")


async def test_repeated_key_writes_once_and_returns_the_same_output(handover: Path) -> None:
    first = await write(**{"with": WITH})
    written_at = (handover / first["file"]).stat().st_mtime_ns
    assert await write(**{"with": WITH}) == first
    assert (handover / first["file"]).stat().st_mtime_ns == written_at
    other = await write(**{"with": WITH, "idempotency_key": "HS-1001/handover.document@1/do/2"})
    assert other["file"] != first["file"]
    assert sorted(os.listdir(handover)) == sorted([first["file"], other["file"]]), "no partial file is left"


async def test_concurrent_calls_with_one_key_write_one_complete_file(handover: Path) -> None:
    outputs = await asyncio.gather(*(write(**{"with": WITH}) for _ in range(20)))
    assert all(output == outputs[0] for output in outputs)
    assert len(os.listdir(handover)) == 1


async def test_order_id_cannot_lead_out_of_the_folder(handover: Path) -> None:
    output = await write(**{"with": WITH, "order_id": "../../etc/passwd"})
    assert (handover / output["file"]).parent == handover
    assert (handover / output["file"]).exists()


async def test_missing_field_of_the_document_is_named(handover: Path) -> None:
    del handover
    failed = await failure_of(registered_activities()["write_handover_document"], **{"with": {"sections": {}}})
    assert (failed.type, failed.retryable) == ("invalid_request", False)
    assert "title" in failed.message


async def test_missing_folder_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDO_HANDOVER_FOLDER", raising=False)
    failed = await failure_of(registered_activities()["write_handover_document"], **{"with": WITH})
    assert failed.type == "no_handover_folder"
    assert "ORDO_HANDOVER_FOLDER" in failed.message
