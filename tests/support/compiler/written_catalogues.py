"""Small catalogues for tests. `«` marks the expected position of the finding."""

from __future__ import annotations

import tempfile
from pathlib import Path

from compiler.catalogue.catalogue import Catalogue
from compiler.load_catalogue import check_definitions, load_catalogue
from compiler.source.findings import Finding

MARK = "«"
HUB = """
---
kind: technical_product
id: hub
attributes: {ports: {type: integer, default: 1}, label: {type: string}}
steps:
  reserve: {milestone: true}
"""
OFFER = """
kind: commercial_product
id: offer
attributes:
  cameras: {type: integer, minimum: 0, maximum: 16, default: 2}
  model: {type: string, enum: [indoor, outdoor], default: indoor}
  rate: {type: number, default: 1.0}
  note: {type: string}
  install: {type: boolean, default: true}
  day: {type: date, required: true}
  segments: {type: list, default: [], items: {type: object, properties: {name: {type: string, required: true},
    vlan: {type: integer}}}}
"""


UNUSED = frozenset({"attribute-unused", "definition-unused", "output-unused", "quantity-unused"})
"""Small catalogues declare more than they use. Tests of these codes ask for `all_findings_of`."""


def findings_of(text: str, environment: str | None = None) -> list[Finding]:
    """The findings of a catalogue of one file, `catalogue.yaml`, without those that nothing uses a declaration."""
    return [finding for finding in all_findings_of(text, environment) if finding.code not in UNUSED]


def all_findings_of(text: str, environment: str | None = None) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "catalogue.yaml")
        file.write_text(text.replace(MARK, ""), encoding="utf-8")
        over = Path(folder, "environment.yaml")
        if environment is not None:
            over.write_text(environment.replace(MARK, ""), encoding="utf-8")
        found = check_definitions([file], over if environment is not None else None)
    return [one.model_copy(update={"file": Path(one.file).name}) for one in found]


def errors_of(text: str) -> list[Finding]:
    return [finding for finding in findings_of(text) if finding.severity == "error"]


def assert_error(text: str, code: str, *words: str, severity: str = "error", environment: str | None = None) -> str:
    """Asserts that there is exactly one finding of this severity, with this code, these words and the marked position.

    Returns its message.
    """
    findings = all_findings_of(text, environment) if code in UNUSED else findings_of(text, environment)
    found = [one for one in findings if one.severity == severity]
    assert [one.code for one in found] == [code], "\n".join(map(str, found))
    marked = text if MARK in text else environment if environment and MARK in environment else None
    if marked is not None:
        before = marked[: marked.index(MARK)]
        place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        assert (found[0].line, found[0].column) == place, str(found[0])
    missing = [word for word in words if word not in found[0].message]
    assert not missing, f"{missing} not in: {found[0].message}"
    return found[0].message


def assert_warning(text: str, code: str, *words: str) -> str:
    return assert_error(text, code, *words, severity="warning")


def catalogue_in(text: str, environment: str | None = None) -> Catalogue:
    """The catalogue of one file. Raises CatalogueInvalid."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "catalogue.yaml").write_text(text, encoding="utf-8")
        over = Path(folder, "environment.yml.txt")
        if environment is not None:
            over.write_text(environment, encoding="utf-8")
        return load_catalogue(Path(folder), over if environment is not None else None)
