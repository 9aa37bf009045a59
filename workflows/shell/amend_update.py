"""The update `amend`: the new order is compiled, compared with the running one, and applied, as one decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

from activity_contract.activity_names import COMPILE_AMENDMENT
from activity_contract.compilation import CompiledAmendment
from compiler.plan.codec import decode_plan
from workflows.contract.order_messages import AmendOrder, RefusalCode
from workflows.core.amendment.answer import AmendmentAssessment, check_preconditions
from workflows.core.amendment.compiled_amendment import compile_input, decide_compiled, rejected_amendment
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused

COMPILE_TIMEOUT = timedelta(seconds=120)
LARGE_PLAN_STEPS = 2_000
"""Larger plans are decoded in their own workflow task: Temporal treats one that computes for over 2 s as stuck."""


async def assess_amendment(
    run: OrderRun, packed_plan: bytes, revision: int, message: AmendOrder, current_time: Callable[[], float]
) -> AmendmentAssessment:
    """Compiles the amendment and assesses what it does. Changes nothing. Raises RequestRefused."""
    check_preconditions(run, revision, message)
    compiled = await _compile(run, packed_plan, message)
    if (rejected := rejected_amendment(run, revision, message, compiled)) is not None:
        return rejected
    plan = decode_plan(compiled.plan)
    if len(plan.steps) > LARGE_PLAN_STEPS:
        await workflow.sleep(timedelta(milliseconds=1), summary="a large amendment")
    run.now = current_time()
    check_preconditions(run, revision, message)
    return decide_compiled(run, revision, message, compiled, plan)


async def _compile(run: OrderRun, packed_plan: bytes, message: AmendOrder) -> CompiledAmendment:
    try:
        compiled: CompiledAmendment = await workflow.execute_local_activity(
            COMPILE_AMENDMENT,
            compile_input(run, packed_plan, message),
            result_type=CompiledAmendment,
            start_to_close_timeout=COMPILE_TIMEOUT,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary=f"Order {run.plan.order.id}, as amended",
        )
    except FailureError as error:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"The amendment could not be compiled, and order {run.plan.order.id} continues unchanged: "
            f"{error.cause or error}",
            "not_compiled",
        ) from error
    return compiled
