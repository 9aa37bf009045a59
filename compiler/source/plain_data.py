"""Reads the data of YAML without positions: in two thirds of the time, and a third of the memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from compiler.source.yaml_core_schema import NON_TEXT_FIRST_CHARS, resolve_plain_scalar
from compiler.values import MAX_NESTING_DEPTH

_LARGEST_TEXT = 250_000
"""Characters. A text of this size has fewer values than any limit of the reader with positions."""


class _Unusual(Exception):
    """Something that needs the reader with positions: it is wrong, or not plain."""


def read_plain_data(text: str) -> list[Any] | None:
    """The data of each document that is not empty. None: the reader with positions must read the text.

    That is so for everything that may be wrong, and for anchors, aliases and tags.
    """
    if len(text) > _LARGEST_TEXT:
        return None
    found = []
    try:
        following = CParser(text).get_event
        while (event := following()) is not None:
            if type(event) is yaml.DocumentStartEvent:
                found.append(_read_value(following(), following, MAX_NESTING_DEPTH))
    except (_Unusual, yaml.YAMLError, ValueError):
        return None
    return [data for data in found if data is not None]


def _read_value(event: Any, following: Callable[[], Any], depth: int) -> Any:
    """`depth`: how many levels of lists and mappings there may be."""
    kind = type(event)
    if event.anchor is not None or kind is yaml.AliasEvent or event.tag is not None:
        raise _Unusual
    if kind is yaml.ScalarEvent:
        return _read_scalar(event)
    if not depth:
        raise _Unusual
    if kind is yaml.MappingStartEvent:
        return _read_mapping(following, depth - 1)
    values = []
    while type(event := following()) is not yaml.SequenceEndEvent:
        values.append(_read_value(event, following, depth - 1))
    return values


def _read_mapping(following: Callable[[], Any], depth: int) -> dict[str, Any]:
    """There is one iteration for nearly every two events of a file: it calls no function for what is a text."""
    scalar = yaml.ScalarEvent
    values: dict[str, Any] = {}
    while type(event := following()) is scalar:
        key, item = event.value, following()
        if event.anchor is not None or key in values:
            raise _Unusual
        if type(item) is scalar and item.anchor is None and item.tag is None:
            value = item.value
            if (not value or value[0] in NON_TEXT_FIRST_CHARS) and item.implicit[0]:
                value = resolve_plain_scalar(value)
            values[key] = value
        else:
            values[key] = _read_value(item, following, depth)
    if type(event) is not yaml.MappingEndEvent or "<<" in values:
        raise _Unusual
    return values


def _read_scalar(event: Any) -> Any:
    value = event.value
    if event.implicit[0] and (not value or value[0] in NON_TEXT_FIRST_CHARS):
        return resolve_plain_scalar(value)
    return value
