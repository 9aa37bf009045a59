"""What goes wrong, in words and codes."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from operations.errors import (
    ERROR_STATUSES,
    NotFound,
    NoWorker,
    OperationError,
    ServerUnreachable,
    server_call,
    to_operation_error,
    worker_call,
)
from operations.reading.order_details import find_step
from operations.submission.submit_order import SubmissionResult, order_digest, require_order_id
from tests.support.order_views import step_view
from workflows.contract.order_messages import Alternative, RefusalCode, RefusalDetails, SubmissionDecision
from workflows.contract.states import OrderState, StepState


def code_of(error: Exception) -> str:
    return to_operation_error(error, "Order HS-1", "temporal:7233").code


def test_every_refusal_of_an_order_has_an_exit_status_and_an_http_status() -> None:
    assert set(RefusalCode) <= set(ERROR_STATUSES)


def test_refusal_by_the_order_keeps_its_reason_data_and_alternatives() -> None:
    details = RefusalDetails(
        reason="not_in_fallout",
        data={"state": "completed"},
        alternatives=[Alternative(action="redo", parameters={"order_id": "HS-1", "step": "3"}, effect="does it again")],
    )
    failure = ApplicationError("Step 3 is completed", details.model_dump(mode="json"), type=RefusalCode.NOT_NOW)
    error = to_operation_error(WorkflowUpdateFailedError(failure), "Order HS-1", "t")
    assert RefusalDetails.model_validate(error.details) == details


@pytest.mark.parametrize("details", [(), ("text",), ({"reason": "x", "unknown": 1},), ({}, {})])
def test_refusal_without_readable_details_keeps_its_code(details: tuple[object, ...]) -> None:
    failure = ApplicationError("Step 3 is completed", *details, type=RefusalCode.NOT_NOW)
    error = to_operation_error(WorkflowUpdateFailedError(failure), "Order HS-1", "t")
    assert (error.code, error.details) == ("not_now", {})


def test_an_orders_refusal_keeps_its_code_and_its_words() -> None:
    error = to_operation_error(
        WorkflowUpdateFailedError(ApplicationError("Step 3 is completed", type=RefusalCode.NOT_NOW)), "Order HS-1", "t"
    )
    assert (error.code, error.message, error.exit_status, error.http_status) == (
        "not_now",
        "Step 3 is completed",
        1,
        409,
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b""), "not_found"),
        (RPCError("Namespace x is not found.", RPCStatusCode.NOT_FOUND, b""), "server_error"),
        (RPCError("no poller seen", RPCStatusCode.FAILED_PRECONDITION, b""), "no_worker"),
        (RPCError("limit of updates reached", RPCStatusCode.RESOURCE_EXHAUSTED, b""), "busy"),
        (RPCError("tcp connect error", RPCStatusCode.UNAVAILABLE, b""), "server_unreachable"),
        (WorkflowUpdateRPCTimeoutOrCancelledError(), "no_worker"),
        (RuntimeError("Failed client connect: …"), "server_unreachable"),
        (WorkflowUpdateFailedError(ValueError("bug")), "server_error"),
    ],
)
def test_what_the_client_raises_becomes_a_code_for_the_caller(error: Exception, code: str) -> None:
    assert code_of(error) == code


def test_unreachable_server_is_reported_with_the_innermost_reason_and_two_alternatives() -> None:
    text = (
        'Failed client connect: Transport(Error("tcp connect error", Os { code: 111, message: "Connection refused" }))'
    )
    error = to_operation_error(RuntimeError(text), "Order HS-1", "temporal:7233")
    assert error.message.startswith("Temporal cannot be reached at temporal:7233 (Connection refused)")
    assert [alternative.action for alternative in error.alternatives] == ["start_server", "connect"]
    assert error.exit_status == 3


async def test_silence_of_a_worker_and_silence_of_temporal_are_told_apart() -> None:
    with pytest.raises(NoWorker):
        async with worker_call("Order HS-1", "t", timeout_seconds=0.01):
            await asyncio.sleep(5)
    with pytest.raises(ServerUnreachable):
        async with server_call("Order HS-1", "t", timeout_seconds=0.01):
            await asyncio.sleep(5)


async def test_a_caller_who_goes_away_is_cancelled_and_not_told_that_no_worker_answered() -> None:
    async def asked() -> None:
        async with worker_call("Order HS-1", "t"):
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError as error:
                raise WorkflowUpdateRPCTimeoutOrCancelledError from error  # as the client does

    task = asyncio.create_task(asked())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_step_is_found_by_id_and_by_number_and_a_near_miss_is_answered_with_the_nearest() -> None:
    steps = [step_view(7, "camera.reserve@1", StepState.PENDING)]
    assert find_step(steps, "7", "HS-1") is find_step(steps, "camera.reserve@1", "HS-1")
    with pytest.raises(NotFound, match=r"did you mean `camera\.reserve@1`"):
        find_step(steps, "camera.reserv@1", "HS-1")
    with pytest.raises(NotFound) as refused:
        find_step(steps, "zzz", "HS-1")
    assert [(each.action, each.parameters) for each in refused.value.alternatives] == [("show", {"order_id": "HS-1"})]


@pytest.mark.parametrize("order_id", [None, 7, "", "a/b", "a b", "x" * 129, "a\n"])
def test_an_order_without_an_id_that_can_name_it_is_refused_before_it_is_sent(order_id: object) -> None:
    with pytest.raises(OperationError, match="needs an `id`"):
        require_order_id({"id": order_id})


def test_the_same_content_has_the_same_digest_whatever_the_order_of_its_keys() -> None:
    assert order_digest({"a": 1, "b": [2]}) == order_digest({"b": [2], "a": 1})
    assert order_digest({"a": 1}) != order_digest({"a": 2})


def submission(same: bool, decision: SubmissionDecision | None) -> SubmissionResult:
    return SubmissionResult("HS-1", "order/HS-1", "r", OrderState.ACKNOWLEDGED, True, same, decision is None, decision)


def test_a_rejected_order_is_refused_with_its_findings() -> None:
    findings = [{"message": "no such product"}, {"message": "no such line"}]
    decision = SubmissionDecision(order_id="HS-1", state=OrderState.REJECTED, accepted=False, findings=findings)
    refusal = submission(True, decision).rejection_error()
    assert refusal is not None
    assert (refusal.code, refusal.http_status, refusal.findings) == ("rejected", 422, findings)
    assert "no such product (and 1 more)" in refusal.message


def test_another_content_under_the_id_of_a_running_order_is_a_conflict() -> None:
    accepted = SubmissionDecision(order_id="HS-1", state=OrderState.IN_PROGRESS, accepted=True)
    refusal = submission(False, accepted).rejection_error()
    assert refusal is not None
    assert (refusal.code, refusal.http_status) == ("conflict", 409)
    assert submission(True, accepted).rejection_error() is None
    assert submission(True, None).rejection_error() is None
