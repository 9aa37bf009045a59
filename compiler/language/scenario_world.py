"""The `world` of a scenario: what systems answer, what happens, and what people do (docs/language.md, Scenario)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Discriminator, Tag

from compiler.language.scenario_actions import (
    AmendEntry,
    AssignEntry,
    CancelEntry,
    ClaimEntry,
    CompleteEntry,
    ExtendEntry,
    HoldEntry,
    NoteEntry,
    ProceedEntry,
    RedoEntry,
    RescheduleEntry,
    ResumeEntry,
    RetryEntry,
    RollbackEntry,
    SetEntry,
    SkipEntry,
    SwitchEntry,
)
from compiler.language.scenario_answers import AnswerEntry, ReceiverEntry
from compiler.language.scenario_timed_entries import CallbackEntry, EventEntry

_TAGS: Mapping[str, str] = {
    "on": "an answer",
    "receiver": "an answer of a receiver",
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
    | Annotated[ReceiverEntry, Tag("an answer of a receiver")]
    | Annotated[EventEntry, Tag("an event")]
    | Annotated[CallbackEntry, Tag("a callback")]
    | Annotated[CompleteEntry, Tag("a completion")]
    | Annotated[RetryEntry, Tag("a retry")]
    | Annotated[SkipEntry, Tag("a skip")]
    | Annotated[ProceedEntry, Tag("a go-ahead")]
    | Annotated[ClaimEntry, Tag("a claim")]
    | Annotated[AssignEntry, Tag("an assignment")]
    | Annotated[RescheduleEntry, Tag("a new time")]
    | Annotated[ExtendEntry, Tag("more time")]
    | Annotated[RedoEntry, Tag("a redo")]
    | Annotated[CancelEntry, Tag("a cancellation")]
    | Annotated[RollbackEntry, Tag("a roll-back")]
    | Annotated[HoldEntry, Tag("a hold")]
    | Annotated[ResumeEntry, Tag("a resumption")]
    | Annotated[NoteEntry, Tag("a note")]
    | Annotated[SetEntry, Tag("new characteristics")]
    | Annotated[AmendEntry, Tag("an amendment")]
    | Annotated[SwitchEntry, Tag("a switch")],
    Discriminator(
        _world_tag,
        custom_error_type="value-invalid",
        custom_error_message=f"needs one of {', '.join(_TAGS)}",
    ),
]
