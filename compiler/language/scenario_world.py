"""The `world` of a scenario: what systems answer, what happens, and what people do (docs/language.md, Scenario)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Discriminator, Tag

from compiler.language.scenario_acts import (
    AmendAct,
    AssignAct,
    CancelAct,
    ClaimAct,
    CompleteAct,
    ExtendAct,
    HoldAct,
    NoteAct,
    ProceedAct,
    RedoAct,
    RescheduleAct,
    ResumeAct,
    RetryAct,
    RollbackAct,
    SetAct,
    SkipAct,
    SystemAct,
)
from compiler.language.scenario_answers import AnswerEntry
from compiler.language.scenario_happenings import CallbackHappening, EventHappening

_TAGS: Mapping[str, str] = {
    "on": "an answer",
    "event": "an event",
    "callback": "a callback",
    "complete": "a completion",
    "retry": "a retry",
    "skip": "a skip",
    "proceed": "a go-ahead",
    "claim": "a claim",
    "assign": "an assignment",
    "reschedule": "a new time",
    "extend": "more time",
    "redo": "a redo",
    "cancel": "a cancellation",
    "rollback": "a roll-back",
    "hold": "a hold",
    "resume": "a resumption",
    "note": "a note",
    "set": "new characteristics",
    "amend": "an amendment",
    "system": "a switch",
}
_FIELDS = {"set": "set_"}


def _world_tag(value: object) -> str | None:
    """By the key that says what happens."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return next((tag for key, tag in _TAGS.items() if _FIELDS.get(key, key) in fields), None)
    return next((tag for key, tag in _TAGS.items() if key in value), None) if isinstance(value, dict) else None


WorldEntry = Annotated[
    Annotated[AnswerEntry, Tag("an answer")]
    | Annotated[EventHappening, Tag("an event")]
    | Annotated[CallbackHappening, Tag("a callback")]
    | Annotated[CompleteAct, Tag("a completion")]
    | Annotated[RetryAct, Tag("a retry")]
    | Annotated[SkipAct, Tag("a skip")]
    | Annotated[ProceedAct, Tag("a go-ahead")]
    | Annotated[ClaimAct, Tag("a claim")]
    | Annotated[AssignAct, Tag("an assignment")]
    | Annotated[RescheduleAct, Tag("a new time")]
    | Annotated[ExtendAct, Tag("more time")]
    | Annotated[RedoAct, Tag("a redo")]
    | Annotated[CancelAct, Tag("a cancellation")]
    | Annotated[RollbackAct, Tag("a roll-back")]
    | Annotated[HoldAct, Tag("a hold")]
    | Annotated[ResumeAct, Tag("a resumption")]
    | Annotated[NoteAct, Tag("a note")]
    | Annotated[SetAct, Tag("new characteristics")]
    | Annotated[AmendAct, Tag("an amendment")]
    | Annotated[SystemAct, Tag("a switch")],
    Discriminator(
        _world_tag,
        custom_error_type="value-invalid",
        custom_error_message=f"needs one of {', '.join(_TAGS)}",
    ),
]
