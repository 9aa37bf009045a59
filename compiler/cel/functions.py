"""The functions that expressions can call: standard CEL's, those of its strings and math extensions, and Ordo's own."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_strings

CEL_EXTENSIONS = [ext_strings.ExtStrings(), ext_math.ExtMath()]

NAMESPACES = ("math", "strings")
"""What stands before the dot in the names of some functions: `math.ceil`."""
FUNCTIONS = (
    "bool", "date", "days", "double", "duration", "dyn", "has", "hours", "int", "math.abs", "math.bitAnd",
    "math.bitNot", "math.bitOr", "math.bitShiftLeft", "math.bitShiftRight", "math.bitXor", "math.ceil",
    "math.floor", "math.greatest", "math.isFinite", "math.isInf", "math.isNaN", "math.least", "math.round",
    "math.sign", "math.sqrt", "math.trunc", "minutes", "round", "size", "string", "strings.quote", "sum",
    "timestamp", "type",
)  # fmt: skip
"""Called as `name(value)`. docs/language.md lists them."""
METHODS = (
    "all", "charAt", "contains", "endsWith", "exists", "exists_one", "filter", "format", "getDate", "getDayOfMonth",
    "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds", "getMinutes", "getMonth",
    "getSeconds", "indexOf", "join", "lastIndexOf", "lowerAscii", "map", "matches", "replace", "reverse", "size",
    "split", "startsWith", "substring", "trim", "upperAscii",
)  # fmt: skip
"""Called as `value.name(…)`. docs/language.md lists them."""

MAX_DECIMALS = 15
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
"""Holds every 64-bit floating-point number with MAX_DECIMALS."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _sum(values: list[Any]) -> Any:
    """The sum of integers is an integer, that of numbers a number, that of an empty list 0."""
    return sum(values[1:], values[0]) if values else 0


def _round(value: float, decimals: int = 0) -> float:
    """As invoices are rounded: half away from zero, of the number as it is written (2.675 to 2.68)."""
    if not 0 <= decimals <= MAX_DECIMALS:
        raise ValueError(f"`round` takes 0 to {MAX_DECIMALS} decimals")
    if not math.isfinite(value):
        return value
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), context=_EXACT))


def _round_integer(value: int, decimals: int = 0) -> int:
    if not 0 <= decimals <= MAX_DECIMALS:
        raise ValueError(f"`round` takes 0 to {MAX_DECIMALS} decimals")
    return value


def _date(text: str) -> datetime:
    """Midnight in UTC of a day, as attributes of type `date` are in expressions. Raises ValueError."""
    problem = f"`date` takes a day such as `2026-12-01`, and this is `{text[:50]}`"
    if not _DAY.fullmatch(text):
        time = "; for a time with its zone write `timestamp(…)`" if _DAY.match(text) else ""
        raise ValueError(f"{problem}{time}")
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{problem}: there is no such day") from None


def _declared_date() -> cel.FunctionDecl:
    return cel.FunctionDecl("date", [cel.Overload("date_string", cel.Type.TIMESTAMP, [cel.Type.STRING], False, _date)])


def _declared_spans() -> list[cel.FunctionDecl]:
    declared = []
    for name in ("days", "hours", "minutes"):

        def span(amount: float, unit: str = name) -> timedelta:
            return timedelta(**{unit: amount})

        overloads = [
            cel.Overload(f"{name}_int", cel.Type.DURATION, [cel.Type.INT], False, span),
            cel.Overload(f"{name}_double", cel.Type.DURATION, [cel.Type.DOUBLE], False, span),
        ]
        declared.append(cel.FunctionDecl(name, overloads))
    return declared


def _declared_round() -> cel.FunctionDecl:
    whole, number = cel.Type.INT, cel.Type.DOUBLE
    return cel.FunctionDecl(
        "round",
        [
            cel.Overload("round_double", number, [number], False, _round),
            cel.Overload("round_double_int", number, [number, whole], False, _round),
            cel.Overload("round_int", whole, [whole], False, _round_integer),
            cel.Overload("round_int_int", whole, [whole, whole], False, _round_integer),
        ],
    )


def runtime_functions() -> list[cel.FunctionDecl]:
    """What Ordo adds to standard CEL: `date(text)`, `days(n)`, `hours(n)`, `minutes(n)`, `round(x, decimals)` and
    `sum(list)`."""
    total = cel.Overload("sum_list", cel.Type.DYN, [cel.Type.List(cel.Type.DYN)], False, _sum)
    return [_declared_date(), *_declared_spans(), _declared_round(), cel.FunctionDecl("sum", [total])]


def typecheck_functions() -> list[cel.FunctionDecl]:
    """The same functions for type checking: `sum` has the type of the list's items."""
    kinds = {"int": cel.Type.INT, "double": cel.Type.DOUBLE}
    totals = [cel.Overload(f"sum_{name}", kind, [cel.Type.List(kind)], False, _sum) for name, kind in kinds.items()]
    return [_declared_date(), *_declared_spans(), _declared_round(), cel.FunctionDecl("sum", totals)]
