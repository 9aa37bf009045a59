"""`let` is a name in expressions, though CEL's parser reserves the word."""

from __future__ import annotations

import pytest

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.let_name import for_parser
from compiler.cel.syntax_tree import UnparsableError, parse_expression, path_uses

LINES = {"lines": [{"let": {"total": 2}}, {"let": {"total": 3}}]}


@pytest.mark.parametrize(
    ("expression", "bindings", "value"),
    [
        ("let.total * 2.0", {"let": {"total": 4.5}}, 9.0),
        ("let.total", {"let": {"total": 4.5}}, 4.5),
        ("has(let.total) ? 1 : 2", {"let": {}}, 2),
        ("sum(lines.map(l, l.let.total))", LINES, 5),
        ("'let it be' + let.name", {"let": {"name": "!"}}, "let it be!"),
        ("\"let\" + r'\\let' + '''let'''", {}, "let\\letlet"),
        ("attributes.let + let.a // let.b", {"let": {"a": 1}, "attributes": {"let": 2}}, 3),
        ("attributes . let + 1", {"attributes": {"let": 2}}, 3),
        ("'it\\'s let' + let.a", {"let": {"a": "x"}}, "it's letx"),
    ],
)
def test_let_is_the_root_of_named_values(expression: str, bindings: dict[str, object], value: object) -> None:
    assert evaluate(expression, bindings) == value


def test_paths_and_their_offsets_are_those_of_the_text() -> None:
    uses = path_uses("quantity > 1 && has(let.a) && let.b == l_et.c")
    assert [(use.path, use.offset) for use in uses] == [
        (("quantity",), 0),
        (("let", "a"), 20),
        (("let", "b"), 30),
        (("l_et", "c"), 39),
    ]


@pytest.mark.parametrize("text", ["_lt.total", "1 + _lt", "_lt", "let (1)"])
def test_the_name_that_the_parser_gets_is_no_name_for_authors(text: str) -> None:
    with pytest.raises(UnparsableError):
        parse_expression(text)
    with pytest.raises(EvaluationError):
        evaluate(text, {"let": {"total": 1}})


@pytest.mark.parametrize(
    "text", ["let.x + 'let' // let", "letter.let + let", "'let", '"""let', "r'let' + b'let' + let"]
)
def test_the_length_stays_the_same(text: str) -> None:
    assert len(for_parser(text)) == len(text)
    assert for_parser(for_parser(text)) == text
