from __future__ import annotations

import pytest

from console.presenting.forms.fields import Control, FormField, with_typed
from console.presenting.forms.moments import moment_text, moment_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-12-01T08:00:00Z", "2026-12-01T08:00"),
        ("2026-12-01T09:00:30+01:00", "2026-12-01T08:00:30"),
        ("2026-12-01T08:00:00.250Z", "2026-12-01T08:00:00.250"),
        ("2026-12-01", "2026-12-01T00:00"),
        ("2026-12-01T08:00:00.123456Z", None),
        ("tomorrow", None),
    ],
)
def test_a_moment_becomes_the_value_of_a_field(text: str, value: str | None) -> None:
    assert moment_value(text) == value


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("2026-12-01T08:00", "2026-12-01T08:00:00Z"),
        ("2026-12-01T08:00:00.000Z", "2026-12-01T08:00:00Z"),
        ("2026-12-01T08:00:00.250", "2026-12-01T08:00:00.250000Z"),
        ("2026-12-01", "2026-12-01"),
        ("Tomorrow", "Tomorrow"),
    ],
)
def test_what_a_field_sent_becomes_the_text_of_an_order(sent: str, text: str) -> None:
    assert moment_text(sent) == text


def test_a_text_that_is_no_moment_stays_visible() -> None:
    declared = [FormField("start", "Start", Control.MOMENT)]
    (shown,) = with_typed(declared, {"start": "tomorrow"})
    assert (shown.control, shown.value) == (Control.TEXT, "tomorrow")
    (shown,) = with_typed(declared, {"start": "2026-12-01T08:00:00Z"})
    assert (shown.control, shown.value) == (Control.MOMENT, "2026-12-01T08:00")
