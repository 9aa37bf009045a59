"""Checks texts without `${ … }` that look like expressions, and fixed times that are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.cel.templates import split_template
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, finding_at
from compiler.typecheck.expression_sites import (
    EXAMPLE_SHAPE,
    RECEIVER_SHAPE,
    STEP_SHAPE,
    SYSTEM_SHAPE,
    ListShape,
    Shape,
    TemplateText,
    find_texts,
)
from compiler.values import format_value, parse_timestamp

_PATH = re.compile(
    r"(?<![\w.$-])(?:"
    r"attributes\.(?P<attribute>[A-Za-z_]\w*)"
    r"|order\.(?:id|customer\.(?:id|name|tier)|priority|requested_start|requested_completion|characteristics\.\w+)"
    r"|previous\.(?:quantity|attributes\.\w+)"
    r"|steps\.\w+\.output"
    r"|workstreams\.\w+\.\w+\.outputs?"
    r")(?![\w-])(?:\.[A-Za-z_]\w*)*"
)
"""A path that steps can read, anywhere in a text. An event's name such as `order.shipped` is none."""
_RESULT_PATH = re.compile(
    r"(?P<name>response|payload|output|callback|env|request|path)\.[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[^\]]*\])*"
)
"""A path that exists in some places only. It must be the whole text."""


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for group in index.step_groups.values():
        declared = {name for product in group.products for name in index.product_attributes[product]}
        yield from group.entry.cached_findings("texts", declared, partial(_check_texts_of_steps, group, declared))
    for system in index.definitions.systems.values():
        yield from _check_texts(system, system.document.data, SYSTEM_SHAPE, (), ())
        yield from _check_texts(system, system.document.data.get("example"), EXAMPLE_SHAPE, ("example",), ())
    for receiver in index.definitions.receivers.values():
        yield from _check_texts(receiver, receiver.document.data, RECEIVER_SHAPE, (), ())


def check_fixed_times(index: DefinitionIndex) -> Iterator[Finding]:
    for group in index.step_groups.values():
        yield from group.entry.cached_findings("fixed times", None, partial(_check_times_of_steps, group))


def _check_texts_of_steps(group: StepGroup, declared: Iterable[str]) -> Iterator[Finding]:
    written = group.entry.document.data["steps"]
    for step in group.steps:
        yield from _check_texts(group.entry, written[step], STEP_SHAPE, ("steps", step), declared)


def _check_times_of_steps(group: StepGroup) -> Iterator[Finding]:
    written = group.entry.document.data["steps"]
    for step in group.steps:
        if _KEYS_WITH_TIMES.isdisjoint(written[step]):
            continue
        for key in written[step].keys() & _KEYS_WITH_TIMES:
            for found in find_texts(written[step][key], STEP_SHAPE[key], ("steps", step, key)):
                if _is_fixed_time(found):
                    yield from _check_time(group.entry, found)


def _has_times(shape: Shape) -> bool:
    if isinstance(shape, dict):
        return any(map(_has_times, shape.values()))
    return shape.expected == "time" if not isinstance(shape, ListShape) else _has_times(shape.item)


_KEYS_WITH_TIMES = frozenset(key for key, shape in STEP_SHAPE.items() if _has_times(shape))


def _is_fixed_time(found: TemplateText) -> bool:
    return found.shape.expected == "time" and "${" not in found.text


def _check_texts(
    entry: DefinitionEntry[Any], data: Any, shape: Shape, path: KeyPath, declared: Iterable[str]
) -> Iterator[Finding]:
    for found in find_texts(data, shape, path):
        if _is_fixed_time(found):
            continue
        if "." in found.text and "$${" not in found.text and (path_read := _path_in(found, declared)):
            expression = _expression_in(found.text, path_read)
            message = f"`{path_read}` is literal text here: for its value write `${{{expression}}}`"
            location = entry.document.location_in_text(found.path, found.text.find(path_read))
            yield finding_at(location, "text-like-expression", message, "warning")


def _check_time(entry: DefinitionEntry[Any], found: TemplateText) -> Iterator[Finding]:
    """A fixed text that is no time would only put the step into fallout."""
    try:
        parse_timestamp(found.text)
    except (ValueError, OverflowError):
        likely = _path_in(found, ())
        hint = f"for its value write `${{{likely}}}`" if likely else "write `${…}` for a value of the order"
        message = (
            f"`{found.path[-1]}` must be a time like 2026-12-01T08:00:00Z, and is {format_value(found.text)}: {hint}"
        )
        yield entry.finding("value-invalid", found.path, message)


def _path_in(found: TemplateText, declared: Iterable[str]) -> str:
    """The path that the text contains outside `${ … }`; empty if there is none."""
    try:
        literals = [piece for piece in split_template(found.text) if isinstance(piece, str)]
    except ValueError:
        return ""
    for literal in literals:
        for match in _PATH.finditer(literal):
            in_address = literal[: match.start()].endswith("/")
            if not in_address or match["attribute"] is None or match["attribute"] in declared:
                return match[0]
    whole = _RESULT_PATH.fullmatch(found.text)
    return found.text if whole and whole["name"] in found.shape.extra_names else ""


def _expression_in(text: str, path: str) -> str:
    """The whole text if it is an expression, else the path in it."""
    if "${" in text:
        return path
    try:
        return text.strip() if path_uses(text) else path
    except UnparsableError:
        return path
