"""What `amend` prints of a refused dry run."""

from __future__ import annotations

from views.order.amendment import render_amendment
from workflows.contract.order_messages import Alternative, AmendResult


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
