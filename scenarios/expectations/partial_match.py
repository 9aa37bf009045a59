"""Comparison of an expected value with an actual one: mappings by the keys that are expected, all else as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from compiler.source.document import KeyPath
from compiler.values import as_text


@dataclass(frozen=True, slots=True)
class Mismatch:
    """`path` is that of the expected value."""

    path: KeyPath
    expected: Any
    actual: Any
    missing: bool = False
    """There is no such key, or no such element."""


def mismatches(expected: Any, actual: Any, path: KeyPath = ()) -> Iterator[Mismatch]:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key, value in expected.items():
            if key not in actual:
                yield Mismatch((*path, key), value, None, missing=True)
            else:
                yield from mismatches(value, actual[key], (*path, key))
    elif isinstance(expected, list) and isinstance(actual, list | tuple):
        if len(expected) != len(actual):
            yield Mismatch(path, expected, list(actual))
        else:
            for position, (one, other) in enumerate(zip(expected, actual, strict=True)):
                yield from mismatches(one, other, (*path, position))
    elif not _is_equal(expected, actual):
        yield Mismatch(path, expected, actual)


def matches(expected: Any, actual: Any) -> bool:
    return next(mismatches(expected, actual), None) is None


def _is_equal(expected: Any, actual: Any) -> bool:
    """Numbers by value; a true is no 1. Dates and times are compared as the text that YAML has for them."""
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(actual, date) and isinstance(expected, str):
        return as_text(actual) == expected
    return bool(expected == actual)
