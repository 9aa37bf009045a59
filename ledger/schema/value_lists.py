"""`column` is one of many values, as a condition with a single parameter.

The text of a statement stays the same however many values there are, so neither SQLAlchemy nor the database prepares it
anew for each batch.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Boolean, Column, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator, TypeEngine

from ledger.stored_text import dump_json


class IsOneOf(ColumnElement[bool]):
    """Columns of texts and of keys. The parameter takes a collection of values; with none of them, nothing is found."""

    inherit_cache = True
    type = Boolean()
    _is_implicitly_boolean = True  # SQLite would compare it with 1, and use no index
    _traverse_internals = [
        ("column", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: Column[Any], parameter: str) -> None:
        self.column = column
        self.values = bindparam(parameter, type_=_ValueList(column.type))


@compiles(IsOneOf, "sqlite")
def _compile_for_sqlite(element: IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = compiler.process(element.column, **options), compiler.process(element.values, **options)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(IsOneOf, "postgresql")
def _compile_for_postgresql(element: IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = compiler.process(element.column, **options), compiler.process(element.values, **options)
    return f"{column} = ANY({values})"


class _ValueList(TypeDecorator[Collection[Any]]):
    """An array on PostgreSQL, JSON on SQLite. Sorted, so that all transactions take locks in one order."""

    impl = Text
    cache_ok = True

    def __init__(self, element: TypeEngine[Any]) -> None:
        super().__init__()
        self.element = element

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.element) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        values = sorted(value or ())
        return values if dialect.name == "postgresql" else dump_json(values)
