"""What an amendment is answered: judged without changing anything, then applied and put into words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from activity_contract.compilation import CompiledAmendment
from workflows.contract.order_messages import AmendAnswer, AmendedStep, AmendOrder, Refusal
from workflows.contract.states import SETTLED, TAKEN_BACK
from workflows.core.amendment.apply import take_in
from workflows.core.amendment.impact import Amended, Fate, changes_nothing, fates_of, objections, refuse_by_state
from workflows.core.notifications import order_events
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.labels import named_after
from workflows.core.steps.refusal import Refused

MOST_LISTED = 1_000
"""Steps that an answer names; it holds 2 MB."""


@dataclass(frozen=True, slots=True)
class Judged:
    """`amended`: what is to be taken in; None: nothing, the answer says why."""

    answer: AmendAnswer
    compiled: CompiledAmendment
    amended: Amended | None = None
    fates: Mapping[int, Fate] | None = None


def check(run: OrderRun, revision: int, message: AmendOrder) -> None:
    """What speaks against the amendment before it is compiled. Raises Refused."""
    order, wanted = run.plan.order.id, message.order.get("id")
    if wanted != order:
        raise Refused(
            Refusal.INVALID, f"This is order {order}, and what it is to become is order {wanted}: an id never changes"
        )
    refuse_by_state(run)
    if message.expected_revision is not None and message.expected_revision != revision:
        raise Refused(
            Refusal.STALE,
            f"Order {order} is at revision {revision} by now, no longer at {message.expected_revision}; look at it "
            "again (`amend --dry-run` shows the difference)",
        )


def decide(run: OrderRun, revision: int, message: AmendOrder, compiled: CompiledAmendment, amended: Amended) -> Judged:
    order = run.plan.order.id
    if changes_nothing(run, amended):
        said = f"Order {order} runs as this asks already; nothing changes"
        answer = _answer(run, revision, message, compiled, amended, {})
        return Judged(answer.model_copy(update={"already": True, "message": said}), compiled)
    fates = fates_of(run, amended)
    against = [] if message.override is not None else objections(run, fates)
    if against and not message.dry_run:
        raise Refused(Refusal.NOT_NOW, f"Order {order} is not amended: {'; '.join(against)}")
    answer = _answer(run, revision, message, compiled, amended, fates)
    answer = answer.model_copy(
        update={
            "accepted": not against,
            "refused": against,
            "message": _sentence(order, revision, message.dry_run, answer, bool(against)),
        }
    )
    return Judged(answer, compiled, None if message.dry_run else amended, fates)


def apply(run: OrderRun, judgement: Judged, message: AmendOrder) -> AmendAnswer:
    """Takes in what was judged in this same turn. The answer has the new revision."""
    if judgement.amended is None or judgement.fates is None:
        return judgement.answer
    revision = judgement.answer.revision + 1
    take_in(run, judgement.amended, judgement.fates)
    said = f"amended to revision {revision}: {in_words(judgement.answer.counts) or 'no step changes'}"
    run.journal.note(run.now, said, None, message.actor.by, message.actor.reason)
    if message.override is not None:
        run.journal.note(
            run.now, "points of no return overridden by an amendment", None, message.actor.by, message.override
        )
    order_events.amended(run, revision=revision, by=message.actor.by, reason=message.actor.reason or None)
    order = run.plan.order.id
    sentence = _sentence(order, revision, False, judgement.answer, False)
    return judgement.answer.model_copy(update={"revision": revision, "message": sentence})


def _answer(
    run: OrderRun,
    revision: int,
    message: AmendOrder,
    compiled: CompiledAmendment,
    amended: Amended,
    fates: Mapping[int, Fate],
) -> AmendAnswer:
    alive = len(amended.plan.steps) - len(amended.retired)
    concerned = sum(at not in amended.retired and fate is not Fate.KEPT for at, fate in fates.items())
    told = sorted(fates, key=lambda at: (fates[at] is Fate.KEPT, at))[:MOST_LISTED]
    return AmendAnswer(
        order_id=run.plan.order.id,
        revision=revision,
        message="",
        dry_run=message.dry_run,
        kept=alive - concerned,
        counts=dict(Counter(fate.value for at, fate in sorted(fates.items()) if not _says_nothing(fate, at, amended))),
        steps=[
            AmendedStep(
                id=amended.plan.steps[at].id,
                number=at + 1,
                summary=named_after(amended.plan, at),
                fate=fates[at].value,
                values=compiled.step_values.get(at, []),
            )
            for at in sorted(told)
            if not _says_nothing(fates[at], at, amended)
        ],
        may_redo=[amended.plan.steps[at].id for at in _may_redo(run, compiled.may_redo, fates)][:MOST_LISTED],
        lines_added=compiled.lines_added,
        lines_removed=compiled.lines_removed,
        line_values=compiled.line_values,
        order_values=compiled.order_values,
        catalogue_version=compiled.summary.get("catalogue_version"),
    )


def _says_nothing(fate: Fate, at: int, amended: Amended) -> bool:
    """What is gone and had done nothing is not kept."""
    return fate is Fate.KEPT and at in amended.retired


def _may_redo(run: OrderRun, found: list[int], fates: Mapping[int, Fate]) -> list[int]:
    """Only of steps that have begun: the others see what is there when their turn comes."""
    return [
        at
        for at in found
        if at < len(run.steps)
        and at not in fates
        and (run.steps[at].begun or run.steps[at].state in SETTLED)
        and run.steps[at].state not in TAKEN_BACK
    ]


WORDS: Mapping[str, str] = {
    Fate.REDONE: "redone",
    Fate.PATCHED: "patched",
    Fate.UNDONE: "undone",
    Fate.ENDS_THEN_REDONE: "redone once its attempt has ended",
    Fate.ENDS_THEN_PATCHED: "patched once its attempt has ended",
    Fate.ENDS_THEN_UNDONE: "undone once its attempt has ended",
    Fate.NEW_INPUT: "with new input",
    Fate.ADDED: "added",
    Fate.DISCARDED: "discarded",
    Fate.STOPPED: "stopped",
    Fate.KEPT: "kept although its input changes",
}


def in_words(counts: Mapping[str, int]) -> str:
    """`2 redone, 1 added`."""
    return ", ".join(f"{counts[fate]} {words}" for fate, words in WORDS.items() if counts.get(fate))


def _sentence(order: str, revision: int, dry_run: bool, answer: AmendAnswer, refused: bool) -> str:
    steps = in_words(answer.counts)
    does = f"{steps}; {answer.kept} stay as they are" if steps else "no step changes"
    if refused:
        return f"Order {order} would not be amended: {'; '.join(answer.refused) or 'see what speaks against it'}"
    if dry_run:
        return f"Order {order} would become revision {revision + 1}: {does}"
    return f"Order {order} is at revision {revision}: {does}"
