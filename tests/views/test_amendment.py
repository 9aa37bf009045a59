"""What `amend` prints of a refused dry run."""

from __future__ import annotations

from activity_contract.compilation import ChangedValue
from views.order.amendment import render_amendment
from workflows.contract.order_messages import Alternative, AmendedStep, AmendResult


def test_refused_dry_run_says_why_and_what_is_possible() -> None:
    answer = AmendResult(
        order_id="HS-1",
        revision=1,
        message="Order HS-1 would not be amended: step 3 (a.ship@1) is at or past its point of no return",
        accepted=False,
        dry_run=True,
        refused=["step 3 (a.ship@1) is at or past its point of no return"],
        alternatives=[
            Alternative(action="amend", required=["order", "override"], effect="changes or undoes them anyway")
        ],
    )
    printed = "\n".join(str(part) for part in render_amendment(answer))
    assert printed.startswith(answer.message)
    assert "Possible: `amend FILE --override REASON` (changes or undoes them anyway)" in printed
    assert printed.count("Possible: ") == 1


def test_changed_definitions_are_told_with_what_keeps_the_own_ones() -> None:
    def printed(name: str) -> str:
        value = ChangedValue(name=name, before="10d", after="9d")
        step = AmendedStep(id="a.ship@1", number=3, summary="a.ship", fate="redone", values=[value])
        answer = AmendResult(order_id="HS-1", revision=1, message="…", accepted=True, dry_run=True, steps=[step])
        return "\n".join(str(part) for part in render_amendment(answer))

    assert "amend it with --catalogue-version same" in printed("definition.call.callback.within")
    assert "--catalogue-version" not in printed("attributes.definition")
