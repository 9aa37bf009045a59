"""The update `amend`: the new order is compiled, compared with the running one, and applied, as one decision."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

from activity_contract.activity_names import COMPILE_AMENDMENT
from activity_contract.compilation import CompileAmendmentInput, CompiledAmendment
from compiler.plan.codec import decode_plan
from workflows.contract.order_messages import AmendOrder, AmendResult, RefusalCode
from workflows.core.amendment.answer import AmendmentAssessment, check_preconditions, decide
from workflows.core.amendment.impact import AmendedPlan
from workflows.core.amendment.unit_weights import step_weights
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import completed_order_lines
from workflows.core.steps.refusal import RequestRefused, alternative

COMPILE_TIMEOUT = timedelta(seconds=120)
LARGE_PLAN_STEPS = 2_000
"""Larger plans are decoded in their own workflow task: Temporal treats one that computes for over 2 s as stuck."""


async def assess_amendment(
    run: OrderRun, packed_plan: bytes, revision: int, message: AmendOrder
) -> AmendmentAssessment:
    """Compiles the amendment and assesses what it does. Changes nothing. Raises RequestRefused."""
    check_preconditions(run, revision, message)
    compiled = await _compile(run, packed_plan, message)
    if compiled.findings:
        answer = AmendResult(
            order_id=run.plan.order.id,
            revision=revision,
            accepted=False,
            dry_run=message.dry_run,
            findings=compiled.findings,
            message=f"Order {run.plan.order.id} continues unchanged: the new order is rejected",
        )
        return AmendmentAssessment(answer, compiled)
    if not compiled.survives:
        raise RequestRefused(
            RefusalCode.INVALID,
            f"The new order keeps no line of order {run.plan.order.id}: it belongs to another order, or takes all back",
            "no_line_left",
            [alternative(run, "cancel", "gives the order up")],
        )
    plan = decode_plan(compiled.plan)
    if len(plan.steps) > LARGE_PLAN_STEPS:
        await workflow.sleep(timedelta(milliseconds=1), summary="a large amendment")
    run.now = workflow.time()
    check_preconditions(run, revision, message)
    amended = AmendedPlan(
        plan,
        frozenset(compiled.retired),
        frozenset(compiled.changed),
        frozenset(compiled.seen_otherwise),
        frozenset(compiled.former_lines),
    )
    return decide(run, revision, message, compiled, amended)


async def _compile(run: OrderRun, packed_plan: bytes, message: AmendOrder) -> CompiledAmendment:
    compile_input = CompileAmendmentInput(
        order=message.order,
        plan=packed_plan,
        retired=list(run.amendments.retired),
        completed_lines=completed_order_lines(run),
        step_weights=step_weights(run),
    )
    try:
        compiled: CompiledAmendment = await workflow.execute_local_activity(
            COMPILE_AMENDMENT,
            compile_input,
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
