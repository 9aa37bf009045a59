"""YAML that a person has typed into a field."""

from __future__ import annotations

from typing import Any

from compiler.source.findings import Finding
from compiler.source.yaml_reader import read_documents


class NotYaml(ValueError):
    """The message says where and why, in words that go on after "cannot be read: "."""


def read_yaml(text: str) -> Any:
    """One value, by the same rules as definitions and orders: JSON, too. None for an empty text. Raises NotYaml."""
    read = read_documents(text, "the field")
    if read.findings:
        raise NotYaml(_problem(read.findings[0]))
    if len(read.documents) > 1:
        raise NotYaml("it has several documents; remove the lines with `---`")
    return read.documents[0].data if read.documents else None


def read_mapping(text: str) -> dict[str, Any]:
    """Names and values; empty for an empty text. Raises NotYaml."""
    value: Any = read_yaml(text)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NotYaml("it must be names and values, one on each line: `name: value`")
    return value


def _problem(finding: Finding) -> str:
    return f"line {finding.line}: {finding.message}" if finding.line else finding.message
