"""Where the parts of paths are in an expression."""

from __future__ import annotations

import pytest

from compiler.cel.syntax_tree import path_uses


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("has(attributes.note)", ["attributes", "note"]),
        ("!has( steps . ask .output )", ["steps", "ask", "output"]),
        ("has(steps.ask.output.steps)", ["steps", "ask", "output", "steps"]),
        ("attributes.a.b > 1", ["attributes", "a", "b"]),
        ("has(let.total)", ["let", "total"]),
    ],
)
def test_offsets_are_where_each_part_is_written(expression: str, parts: list[str]) -> None:
    (use,) = path_uses(expression)
    found = [expression[offset:].lstrip() for offset in (use.offset, *use.part_offsets)]
    assert all(text.startswith(part) for text, part in zip(found, parts, strict=True))
    assert use.part_offsets[-1] == expression.rindex(parts[-1])


def test_last_part_of_a_tested_path_of_a_loop_variable_has_its_own_offset() -> None:
    expression = "lines.exists(each, has(each.x))"
    used = {use.path: use.part_offsets for use in path_uses(expression)}
    assert used["lines", "[]", "x"] == (expression.index("each.x"), expression.index("x))"))
