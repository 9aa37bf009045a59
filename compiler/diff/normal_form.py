"""Values in a form in which equal meaning is equal data: how an expression is spaced makes no difference."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from compiler.catalogue.builder import is_lookup_table
from compiler.cel.syntax_tree import ExpressionNode, UnparsableError, parse_expression
from compiler.cel.templates import split_template
from compiler.typecheck.expression_sites import ExpressionShape, ListShape, Shape, TemplateShape

TABLE_SHAPE: dict[str, Shape] = {
    "from": ExpressionShape("any"),
    "table": TemplateShape(),
    "default": TemplateShape(),
}


def inner_shape(shape: Shape | None, key: str) -> Shape | None:
    """The shape of the value of a key."""
    return shape.get(key) if isinstance(shape, dict) else shape


def normal_form(value: Any, shape: Shape | None) -> Any:
    """A value that is equal for values of equal meaning. `shape`: where its expressions are; None: it has none."""
    if isinstance(value, dict):
        if isinstance(shape, TemplateShape) and is_lookup_table(value):
            shape = TABLE_SHAPE
        return {key: normal_form(item, inner_shape(shape, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        item_shape = shape.item if isinstance(shape, ListShape) else shape
        return [normal_form(item, item_shape) for item in value]
    if isinstance(value, str):
        if isinstance(shape, ExpressionShape):
            return value if value in shape.keywords else _normal_expression(value)
        if isinstance(shape, TemplateShape) and "${" in value:
            return _normal_template(value)
    return (type(value).__name__, value) if isinstance(value, bool | int | float) else value


@lru_cache(maxsize=50_000)
def _normal_expression(expression: str) -> Any:
    try:
        return _without_offsets(parse_expression(expression))
    except UnparsableError:
        return expression.strip()


def _normal_template(text: str) -> Any:
    try:
        pieces = split_template(text)
    except ValueError:
        return text
    return tuple(piece if isinstance(piece, str) else ("${}", _normal_expression(piece[1])) for piece in pieces)


def _without_offsets(node: ExpressionNode) -> tuple[Any, ...]:
    return (node.kind, node.name, str(node.value), tuple(_without_offsets(child) for child in node.children))
