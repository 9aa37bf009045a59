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


def test_each_field_is_asked_for_and_what_is_text_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed(monkeypatch, ["done", "4711", "5"]) == {"outcome": "done", "code": "4711", "stars": 5}


def test_what_may_be_left_out_is_left_out_where_nothing_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed(monkeypatch, ["done", "", ""]) == {"outcome": "done"}


def test_a_field_is_asked_for_again_until_it_is_one_of_its_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed(monkeypatch, ["", "gone", "absent", "", ""]) == {"outcome": "absent"}
