"""The update `amend`: the new order is compiled, compared with what runs, answered, and taken in, as one decision."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

from activity_contract.compilation import COMPILE_AMENDMENT, CompileAmendment, CompiledAmendment
from compiler.plan.codec import unpack
from workflows.contract.order_messages import AmendAnswer, AmendOrder, Refusal
from workflows.core.amendment.answer import Judged, check, decide
from workflows.core.amendment.impact import Amended
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import Refused

COMPILING = timedelta(seconds=120)
MANY_STEPS = 2_000
"""So large a plan is read in a turn of its own: Temporal takes one that computes for over 2 s as hanging."""


async def judged(run: OrderRun, packed: bytes, revision: int, message: AmendOrder) -> Judged:
    """Compiles the amendment and says what it does. Changes nothing. Raises Refused."""
    check(run, revision, message)
    compiled = await _compiled(run, packed, message)
    if compiled.findings:
        answer = AmendAnswer(
            order_id=run.plan.order.id,
            revision=revision,
            accepted=False,
            dry_run=message.dry_run,
            findings=compiled.findings,
            message=f"Order {run.plan.order.id} goes on as it was: what it is to become is rejected",
        )
        return Judged(answer, compiled)
    if not compiled.survives:
        raise Refused(
            Refusal.INVALID,
            f"No line of order {run.plan.order.id} is left in what it is to become, so this was meant for another "
            "order; to give it up, cancel it",
        )
    plan = unpack(compiled.plan)
    if len(plan.steps) > MANY_STEPS:
        await workflow.sleep(timedelta(milliseconds=1), summary="a large amendment")
    run.now = workflow.time()
    check(run, revision, message)
    amended = Amended(
        plan,
        frozenset(compiled.retired),
        frozenset(compiled.changed),
        frozenset(compiled.seen_otherwise),
        frozenset(compiled.former_lines),
    )
    return decide(run, revision, message, compiled, amended)


async def _compiled(run: OrderRun, packed: bytes, message: AmendOrder) -> CompiledAmendment:
    asked = CompileAmendment(order=message.order, plan=packed, retired=list(run.revisions.retired))
    try:
        compiled: CompiledAmendment = await workflow.execute_local_activity(
            COMPILE_AMENDMENT,
            asked,
            result_type=CompiledAmendment,
            start_to_close_timeout=COMPILING,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary=f"Order {run.plan.order.id}, as amended",
        )
    except FailureError as error:
        raise Refused(
            Refusal.NOT_NOW,
            f"The amendment could not be compiled, and order {run.plan.order.id} goes on as it was: "
            f"{error.cause or error}",
        ) from error
    return compiled
