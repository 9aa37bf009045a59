"""A sign, a word and a tone for each state. The tone is a colour of the style sheet: `tone-bad`."""

from __future__ import annotations

from typing import NamedTuple

from views.shared.state_styles import JEOPARDY_STYLES, ORDER_STYLES, STEP_MARKS
from views.shared.value_format import in_words
from workflows.contract.states import Jeopardy, OrderState, StepState


class Mark(NamedTuple):
    glyph: str
    word: str
    tone: str
    """`quiet`, `planned`, `active`, `good`, `warn`, `bad` or `undo`."""


_TONES = {
    "bright_black": "quiet",
    "blue": "planned",
    "cyan": "active",
    "green": "good",
    "yellow": "warn",
    "red": "bad",
    "magenta": "undo",
}
_STEP_WORDS = {StepState.FATALLY_FAILED: "in fallout", StepState.FAILED: "will retry"}
_ORDER_GLYPHS = {
    OrderState.ACKNOWLEDGED: "◌",
    OrderState.REJECTED: "✖",
    OrderState.PENDING: "◷",
    OrderState.HELD: "‖",
    OrderState.IN_PROGRESS: "●",
    OrderState.ASSESSING_CANCELLATION: "↶",
    OrderState.PENDING_CANCELLATION: "↶",
    OrderState.CANCELLED: "↶",
    OrderState.COMPLETED: "✔",
    OrderState.PARTIAL: "◐",
    OrderState.FAILED: "✖",
}
_JEOPARDY_GLYPHS = {Jeopardy.ON_TRACK: "✔", Jeopardy.AT_RISK: "▲", Jeopardy.LATE: "!"}


def step_mark(state: StepState) -> Mark:
    mark = STEP_MARKS[state]
    return Mark(mark.symbol, _STEP_WORDS.get(state, in_words(state)), _tone(mark.style))


def order_mark(state: OrderState) -> Mark:
    """Also for the states of order lines."""
    return Mark(_ORDER_GLYPHS[state], in_words(state), _tone(ORDER_STYLES[state]))


def jeopardy_mark(jeopardy: Jeopardy) -> Mark:
    return Mark(_JEOPARDY_GLYPHS[jeopardy], in_words(jeopardy), _tone(JEOPARDY_STYLES[jeopardy]))


def mark_of(state: StepState | OrderState | Jeopardy) -> Mark:
    """By the type of the state: `failed` of an order is not `failed` of a step."""
    match state:
        case StepState():
            return step_mark(state)
        case OrderState():
            return order_mark(state)
        case Jeopardy():
            return jeopardy_mark(state)


def _tone(style: str) -> str:
    return _TONES[style.removeprefix("bold ")]
