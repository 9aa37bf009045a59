"""What an amendment does to steps, in words."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.core.amendment.impact import StepFate

FATE_TEXT: Mapping[str, str] = {
    StepFate.REDONE: "redone",
    StepFate.CHANGED_IN_PLACE: "patched",
    StepFate.UNDONE: "undone",
    StepFate.ENDS_THEN_REDONE: "redone once its attempt has ended",
    StepFate.ENDS_THEN_CHANGED: "patched once its attempt has ended",
    StepFate.ENDS_THEN_UNDONE: "undone once its attempt has ended",
    StepFate.NEW_INPUT: "with new input",
    StepFate.ADDED: "added",
    StepFate.DISCARDED: "discarded",
    StepFate.STOPPED: "stopped",
    StepFate.KEPT: "kept although its input changes",
}
"""In the order in which a sentence names them."""


def counts_text(counts: Mapping[str, int]) -> str:
    """`2 redone, 1 added`."""
    return ", ".join(f"{counts[fate]} {words}" for fate, words in FATE_TEXT.items() if counts.get(fate))


def changed_input_text(fate: StepFate) -> str:
    """For the history of a step whose input changed with an amendment."""
    return f"its input changed with the amendment: {'started again' if fate is StepFate.NEW_INPUT else FATE_TEXT[fate]}"
