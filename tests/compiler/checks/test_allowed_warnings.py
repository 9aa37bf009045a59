"""Warnings that a comment allows, and comments that allow nothing."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

STEPS = "kind: commercial_product\nid: offer\nsteps:\n"
NEVER = "  go: {milestone: true, when: false}"


@pytest.mark.parametrize(
    "step",
    [
        f"{NEVER}  # allow: condition-never",
        f"{NEVER}  #allow:condition-never",
        f"{NEVER}  # allow: condition-never (until spring)",
        f"{NEVER}  # not yet sold; allow: condition-never".replace("; ", "  # "),
        f"  # allow: condition-never\n{NEVER}",
        f"  # allow: condition-never\n  # It is not sold yet.\n\n{NEVER}",
        "  # allow: condition-never, wait-unlimited\n  go: {event: {name: x}, when: false}",
        "  go: {event: {name: x}, when: false}  # allow: wait-unlimited,condition-never",
    ],
)
def test_allowed_warning_is_left_out(step: str) -> None:
    assert [str(one) for one in findings_of(STEPS + step + "\n")] == []


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("  go: {milestone: true}  # allow: «condition-never", "no warning `condition-never` to allow in line 4"),
        ("  # allow: «condition-never\n  go: {milestone: true}", "in line 5"),
        (f"{NEVER}  # allow: condition-never, «wait-unlimited", "no warning `wait-unlimited`"),
        ("  go: {milestone: true}  # allow: «conditon-never", "did you mean `condition-never`?"),
        ("  go: {milestone: true}\n  # allow: «condition-never", "remove the comment"),
    ],
)
def test_comment_that_allows_nothing_is_a_warning(step: str, words: str) -> None:
    assert_warning(STEPS + step + "\n", "allow-unused", words)


def test_other_lines_are_not_allowed() -> None:
    text = STEPS + NEVER + "  # allow: condition-never\n  no: {milestone: true, when: false}\n"
    assert [(one.code, one.line) for one in findings_of(text)] == [("condition-never", 5)]


def test_errors_are_not_allowed_and_no_comment_is_judged_beside_them() -> None:
    text = STEPS + "  go: {mielstone: true}  # allow: key-unknown, condition-never\n"
    assert [one.code for one in findings_of(text)] == ["key-unknown"]


def test_no_comment_is_judged_beside_text_that_cannot_be_read() -> None:
    text = STEPS + "  go: {milestone: true}  # allow: condition-never\nname: !x y\n"
    assert [one.code for one in findings_of(text)] == ["yaml-tag"]
