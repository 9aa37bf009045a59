"""A task's form, filled in field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

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
