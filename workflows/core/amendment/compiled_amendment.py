"""What the compiler gets for an amendment, and what its result means for the running order."""

from __future__ import annotations

from activity_contract.compilation import CompileAmendmentInput, CompiledAmendment
from compiler.plan.plan import Plan
from workflows.contract.order_messages import SAME_VERSION, AmendOrder, AmendResult, RefusalCode
from workflows.core.amendment.answer import AmendmentAssessment, decide
from workflows.core.amendment.impact import AmendedPlan
from workflows.core.amendment.unit_weights import step_weights
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import completed_order_lines
from workflows.core.steps.refusal import RequestRefused, alternative


def compile_input(run: OrderRun, packed_plan: bytes, message: AmendOrder) -> CompileAmendmentInput:
    return CompileAmendmentInput(
        order=message.order,
        plan=packed_plan,
        retired=list(run.amendments.retired),
        completed_lines=completed_order_lines(run),
        step_weights=step_weights(run),
        catalogue_version=_catalogue_version(run, message),
    )


def _catalogue_version(run: OrderRun, message: AmendOrder) -> str | None:
    return run.plan.catalogue_version if message.catalogue_version == SAME_VERSION else message.catalogue_version


def rejected_amendment(
    run: OrderRun, revision: int, message: AmendOrder, compiled: CompiledAmendment
) -> AmendmentAssessment | None:
    """The answer if the new order is rejected, else None. Raises RequestRefused if it keeps no line of the order."""
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
    return None


def decide_compiled(
    run: OrderRun, revision: int, message: AmendOrder, compiled: CompiledAmendment, plan: Plan
) -> AmendmentAssessment:
    """`plan` is that of `compiled`, decoded. Raises RequestRefused."""
    amended = AmendedPlan(
        plan,
        frozenset(compiled.retired),
        frozenset(compiled.changed),
        frozenset(compiled.seen_otherwise),
        frozenset(compiled.former_lines),
    )
    return decide(run, revision, message, compiled, amended)
