"""The lines that define a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from compiler.source.document import Document
from workflows.contract.action_checks import StepDetails


@dataclass(frozen=True, slots=True)
class DefinitionExcerpt:
    place: str
    """`technical/security_camera.yaml, line 24`; empty if it is not known."""
    lines: Sequence[tuple[int | None, str]]
    """Number of the line in its file, and its text. Without numbers: the definition as it was compiled."""
    is_source: bool
    """False: the file of the order's version is not kept; this is the compiled definition."""


def compiled_excerpt(details: StepDetails) -> DefinitionExcerpt:
    """The definition as the order has it, as YAML."""
    text: str = yaml.safe_dump(details.definition, sort_keys=False, allow_unicode=True, width=100)
    first = details.locations[0].rsplit(":", 1)[0] if details.locations else ""
    file, _, line = first.rpartition(":")
    place = f"{file}, from line {line}" if file and line != "0" else ""
    return DefinitionExcerpt(place, [(None, each) for each in text.splitlines()], is_source=False)


def source_excerpt(documents: Iterable[Document], workstream: str, step_name: str) -> DefinitionExcerpt | None:
    """From the definitions of the order's version. None if they do not have the step."""
    for document in documents:
        steps = document.value(("steps",))
        if document.value(("id",)) == workstream and isinstance(steps, Mapping) and step_name in steps:
            return _excerpt(document, steps, step_name)
    return None


def _excerpt(document: Document, steps: Mapping[str, Any], step_name: str) -> DefinitionExcerpt:
    first = document.location(("steps", step_name), key=True).line
    names = list(steps)
    following = names[names.index(step_name) + 1 :]
    end = document.location(("steps", following[0]), key=True).line if following else None
    text = document.text.splitlines()
    indent = len(text[first - 1]) - len(text[first - 1].lstrip())
    lines = [(first, text[first - 1])]
    for number, line in enumerate(text[first : None if end is None else end - 1], first + 1):
        if end is None and line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        lines.append((number, line))
    while lines[-1][1].strip() == "" or lines[-1][1].lstrip().startswith("#"):  # a comment is about what follows
        lines.pop()
    return DefinitionExcerpt(
        f"{document.file}, line {first}", [(number, line[indent:]) for number, line in lines], is_source=True
    )
