"""A task's form, filled in field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from cli.framework.errors import UsageError
from cli.framework.session import Session
from cli.user_input.form_prompt import prompt_form

FORM = {
    "outcome": {"type": "string", "enum": ["done", "absent"], "required": True},
    "code": {"type": "string"},
    "stars": {"type": "integer"},
}


def typed(monkeypatch: pytest.MonkeyPatch, lines: Sequence[str]) -> dict[str, Any]:
    answers = iter(lines)
    monkeypatch.setattr(Console, "input", lambda *_arguments, **_options: next(answers))
    return prompt_form(Session(), FORM)


def test_form_prompts_for_each_field_and_keeps_text_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed(monkeypatch, ["done", "4711", "5"]) == {"outcome": "done", "code": "4711", "stars": 5}


def test_empty_input_omits_an_optional_field(monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed(monkeypatch, ["done", "", ""]) == {"outcome": "done"}


def test_field_is_prompted_again_until_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed(monkeypatch, ["", "gone", "absent", "", ""]) == {"outcome": "absent"}


TYPED_FORM = {
    "visits": {"type": "integer", "required": True, "minimum": 1},
    "day": {"type": "date"},
    "granted": {"type": "boolean", "required": True},
    "grade": {"type": "string", "default": "a"},
}


def test_wrong_answer_is_asked_again_and_forgets_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["many", "0", "2", "tomorrow", "2026-12-01", "perhaps", "yes", ""])
    monkeypatch.setattr(Console, "input", lambda *_arguments, **_options: next(answers))
    assert prompt_form(Session(), TYPED_FORM) == {"visits": 2, "day": "2026-12-01", "granted": True}
    told = capsys.readouterr().err
    assert "`visits` must be a whole number, and is `many`. Please type it again." in told
    assert "`visits` must be at least 1" in told
    assert "`day` must be a date" in told
    assert "`granted` must be true or false" in told


def test_input_that_ends_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_arguments: Any, **_options: Any) -> str:
        raise EOFError

    monkeypatch.setattr(Console, "input", end)
    with pytest.raises(UsageError, match="nothing was sent"):
        prompt_form(Session(), FORM)
